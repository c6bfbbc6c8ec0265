#include "reeve/own_routes.h"

#include <set>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/decision_routes.h"
#include "reeve/exception_desk.h"
#include "reeve/ledger_routes.h"
#include "reeve/session_list.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr auto kTimeMax = std::chrono::seconds(10);
constexpr std::uint64_t kSpendRowsMax = 10'000, kCallsMax = 5'000;
constexpr std::size_t kExceptionsMax = 200;

/// Only calls of whoever asks. A session is named by its client, so another person may have one of the same name: what
/// is shown of one is held to the person, too.
IndexConditions own(const ApiRequest& request) {
  IndexConditions conditions;
  // Without a name nothing is anybody's.
  conditions.holds(request.who.empty() ? "FALSE" : "TRUE");
  conditions.equals("person", request.who);
  return conditions;
}

ApiAnswer recorded_own(const Sources& sources, const ApiRequest& request, std::string_view through, std::size_t count,
                       std::string body) {
  return recorded(sources.ledger,
                  {request.who, asked_of(request), std::string(through), count, value_of(request, "cursor"), {}},
                  std::move(body));
}

/// What the rules in force say to whom they refuse.
void write_rules(JsonWriter& json, const policy::Bundle& rules, const std::set<std::string>& names) {
  json.key("rules").begin_array();
  for (const std::string& name : names) {
    const policy::RuleInfo* rule = rules.find_rule(name);
    if (rule == nullptr) continue;
    json.begin_object().member("rule", name).member_if("title", rule->title).member_if("message", rule->message);
    json.member_if("fix", rule->fix).member_if("owner", rule->owner).end_object();
  }
  json.end_array();
}

}  // namespace

ApiAnswer show_own_spend(const Sources& sources, const ApiRequest& request) {
  const std::string given = value_of(request, "since");
  const auto since = parse_since(given.empty() ? "30d" : given, system_clock().now());
  if (!since) return problem_of(with_context(since.error(), "since"));
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  IndexConditions conditions = own(request);
  conditions.at_least("\"time\"", *since);
  const std::string sql =
      "SELECT strftime(\"time\", '%Y-%m-%d') AS day, coalesce(model_served, model_asked) AS model, count(*) AS calls, "
      "count(*) FILTER (WHERE enforced = 'deny') AS refused, coalesce(sum(cost_nanos), 0)::BIGINT AS cost_nanos, "
      "coalesce(sum(input_tokens + cache_read_tokens), 0)::BIGINT AS input_tokens, "
      "coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens FROM calls " +
      conditions.where() + " GROUP BY ALL ORDER BY day DESC, cost_nanos DESC, model";
  const auto rows = (*index)->select(sql, conditions.parameters(), kSpendRowsMax, kTimeMax);
  if (!rows) return problem_of(rows.error());
  JsonWriter json;
  json.begin_object().member("cut", rows->is_cut).key("days");
  write_rows(json, *rows);
  return recorded_own(sources, request, "GET /api/v1/me/spend", rows->rows.size(), json.end_object().take());
}

ApiAnswer list_own_sessions(const Sources& sources, const ApiRequest& request) {
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  // Without a name nothing is anybody's.
  Result<ledger::IndexRows> rows = ledger::IndexRows();
  if (!request.who.empty()) rows = sessions_page(**index, {page->since, page->cursor, page->limit}, request.who);
  if (!rows) return problem_of(rows.error());
  return recorded_own(sources, request, "GET /api/v1/me/sessions", rows->rows.size(),
                      sessions_json(*rows, page->limit));
}

ApiAnswer show_own_session(const Sources& sources, const ApiRequest& request) {
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  const std::string sql = "SELECT * FROM (" + std::string(session_calls_sql()) + ") WHERE person = $2";
  const auto rows = (*index)->select(sql, {request.name, request.who}, kCallsMax, kTimeMax);
  if (!rows) return problem_of(rows.error());
  if (rows->rows.empty()) return problem(404, "Not found", "You have no such session.");
  return recorded(sources.ledger,
                  {request.who, "session " + request.name, "GET /api/v1/me/sessions/{id}", rows->rows.size(), {}, {}},
                  session_json(request.name, *rows));
}

ApiAnswer list_own_decisions(const Sources& sources, const ApiRequest& request) {
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  const auto found = decisions_json(**index, own(request), *page, value_of(request, "outcome"));
  if (!found) return problem_of(found.error());
  const auto document = JsonDocument::parse(found->first);
  if (!document) return problem_of(document.error());
  std::set<std::string> names;
  for (const JsonValue& decision : document->root()["decisions"].items()) {
    names.insert(std::string(decision["rule"].string_or("")));
  }
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : document->root().members()) json.key(name).raw(value.to_json());
  write_rules(json, *sources.settings->current()->policy, names);
  return recorded_own(sources, request, "GET /api/v1/me/decisions", found->second, json.end_object().take());
}

ApiAnswer list_own_exceptions(const Sources& sources, const ApiRequest& request) {
  const auto list = sources.registers->exceptions().list();
  if (!list) return problem_of(list.error());
  const Instant now = system_clock().now();
  JsonWriter json;
  json.begin_object().key("exceptions").begin_array();
  std::size_t written = 0;
  for (auto one = list->rbegin(); one != list->rend() && written < kExceptionsMax; ++one) {
    const bool own = equal_ignoring_case(one->asked.requested_by, request.who) ||
                     equal_ignoring_case(one->asked.requested_for, request.who);
    if (!own) continue;
    write_exception(json, *one, now);
    ++written;
  }
  return {200, json.end_array().end_object().take(), {}};
}

std::vector<ApiRoute> own_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/me/spend",
           .summary = "One's own spend, by day and model",
           .permission = Permission::kReadApi,
           .answer = show_own_spend,
           .gives = "OwnSpend",
           .effect = kRecordedRead,
           .parameters = {kSinceParameter}},
          {.path = "/api/v1/me/sessions",
           .summary = "One's own sessions",
           .permission = Permission::kReadApi,
           .answer = list_own_sessions,
           .gives = "OwnSessionList",
           .effect = kRecordedRead,
           .parameters = {kSinceParameter, kCursorParameter, kLimitParameter}},
          {.path = "/api/v1/me/sessions/{session}",
           .summary = "The calls of one of them",
           .permission = Permission::kReadApi,
           .answer = show_own_session,
           .gives = "OwnSession",
           .effect = kRecordedRead,
           .named = "The session's id"},
          {.path = "/api/v1/me/decisions",
           .summary = "Decisions about one's own calls, with what their rules say",
           .permission = Permission::kReadApi,
           .answer = list_own_decisions,
           .gives = "OwnDecisionList",
           .effect = kRecordedRead,
           .parameters = {kSinceParameter, kCursorParameter, kLimitParameter, kOutcomeParameter}},
          {.path = "/api/v1/me/exceptions",
           .summary = "Exceptions that one asked for, or that are for oneself",
           .permission = Permission::kReadApi,
           .answer = list_own_exceptions,
           .gives = "OwnExceptionList"}};
}

}  // namespace reeve::app
