#include "reeve/decision_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/explanation.h"
#include "reeve/ledger_routes.h"
#include "reeve/policy_source.h"
#include "reeve/replay_report.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr auto kTimeMax = std::chrono::seconds(10);
constexpr std::size_t kBundleBytesMax = 4UL << 20U;
/// Of how many entries calls are looked at first; and each time too few are found, how many times as far back.
constexpr std::uint64_t kLooksBack = 200'000, kLooksFurther = 16;
/// A replay reads every call of its time: beyond this it is for the command, which nobody waits for.
constexpr Duration kReplayMax = std::chrono::hours(24 * 92);

/// What outcomes people ask for are in the index; nothing for a name that is none.
std::optional<std::string_view> condition_of(std::string_view outcome) {
  if (outcome.empty()) return "TRUE";
  if (outcome == "refused") return "enforced = 'deny'";
  if (outcome == "changed") return "enforced NOT IN ('allow', 'deny') OR degraded_by IS NOT NULL";
  if (outcome == "allowed") return "enforced = 'allow' AND degraded_by IS NULL";
  if (outcome == "failed") return "enforced <> 'deny' AND status IS NOT NULL AND status <> 'ok'";
  return std::nullopt;
}

/// The rules that a replay asks: never a path, which would let whoever asks read this machine's files.
Result<std::shared_ptr<const policy::Bundle>> bundle_asked_for(const Sources& sources, const ApiRequest& request) {
  const auto body = JsonDocument::parse(request.body.empty() ? "{}" : request.body);
  if (!body || !body->root().is_object()) return Error{ErrorCode::kInvalid, "the body is a JSON object"};
  if (body->root()["signature"].present()) {
    auto file = policy::read_bundle_file(request.body, {}, std::nullopt);
    // Whatever is wrong with it, it is what was sent.
    if (!file) return Error{ErrorCode::kInvalid, "the bundle: " + file.error().message};
    return file->bundle;
  }
  const std::string digest(body->root()["bundle"].string_or(""));
  const auto current = sources.settings->current()->policy;
  if (digest.empty() || digest == current->digest()) return current;
  auto kept = BundleArchive(sources.data_directory).find(digest);
  if (kept) return kept;
  return Error{ErrorCode::kNotFound, "no such bundle is kept here; /api/v1/policy/bundles lists those that are"};
}

Common common_of(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  common.json = true;
  return common;
}

/// The newest calls that the conditions hold for. Most pages are found among the last entries, so these are looked at
/// first.
Result<ledger::IndexRows> newest_calls(ledger::Index& index, const IndexConditions& conditions, const ListPage& page) {
  const std::uint64_t end = std::min(page.cursor.value_or(UINT64_MAX), index.progress().entries);
  for (std::uint64_t back = kLooksBack;; back *= kLooksFurther) {
    IndexConditions near = conditions;
    const bool is_all = back >= end;
    if (!is_all) near.holds("seq >= " + std::to_string(end - back));
    // First which, then the rows, so that not every column of every call is read.
    const std::string sql =
        "SELECT coalesce(intent, seq) AS decision, " + index_time_sql("started") +
        " AS \"time\", request, session, person, team, agent, client, repo, model_asked, model_served, effect, "
        "enforced, rule, reason, budget, degraded_by, array_to_string(findings, ' ') AS findings, status, "
        "status_reason, cost_nanos, seq FROM calls WHERE seq IN (SELECT seq FROM calls " +
        near.where() + " ORDER BY seq DESC LIMIT " + std::to_string(page.limit) + ") ORDER BY seq DESC";
    auto rows = index.select(sql, near.parameters(), page.limit, kTimeMax);
    if (!rows || is_all || rows->rows.size() == page.limit) return rows;
  }
}

ApiAnswer replay(const Sources& sources, const ApiRequest& request, std::string_view through, bool with_people) {
  const std::string since = value_of(request, "since");
  const auto window = CallWindow::parse(since.empty() ? "7d" : since, value_of(request, "until"));
  if (!window) return problem(400, "Bad request", window.error().message);
  if (window->until - window->since > kReplayMax) {
    return problem(400, "Bad request", "At most 92 days here; 'reeve policy replay' takes any time.");
  }
  policy::ReplayQuestion question;
  auto bundle = bundle_asked_for(sources, request);
  if (!bundle) return problem_of(bundle.error());
  question.after = *std::move(bundle);
  auto report = replay_calls(common_of(sources), *window, question);
  if (!report) return problem_of(report.error());
  if (!with_people) {
    report->by_person.clear();
    report->differences.clear();
  }
  JsonWriter json;
  json.begin_object().member("rules", question.after->digest());
  append_replay(json, *report, *window);
  return recorded(sources.ledger,
                  {request.who,
                   question.after->digest() + " " + asked_of(request),
                   std::string(through),
                   report->decisions,
                   {},
                   {}},
                  json.end_object().take());
}

}  // namespace

Result<std::pair<std::string, std::size_t>> decisions_json(ledger::Index& index, IndexConditions conditions,
                                                           const ListPage& page, std::string_view outcome) {
  const auto condition = condition_of(outcome);
  if (!condition) return Error{ErrorCode::kInvalid, "'outcome' is refused, changed, allowed or failed"};
  conditions.holds(*condition);
  conditions.at_least("\"time\"", page.since);
  conditions.at_most("\"time\"", page.until);
  conditions.below("seq", page.cursor);
  auto rows = newest_calls(index, conditions, page);
  if (!rows) return std::move(rows).error();
  JsonWriter json;
  json.begin_object().key("decisions");
  write_rows(json, *rows);
  if (rows->rows.size() == page.limit) {
    const auto* last = std::get_if<std::int64_t>(&rows->rows.back().back());
    if (last != nullptr && *last > 0) json.member("next", std::to_string(*last));
  }
  return std::pair(json.end_object().take(), rows->rows.size());
}

ApiAnswer list_decisions(const Sources& sources, const ApiRequest& request) {
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  IndexConditions conditions;
  for (const std::string_view column : {"person", "team", "rule", "client"}) {
    conditions.equals(column, value_of(request, column));
  }
  conditions.equals("coalesce(model_served, model_asked)", value_of(request, "model"));
  const auto found = decisions_json(**index, std::move(conditions), *page, value_of(request, "outcome"));
  if (!found) return problem_of(found.error());
  return recorded(
      sources.ledger,
      {request.who, asked_of(request), "GET /api/v1/decisions", found->second, value_of(request, "cursor"), {}},
      found->first);
}

ApiAnswer explain_decision(const Sources& sources, const ApiRequest& request) {
  const std::string wanted = value_of(request, "bundle");
  if (!wanted.empty() && wanted != "current") return problem(400, "Bad request", "'bundle' is current, or not there");
  const auto number = parse_int(request.name);
  if (!number || *number < 0) return problem(400, "Bad request", "A decision is named by the number of its entry.");
  auto reader = ledger::LogReader::open(sources.ledger.ledger);
  if (!reader) return problem_of(reader.error());
  std::string text;
  const auto read = (*reader)->read(static_cast<std::uint64_t>(*number), [&](const ledger::StoredEntry& entry) {
    text = entry.bytes;
    return false;
  });
  if (!read) return problem_of(read.error());
  const auto document = JsonDocument::parse(text.empty() ? "{}" : text);
  if (!document) return problem_of(document.error());
  const JsonValue entry = document->root();
  const RecordedDecision told{std::string(entry.at("decision.effect").string_or("")),
                              std::string(entry.at("decision.bundle").string_or("")),
                              std::string(entry.at("decision.input").string_or(""))};
  if (told.input.empty()) return problem(404, "Not found", "No decision of the rules is recorded in that entry.");
  const auto current = sources.settings->current()->policy;
  const bool by_now = wanted == "current" || told.bundle == current->digest();
  const auto bundle = by_now ? current : BundleArchive(sources.data_directory).find(told.bundle);
  if (!bundle) {
    return problem(404, "Not found",
                   "The rules of that time are not kept here any more; bundle=current asks those of now instead.");
  }
  policy::RecordedUses uses(entry, nullptr);
  const auto facts = policy::facts_from_entry(entry);
  const policy::Explanation explained = policy::explain(*bundle, policy::Point::kModelCall, *facts, &uses);
  JsonWriter json;
  json.begin_object().key("entry").raw(text).key("explanation").raw(explanation_json(explained, told));
  json.member("recorded_bundle", told.bundle);
  json.member("current_bundle", current->digest()).end_object();
  return recorded(sources.ledger, {request.who, "seq == " + request.name, "GET /api/v1/decisions/{seq}", 1, {}, {}},
                  json.take());
}

ApiAnswer replay_decisions(const Sources& sources, const ApiRequest& request) {
  return replay(sources, request, "POST /api/v1/decisions/replay", true);
}

ApiAnswer replay_policy(const Sources& sources, const ApiRequest& request) {
  return replay(sources, request, "POST /api/v1/policy/replay", false);
}

std::vector<ApiRoute> decision_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/decisions",
           .summary = "Decisions, the newest first",
           .permission = Permission::kReadSessions,
           .answer = list_decisions,
           .gives = "DecisionList",
           .effect = kRecordedRead,
           .parameters = {kSinceParameter,
                          kUntilParameter,
                          kCursorParameter,
                          kLimitParameter,
                          {"person", "Only this person's"},
                          {"team", "Only this team's"},
                          {"model", "Only calls of this model, as it was served"},
                          {"rule", "Only where this rule was the decisive one"},
                          {"client", "Only by this tool"},
                          kOutcomeParameter}},
          {.path = "/api/v1/decisions/{seq}",
           .summary = "Why a call was decided as it was",
           .permission = Permission::kReadLedger,
           .answer = explain_decision,
           .gives = "ExplainedDecision",
           .effect = kRecordedRead,
           .named = "The number of the entry that holds the decision",
           .parameters = {{"bundle", "current: by the rules of now, not those of the time",
                           R"({"type":"string","enum":["current"]})"}}},
          {.method = net::Method::kPost,
           .path = "/api/v1/decisions/replay",
           .summary = "Recorded decisions made once more by another bundle: which would end differently, for whom",
           .permission = Permission::kReadLedger,
           .answer = replay_decisions,
           .gives = "Replay",
           .effect = kRecordedRead,
           .refuses = {404},
           .parameters = {kSinceParameter, kUntilParameter},
           .takes = "ReplayQuestion",
           .body_bytes_max = kBundleBytesMax,
           .body_may_lack = true,
           .scope = "read",
           .is_slow = true},
          {.method = net::Method::kPost,
           .path = "/api/v1/policy/replay",
           .summary = "The same without anybody's name",
           .permission = Permission::kReadPolicy,
           .answer = replay_policy,
           .gives = "Replay",
           .effect = kRecordedRead,
           .refuses = {404},
           .parameters = {kSinceParameter, kUntilParameter},
           .takes = "ReplayQuestion",
           .body_bytes_max = kBundleBytesMax,
           .body_may_lack = true,
           .scope = "read",
           .is_slow = true}};
}

}  // namespace reeve::app
