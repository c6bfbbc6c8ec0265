#include "reeve/claude_code_routes.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/budget_state.h"

namespace reeve::app {

namespace {

using wire::RefusalReason;

enum class What : std::uint8_t { kHello, kSettings, kUsage, kTelemetry };
struct Path {
  std::string_view path;
  What what;
  std::string_view methods;
  ClientReports::Signal signal = ClientReports::Signal::kMetrics;
};
bool takes(const Path& path, std::string_view method) {
  const auto methods = split(path.methods, ',');
  return std::any_of(methods.begin(), methods.end(), [&](std::string_view one) { return trim(one) == method; });
}

constexpr std::array kPaths = {
    Path{"/api/hello", What::kHello, "GET, HEAD"},
    Path{"/managed/settings", What::kSettings, "GET, HEAD"},
    Path{"/api/oauth/usage", What::kUsage, "GET, HEAD"},
    Path{"/v1/metrics", What::kTelemetry, "POST", ClientReports::Signal::kMetrics},
    Path{"/v1/logs", What::kTelemetry, "POST", ClientReports::Signal::kLogs},
    Path{"/v1/traces", What::kTelemetry, "POST", ClientReports::Signal::kTraces},
};

const Path* find_path(std::string_view path) {
  const auto* const found =
      std::find_if(kPaths.begin(), kPaths.end(), [&](const Path& one) { return one.path == path; });
  return found == kPaths.end() ? nullptr : found;
}

// ---- Usage ----

constexpr std::int64_t kNanosOfCent = 10'000'000;

const spend::CounterView::Line* money_of(const spend::CounterView& counter) {
  const auto found = std::find_if(counter.lines.begin(), counter.lines.end(),
                                  [](const auto& line) { return line.quantity == spend::Quantity::kMoney; });
  return found == counter.lines.end() ? nullptr : &*found;
}

/// As callers of models have it, before they say which model.
spend::CallScope scope_of(const identity::Principal& caller) {
  using spend::Dimension;
  spend::CallScope scope;
  scope[Dimension::kOrganisation] = spend::kWholeOrganisation;
  scope[Dimension::kTeam] = caller.team;
  scope[Dimension::kPerson] = caller.id;
  scope[Dimension::kClient] = caller.client;
  scope.groups = caller.groups;
  return scope;
}

bool is_counter_of(const spend::CounterView& counter, const spend::CallScope& scope) {
  return std::all_of(counter.values.begin(), counter.values.end(),
                     [&](const auto& value) { return scope[value.first] == value.second; });
}

bool names_person(const spend::CounterView& counter, const identity::Principal& caller) {
  return std::any_of(counter.values.begin(), counter.values.end(), [&](const auto& value) {
    return value.first == spend::Dimension::kPerson && value.second == caller.id;
  });
}

/// How the client calls a period; empty for those that it has no word for.
std::string_view group_of(spend::Period period) {
  switch (period) {
    case spend::Period::kDay: return "daily";
    case spend::Period::kWeek: return "weekly";
    case spend::Period::kMonth: return "monthly";
    default: return "";
  }
}

/// The counters that are told, the fullest first; each with a limit of money.
std::vector<spend::CounterView> told_counters(spend::Budgets& budgets, const spend::BudgetSet& set,
                                              const identity::Principal& caller, Instant now) {
  const spend::CallScope scope = scope_of(caller);
  const auto fullest = budgets.look(scope).fullest;
  std::vector<spend::CounterView> told;
  for (spend::CounterView& counter : budgets.counters("")) {
    if (money_of(counter) == nullptr || !is_counter_of(counter, scope)) continue;
    const bool is_fullest = fullest && fullest->budget == counter.budget;
    if (!is_fullest && !names_person(counter, caller)) continue;
    told.insert(is_fullest ? told.begin() : told.end(), std::move(counter));
  }
  const bool is_there = fullest && !told.empty() && told.front().budget == fullest->budget;
  const spend::Budget* const budget = fullest && !is_there ? set.find(fullest->budget) : nullptr;
  const auto limit =
      budget == nullptr ? std::nullopt : budget->limits[static_cast<std::size_t>(spend::Quantity::kMoney)];
  if (limit) {
    // Nothing was spent of it yet.
    spend::CounterView empty{budget->name, budget->title, fullest->scope, {}, {}, {}, {}};
    std::tie(empty.window_begin, empty.window_end) = set.window_at(*budget, now);
    empty.lines.push_back({spend::Quantity::kMoney, *limit, 0, 0, 0, 0});
    told.insert(told.begin(), std::move(empty));
  }
  return told;
}

void write_limit(JsonWriter& json, const spend::CounterView& counter, std::string_view group, bool is_active) {
  const int percent = percent_of(*money_of(counter));
  json.begin_object().member("kind", "spend").member("group", group).member("percent", percent);
  json.member("resets_at", format_time(counter.window_end));
  json.member("severity", percent > 95 ? "critical" : percent > 75 ? "warning" : "normal");
  json.member("is_active", is_active).end_object();
}

}  // namespace

bool names_checksum(std::string_view if_none_match, std::string_view checksum) {
  const std::string quoted = "\"" + std::string(checksum) + "\"";
  for (std::string_view tag : split(if_none_match, ',')) {
    tag = trim(tag);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == quoted) return true;
  }
  return false;
}

std::string usage_json(spend::Budgets& budgets, const spend::BudgetSet& set, const identity::Principal& caller,
                       Instant now) {
  const auto told = told_counters(budgets, set, caller, now);
  JsonWriter json;
  json.begin_object();
  if (!told.empty()) {
    const spend::CounterView::Line& line = *money_of(told.front());
    json.key("extra_usage").begin_object().member("is_enabled", true);
    json.member("monthly_limit", (line.limit + line.carried + line.allowed) / kNanosOfCent);
    json.member("used_credits", (line.spent + line.reserved) / kNanosOfCent);
    json.member("utilization", percent_of(line)).member("currency", "USD").end_object();
  }
  json.key("limits").begin_array();
  for (std::size_t i = 0; i < told.size(); ++i) {
    const spend::Budget* const budget = set.find(told[i].budget);
    const std::string_view group = budget == nullptr ? std::string_view() : group_of(budget->period);
    if (!group.empty()) write_limit(json, told[i], group, i == 0);
  }
  return json.end_array().end_object().take();
}

bool ClaudeCodeRoutes::serves(std::string_view path) { return find_path(path) != nullptr; }

/// In the form in which the client shows a refusal of a call.
ClaudeCodeRoutes::Answer ClaudeCodeRoutes::refusal(RefusalReason reason, std::string message) {
  wire::Refusal no;
  no.reason = reason;
  no.message = std::move(message);
  wire::EncodedRefusal encoded = wire::encode_refusal(wire::Dialect::kAnthropic, wire::ClientKind::kClaudeCode, no);
  return {encoded.status, std::move(encoded.headers), std::move(encoded.body)};
}

ClaudeCodeRoutes::Answer ClaudeCodeRoutes::error(int status, std::string_view type, std::string_view message) {
  JsonWriter json;
  json.begin_object().member("type", "error").key("error").begin_object().member("type", type);
  json.member("message", message).end_object().end_object();
  return {status, {{"content-type", "application/json"}}, json.take()};
}

ClaudeCodeRoutes::Answer ClaudeCodeRoutes::give_settings(const net::Headers& headers,
                                                         const identity::Principal& caller) const {
  const auto set = sources_.reports->settings();
  if (!set) {
    // The client goes on with what it has, which a "no policy" would take away.
    return refusal(RefusalReason::kUnavailable, "The organisation's settings cannot be read at the moment.");
  }
  const auto settings = set->settings_for(identity::kClaudeCodeClient, caller.id, caller.groups);
  if (!settings) return error(404, "not_found_error", "There is no policy for you.");
  Answer answer;
  answer.headers = {{"etag", "\"" + settings->checksum + "\""}, {"cache-control", "private, no-cache"}};
  if (names_checksum(headers.get("if-none-match"), settings->checksum)) {
    answer.status = 304;
    return answer;
  }
  JsonWriter json;
  json.begin_object().member("uuid", settings->uuid).member("checksum", settings->checksum);
  answer.body = json.key("settings").raw(settings->json).end_object().take();
  answer.headers.emplace_back("content-type", "application/json");
  return answer;
}

/// Counted, and forgotten: what it says of people's work is nobody's here.
Task<ClaudeCodeRoutes::Answer> ClaudeCodeRoutes::take_telemetry(net::Exchange& exchange,
                                                                const identity::Principal& caller) {
  const net::RequestHead& head = exchange.head();
  const std::string too_large = "A batch of telemetry is longer than " + std::to_string(kTelemetryBytesMax) + " bytes.";
  if (head.content_length.value_or(0) > kTelemetryBytesMax) {
    exchange.close_after();
    co_return error(413, "request_too_large", too_large);
  }
  const auto body = co_await exchange.read_body();
  if (!body || body->size() > kTelemetryBytesMax) {
    exchange.close_after();
    co_return error(413, "request_too_large", too_large);
  }
  sources_.reports->telemetry_came(caller, find_path(head.path)->signal, body->size());
  // OTLP/HTTP: an empty answer of the form that was sent is full success.
  const bool is_json = head.headers.get("content-type").starts_with("application/json");
  Answer answer;
  answer.headers.emplace_back("content-type", is_json ? "application/json" : "application/x-protobuf");
  if (is_json) answer.body = "{}";
  co_return answer;
}

Task<ClaudeCodeRoutes::Answer> ClaudeCodeRoutes::answer(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  const Path& path = *find_path(head.path);
  if (!takes(path, head.method_text)) {
    Answer no = error(405, "invalid_request_error", "This path takes " + std::string(path.methods) + " only.");
    no.headers.emplace_back("allow", path.methods);
    co_return no;
  }
  if (path.what == What::kHello) co_return Answer{200, {{"content-type", "application/json"}}, "{}"};
  const auto caller = co_await sources_.callers->identify_any(exchange);
  if (!caller.principal) {
    exchange.close_after();  // whatever it sends besides is not read
    co_return refusal(caller.refusal.status == 503 ? RefusalReason::kUnavailable : RefusalReason::kBadCredential,
                      caller.why);
  }
  switch (path.what) {
    case What::kSettings: co_return give_settings(head.headers, *caller.principal);
    case What::kUsage: {
      const auto budgets = sources_.settings->current()->budgets;
      const Instant now = system_clock().now();
      co_return Answer{200,
                       {{"content-type", "application/json"}, {"cache-control", "no-store"}},
                       budgets ? usage_json(*sources_.budgets, *budgets, *caller.principal, now) : R"({"limits":[]})"};
    }
    default: co_return co_await take_telemetry(exchange, *caller.principal);
  }
}

Task<void> ClaudeCodeRoutes::handle(net::Exchange& exchange) {
  const Answer given = co_await answer(exchange);
  net::Headers headers;
  for (const auto& [name, value] : given.headers) headers.add(name, value);
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange.respond(given.status, headers, given.body);
  static_cast<void>(sent);
}

}  // namespace reeve::app
