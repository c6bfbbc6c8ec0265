#include "reeve/control_api.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/bytes.h"
#include "core/check.h"
#include "core/json.h"
#include "reeve/api_callers.h"
#include "reeve/api_route.h"
#include "reeve/api_thread.h"
#include "reeve/event_routes.h"
#include "reeve/live_events.h"
#include "reeve/sent_file.h"

namespace reeve::app {

namespace {

using Parameters = decltype(ApiRequest::parameters);

/// Of a part of the path, where `+` is itself; in a query it is a space, as forms and URLSearchParams write it.
std::string percent_decoded(std::string_view text, bool in_query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Result<std::string> byte = text[i] == '%' ? from_hex(to_lower(text.substr(i + 1, 2))) : std::string();
    const bool escape = byte && byte->size() == 1;
    out += escape ? byte->front() : in_query && text[i] == '+' ? ' ' : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

/// What stores and the ledger take as a text.
bool is_plain(std::string_view text) {
  return is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// Why a value is none that the parameter's description allows: a number out of its limits, a word that is not of the
/// list. Routes check the rest.
std::optional<Error> fault_of(const ApiParameter& parameter, std::string_view value) {
  const auto schema = JsonDocument::parse(parameter.schema);
  CHECK(schema.ok());
  const JsonValue root = schema->root();
  const std::string name = "'" + std::string(parameter.name) + "'";
  if (const auto words = root["enum"].items(); !words.empty()) {
    std::string list;
    for (const JsonValue& word : words) {
      if (word.string_or("") == value) return std::nullopt;
      list += (list.empty() ? "" : ", ") + std::string(word.string_or(""));
    }
    return Error{ErrorCode::kInvalid, name + (words.size() == 1 ? " is " : " is one of ") + list};
  }
  if (root["type"].string_or("") != "integer") return std::nullopt;
  const auto number = parse_int(value);
  const std::int64_t least = root["minimum"].int_or(std::numeric_limits<std::int64_t>::min());
  const std::int64_t most = root["maximum"].int_or(std::numeric_limits<std::int64_t>::max());
  if (number && *number >= least && *number <= most) return std::nullopt;
  std::string limits;
  if (root["minimum"].present()) limits += " from " + std::to_string(least);
  if (root["maximum"].present()) limits += " to " + std::to_string(most);
  return Error{ErrorCode::kInvalid, name + " is a whole number" + limits};
}

/// Each name once, and only names that the route knows. A value that is empty counts as none.
Result<Parameters> read_parameters(std::string_view query, const std::vector<ApiParameter>& known) {
  Parameters parameters;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = percent_decoded(part.substr(0, equals), true);
    const auto parameter =
        std::find_if(known.begin(), known.end(), [&](const ApiParameter& one) { return one.name == name; });
    if (parameter == known.end()) {
      return Error{ErrorCode::kInvalid, "there is no parameter '" + printable(name, 40) + "' here"};
    }
    std::string value = percent_decoded(part.substr(std::min(equals + 1, part.size())), true);
    if (!is_plain(value)) {
      return Error{ErrorCode::kInvalid, "the parameter '" + name + "' is no text of UTF-8 without control characters"};
    }
    if (!value.empty()) {
      if (auto fault = fault_of(*parameter, value)) return *std::move(fault);
    }
    if (!parameters.emplace(std::move(name), std::move(value)).second) {
      return Error{ErrorCode::kInvalid, "the parameter '" + std::string(part.substr(0, equals)) + "' stands twice"};
    }
  }
  return parameters;
}

using Sources = ControlApi::Sources;

/// Of streams of events: how often each looks for new ones; how often whether it may go on, and something is sent even
/// if nothing happens; when to come again where too many are open.
constexpr auto kStreamLooks = std::chrono::milliseconds(200);
constexpr auto kHeartbeat = std::chrono::seconds(15);
constexpr auto kStreamLater = std::chrono::seconds(60);
/// How often whoever came first asks whether events are being put down yet.
constexpr auto kUntilItLooks = std::chrono::milliseconds(10);

/// Why a header makes no sense; nothing when all do.
std::optional<ApiAnswer> read_headers(const net::Headers& headers, ApiRequest& request) {
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 3> known{
      {{"if-match", &request.if_match},
       {"if-none-match", &request.if_none_match},
       {"idempotency-key", &request.idempotency_key}}};
  for (const auto& [name, value] : known) {
    if (headers.count(name) > 1) {
      return problem(400, "Bad request", "The header " + std::string(name) + " came twice; send it once.");
    }
    if (const auto found = headers.find(name)) *value = std::string(*found);
  }
  return std::nullopt;
}

// ---- The way there ----

/// A list of a hundred people who are to be cut off goes through at once.
constexpr std::size_t kUrgentWaitingMax = 1'000, kUrgentThreads = 8;

class ApiOverLoops final : public ControlApi {
 public:
  explicit ApiOverLoops(Sources sources)
      : sources_(std::move(sources)),
        of_known_(sources_.limits.known),
        of_unknown_(sources_.limits.unknown),
        of_urgent_(sources_.limits.known),
        urgent_thread_(kUrgentWaitingMax, kUrgentThreads) {}

  Task<void> handle(net::Exchange& exchange) override {
    std::shared_ptr<const identity::Principal> caller;
    Admission admitted = co_await admit(exchange, caller);
    ApiAnswer answer = std::move(admitted.refusal);
    if (admitted.route != nullptr) answer = co_await answer_to(exchange, admitted);
    const bool streams = admitted.route != nullptr && admitted.route->media_type == kEventStream;
    if (streams && answer.status == 200) co_return co_await stream(exchange, admitted.request);
    if (answer.status == 401 || answer.status == 403) {
      co_await sources_.callers->tell_refusal(exchange, "control API", caller, answer);
    }
    if (!answer.file.empty()) co_return co_await send(exchange, std::move(answer));
    if (answer.body.empty()) answer = problem(503, "Unavailable", "Too many requests of this API wait; try again.");
    co_await respond(exchange, answer, methods_at(exchange.head().path));
  }

  void end_streams() override { events_.end(); }

  void stop() override {
    events_.stop();
    slow_thread_.stop();
    urgent_thread_.stop();
    thread_.stop();
  }

 private:
  Task<void> send(net::Exchange& exchange, ApiAnswer answer) {
    const std::string disposition = "attachment; filename=\"" + answer.file_name + "\"";
    const net::Headers headers{{"content-type", "application/zip"},
                               {"cache-control", "no-store"},
                               {"content-disposition", disposition},
                               {"x-content-type-options", "nosniff"}};
    co_await send_file(exchange, thread_, std::move(answer.file), headers,
                       problem(404, "Not found", "It is not kept any more."),
                       "Too many requests of this API wait; try again.");
  }

  /// A request that may be answered, but for its body; or why not, and then without a route.
  struct Admission {
    const ApiRoute* route = nullptr;
    ApiRequest request;
    ApiAnswer refusal;
  };

  /// Who asks is known before anything of the request is looked at.
  Task<Admission> admit(net::Exchange& exchange, std::shared_ptr<const identity::Principal>& who) {
    Admission admission;
    admission.refusal = co_await refusal_of(exchange, who, admission);
    co_return admission;
  }

  /// Fills the admission where nothing is refused.
  Task<ApiAnswer> refusal_of(net::Exchange& exchange, std::shared_ptr<const identity::Principal>& who,
                             Admission& admission) {
    const net::RequestHead& head = exchange.head();
    const ApiCallers::Caller caller = co_await sources_.callers->identify_also_browser(exchange);
    who = caller.principal;
    const ApiRoute* const route = find_route(head.method, head.path);
    if (auto no = ration(exchange, caller, route != nullptr && route->is_urgent)) co_return *std::move(no);
    if (!caller.principal) co_return caller.refusal;
    const auto roles = sources_.roles->of(*caller.principal);
    // What a route without a permission tells is about whoever asks.
    const bool for_everybody = route != nullptr && !route->permission;
    if (needs_control_scope(*caller.principal, *roles) && !for_everybody && !has_scope_of(*caller.principal, "control"))
      co_return *refuse_scope(*caller.principal, "control", "read");
    if (route == nullptr) {
      const std::string methods = methods_at(head.path);
      if (methods.empty()) co_return problem(404, "Not found", "/api/v1/openapi.json lists what is served here.");
      co_return problem(405, "Method not allowed", "This path takes " + methods + " only.");
    }
    if (!for_everybody) {
      auto no = refuse_permission(*caller.principal, *roles, *route->permission, scope_of(*route));
      if (no) co_return *std::move(no);
    }
    ApiRequest& request = admission.request;
    auto parameters = read_parameters(head.query, route->parameters);
    if (!parameters) co_return problem(400, "Bad request", parameters.error().message);
    request.method = route->method;
    request.path = head.path;
    request.name = percent_decoded(*name_in(*route, head.path), false);
    request.parameters = *std::move(parameters);
    if (!is_plain(request.name)) co_return problem(404, "Not found", "There is none of that name.");
    request.who = caller.principal->id;
    request.groups = caller.principal->groups;
    request.principal = caller.principal;
    request.roles = roles;
    if (auto no = read_headers(head.headers, request)) co_return *std::move(no);
    admission.route = route;
    co_return ApiAnswer{};
  }

  Task<ApiAnswer> answer_to(net::Exchange& exchange, Admission& admitted) {
    const ApiRoute* const route = admitted.route;
    if (auto no = co_await read_body(exchange, route->body_bytes_max, admitted.request)) co_return *std::move(no);
    auto work = [this, route, given = admitted.request] { return route->answer(sources_, given); };
    co_return co_await thread_for(*route).answer(std::move(work), exchange.loop());
  }

  ApiThread& thread_for(const ApiRoute& route) {
    if (route.is_urgent) return urgent_thread_;
    return route.is_slow ? slow_thread_ : thread_;
  }

  /// Events until the client goes, the server ends, or whoever opened the stream would be shown something else now.
  Task<void> stream(net::Exchange& exchange, const ApiRequest& request) {
    const auto view = event_view_of(request);
    const auto seat = view ? events_.take_seat(request.who) : std::nullopt;
    if (!seat) {
      ApiAnswer busy = problem(429, "Too many requests",
                               "Too many streams of events are open; close one, or ask the "
                               "lists again and again instead.");
      busy.retry_after = kStreamLater.count();
      co_return co_await respond(exchange, busy);
    }
    // An open stream promises that nothing is missed from then on.
    while (!events_.is_looking() && !events_.is_over()) co_await exchange.loop().sleep(kUntilItLooks);
    const net::Headers headers{{"content-type", kEventStream},
                               {"cache-control", "no-store"},
                               {"x-content-type-options", "nosniff"},
                               {"x-accel-buffering", "no"}};
    auto sent = co_await exchange.start(200, headers, std::nullopt, true);
    const std::string seen(exchange.head().headers.get("last-event-id"));
    auto place = events_.ring().after(seen);
    const bool has_missed = !seen.empty() && !place;
    if (!place) place = events_.ring().end();
    std::string text = "retry: 3000\n";
    if (has_missed) text += "event: reset\ndata: {}\n";
    text += "id: " + EventRing::id_of(*place) + "\n\n";
    bool is_gone = false;
    exchange.on_client_gone([&is_gone] { is_gone = true; });
    Moment checked = exchange.loop().now();
    while (sent && !is_gone) {
      if (exchange.loop().now() - checked >= kHeartbeat) {
        if (!co_await shows_still(exchange, *view)) break;
        checked = exchange.loop().now();
        // An id alone is no event, but what the client names when it comes back.
        if (text.empty()) text = "id: " + EventRing::id_of(*place) + "\n\n";
      }
      if (!text.empty()) sent = co_await exchange.write(text);
      if (events_.is_over()) break;
      auto taken = events_.ring().take(*place, *view);
      // Too slow: coming back, it is told that it missed something.
      if (taken.is_lost) break;
      text = std::move(taken.text);
      if (text.empty()) co_await exchange.loop().sleep(kStreamLooks);
    }
    exchange.on_client_gone({});
    exchange.close_after();
    if (sent && !is_gone) sent = co_await exchange.finish();
  }

  /// Whether the same request would be shown the same now: keys end, people go, roles are taken away.
  Task<bool> shows_still(net::Exchange& exchange, const EventView& view) {
    std::shared_ptr<const identity::Principal> caller;
    const Admission again = co_await admit(exchange, caller);
    if (again.route == nullptr) co_return false;
    const auto now = event_view_of(again.request);
    co_return now && *now == view;
  }

  /// 429 for whoever asks too often. Those who are known are not counted with others at their address: whoever floods
  /// from there would lock them out. Nor is what is urgent counted with the rest: whoever's console asked too often
  /// still cuts off.
  std::optional<ApiAnswer> ration(net::Exchange& exchange, const ApiCallers::Caller& caller, bool is_urgent) {
    const Moment now = system_clock().steady();
    std::optional<Duration> wait;
    if (caller.principal) {
      const identity::Principal& one = *caller.principal;
      wait =
          (is_urgent ? of_urgent_ : of_known_).take(one.key_id.empty() ? one.issuer + " " + one.id : one.key_id, now);
    } else {
      wait = of_unknown_.take(sources_.callers->address_of(exchange), now);
    }
    if (!wait) return std::nullopt;
    ApiAnswer answer =
        problem(429, "Too many requests",
                "This was asked more often than the limits of reeve.yaml allow; wait, then go on slower.");
    answer.retry_after = std::chrono::ceil<std::chrono::seconds>(*wait).count();
    return answer;
  }

  /// Of what changes something; whatever else brings a body has it ignored.
  static Task<std::optional<ApiAnswer>> read_body(net::Exchange& exchange, std::size_t bytes_max, ApiRequest& request) {
    const net::RequestHead& head = exchange.head();
    const std::string too_large = "The body is longer than " + std::to_string(bytes_max) + " bytes.";
    if (bytes_max == 0) co_return std::nullopt;
    if (head.content_length.value_or(0) > bytes_max) co_return problem(413, "Content too large", too_large);
    const auto body = co_await exchange.read_body();
    if (!body && body.error().code == ErrorCode::kTooLarge) co_return problem(413, "Content too large", too_large);
    if (!body) co_return problem(400, "Bad request", "The body cannot be read: " + body.error().message);
    if (body->size() > bytes_max) co_return problem(413, "Content too large", too_large);
    request.body = std::string(*body);
    co_return std::nullopt;
  }

  const Sources sources_;
  TokenBuckets of_known_, of_unknown_, of_urgent_;
  ApiThread thread_, slow_thread_, urgent_thread_;
  LiveEvents events_{sources_};
};

}  // namespace

std::unique_ptr<ControlApi> ControlApi::create(Sources sources) {
  return std::make_unique<ApiOverLoops>(std::move(sources));
}

}  // namespace reeve::app
