#include "reeve/exception_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/exception_desk.h"
#include "reeve/register_requests.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
using control::ExceptionRequest;
constexpr std::size_t kPageMax = 200;

Result<ExceptionDesk> desk_of(const Sources& sources) {
  return ExceptionDesk::open(*sources.workflow->current(), *sources.registers);
}

/// Also with the rules and budgets of the files, which somebody asks about.
Result<ExceptionDesk> desk_for_asking(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  auto desk = ExceptionDesk::open(common, *sources.registers, sources.live_budgets->budget_register());
  if (!desk) return not_of_the_request(std::move(desk).error());
  return desk;
}

/// By its whole id: the end of one, which commands take, could soon be another's too.
Result<ExceptionRequest> exception_of(const ExceptionDesk& desk, const ApiRequest& request) {
  auto found = desk.find(request.name);
  if (!found || found->id == request.name) return found;
  return Error{ErrorCode::kNotFound, "there is no exception " + printable(request.name, 60)};
}

/// With who may decide about it: whoever waits wants to know for whom.
std::string written(const ExceptionDesk& desk, const ExceptionRequest& request, Instant now) {
  JsonWriter json;
  json.begin_object().key("exception");
  write_exception(json, request, now);
  json.member("reviewers", desk.policies.reviewers_of(request)).member("what", describe(request));
  return json.end_object().take();
}

/// The body's members, all of them texts but `conditions`.
struct Body {
  std::map<std::string, std::string, std::less<>> texts;
  std::vector<std::string> conditions;
  std::string operator[](std::string_view name) const {
    const auto found = texts.find(name);
    return found == texts.end() ? std::string() : found->second;
  }
};

Result<Body> read_body(const ApiRequest& request, std::initializer_list<std::string_view> known) {
  const auto document = JsonDocument::parse(request.body);
  if (!document || !document->root().is_object()) return Error{ErrorCode::kInvalid, "the body is a JSON object"};
  Body body;
  for (const auto& [name, value] : document->root().members()) {
    if (name == "conditions") {
      for (const JsonValue& item : value.items()) body.conditions.emplace_back(trim(item.string_or("")));
      continue;
    }
    const auto text = value.as_string();
    if (std::find(known.begin(), known.end(), name) == known.end() || !text) {
      return Error{ErrorCode::kInvalid, "the body has no text '" + printable(name, 40) + "'"};
    }
    body.texts[std::string(name)] = *text;
  }
  return body;
}

Result<control::Asked> read_asked(const Body& body, const ApiRequest& request, Instant now) {
  control::Asked asked;
  const int kinds = int{!body["budget"].empty()} + int{!body["rule"].empty()} + int{!body["approval"].empty()};
  if (kinds != 1) return Error{ErrorCode::kInvalid, "ask for one thing: 'budget', 'rule' or 'approval', by its name"};
  asked.kind = !body["budget"].empty() ? control::ExceptionKind::kBudget
               : !body["rule"].empty() ? control::ExceptionKind::kRule
                                       : control::ExceptionKind::kApproval;
  asked.budget = body["budget"];
  if (!body["rule"].empty()) asked.rules = {body["rule"]};
  if (!body["approval"].empty()) asked.rules = {body["approval"]};
  asked.requested_by = request.who;
  asked.requested_for = request.who;
  if (asked.kind == control::ExceptionKind::kRule) asked.scope["people"] = {request.who};
  if (!body["add"].empty()) {
    const auto money = parse_money(body["add"]);
    if (!money) return with_context(money.error(), "add");
    asked.extra.money = *money;
  }
  const auto until = parse_until(body["until"], now);
  if (!until) return with_context(until.error(), "until");
  asked.from = now;
  asked.until = *until;
  asked.reason = std::string(trim(body["reason"]));
  asked.work_item = body["work_item"];
  return asked;
}

}  // namespace

/// Rows are never deleted and are kept oldest first, so a position in the list stays one, from either end.
ApiAnswer list_exceptions(const Sources& sources, const ApiRequest& request) {
  const auto given = request.parameters.find("cursor");
  const auto cursor = given == request.parameters.end() ? std::optional<std::int64_t>(0) : parse_int(given->second);
  if (!cursor || *cursor < 0) return problem(400, "Bad request", "'cursor' is what an earlier answer gave as 'next'");
  const auto asked = request.parameters.find("order");
  const std::string order = asked == request.parameters.end() ? std::string() : asked->second;
  if (!order.empty() && order != "oldest" && order != "newest") {
    return problem(400, "Bad request", "'order' is oldest, or newest");
  }
  const auto list = sources.registers->exceptions().list();
  if (!list) return problem_of(list.error());
  const std::size_t place = std::min(static_cast<std::size_t>(*cursor), list->size());
  const Instant now = system_clock().now();
  JsonWriter json;
  json.begin_object().key("exceptions").begin_array();
  std::string next;
  if (order == "newest") {
    const std::size_t end = given == request.parameters.end() ? list->size() : place;
    const std::size_t first = end - std::min(kPageMax, end);
    for (std::size_t i = end; i > first; --i) write_exception(json, (*list)[i - 1], now);
    if (first > 0) next = std::to_string(first);
  } else {
    const std::size_t end = place + std::min(kPageMax, list->size() - place);
    for (std::size_t i = place; i < end; ++i) write_exception(json, (*list)[i], now);
    if (end < list->size()) next = std::to_string(end);
  }
  const auto waiting = std::count_if(list->begin(), list->end(),
                                     [](const auto& one) { return one.state == control::ExceptionState::kRequested; });
  json.end_array().member_if("next", next).member("waiting", static_cast<std::int64_t>(waiting));
  return {200, json.end_object().take(), {}};
}

ApiAnswer show_exception(const Sources& sources, const ApiRequest& request) {
  const auto desk = desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const auto found = exception_of(*desk, request);
  if (!found) return problem_of(found.error());
  return {200, written(*desk, *found, system_clock().now()), {}};
}

ApiAnswer ask_for_exception(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto body = read_body(request, {"budget", "rule", "approval", "add", "until", "reason", "work_item"});
  if (!body) return problem_of(body.error());
  auto asked = read_asked(*body, request, now);
  if (!asked) return problem_of(asked.error());
  auto desk = desk_for_asking(sources);
  if (!desk) return problem_of(desk.error());
  const auto made = ask_exception(*desk, *std::move(asked), now);
  if (!made) return refusal_of(made.error());
  return {201, written(*desk, *made, now), {}};
}

ApiAnswer decide_exception(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto body = read_body(request, {"decision", "reason", "digest", "until"});
  if (!body) return problem_of(body.error());
  const std::string decision = (*body)["decision"];
  if (decision != "approve" && decision != "deny") {
    return problem(400, "Bad request", "'decision' is approve or deny.");
  }
  // What somebody has not seen nobody approves: it may have changed since it was shown.
  if (decision == "approve" && (*body)["digest"].empty()) {
    return problem(400, "Bad request", "'digest' is that of the exception as you saw it.");
  }
  auto desk = desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const auto by = actor_of(sources, request, now);
  if (!by) return problem_of(by.error());
  auto found = exception_of(*desk, request);
  if (!found) return problem_of(found.error());
  Result<void> done;
  if (decision == "approve") {
    control::Approval approval;
    approval.conditions = body->conditions;
    approval.digest = (*body)["digest"];
    if (!(*body)["until"].empty()) {
      const auto until = parse_until((*body)["until"], now);
      if (!until) return problem_of(with_context(until.error(), "until"));
      approval.until = *until;
    }
    done = control::approve(*found, *by, approval, desk->policies, now);
  } else {
    done = control::deny(*found, *by, trim((*body)["reason"]), desk->policies, now);
  }
  if (!done) return refusal_of(done.error());
  done = desk->update(*found, decision == "approve" ? "exception.approved" : "exception.denied", by->name, now);
  if (!done) return refusal_of(done.error());
  return {200, written(*desk, *found, now), {}};
}

std::vector<ApiRoute> exception_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  constexpr std::string_view kPath = "/api/v1/exceptions";
  constexpr std::string_view kOne = "/api/v1/exceptions/{id}";
  constexpr std::string_view kNamed = "The exception's id";
  constexpr std::size_t kBytesMax = 16UL << 10U;
  return {{.path = kPath,
           .summary = "Exceptions, 200 at a time, and how many wait for a decision",
           .permission = Permission::kReadExceptions,
           .answer = list_exceptions,
           .gives = "ExceptionList",
           .parameters = {kCursorParameter,
                          {"order", "oldest first, or newest; oldest without it",
                           R"({"type":"string","enum":["oldest","newest"],"default":"oldest"})"}}},
          {.method = net::Method::kPost,
           .path = kPath,
           .summary = "Asks for an exception, for whoever asks",
           .permission = Permission::kAskExceptions,
           .answer = ask_for_exception,
           .gives = "ExceptionShown",
           .effect = kWrite,
           .fine = {201},
           .refuses = {404, 409},
           .takes = "ExceptionRequest",
           .body_bytes_max = kBytesMax},
          {.path = kOne,
           .summary = "One exception, and who may decide about it",
           .permission = Permission::kReadExceptions,
           .answer = show_exception,
           .gives = "ExceptionShown",
           .named = kNamed},
          {.method = net::Method::kPost,
           .path = kOne,
           .summary = "Approves or denies it; nobody decides about their own",
           .permission = Permission::kDecideExceptions,
           .answer = decide_exception,
           .gives = "ExceptionShown",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "ExceptionDecision",
           .body_bytes_max = kBytesMax}};
}

}  // namespace reeve::app
