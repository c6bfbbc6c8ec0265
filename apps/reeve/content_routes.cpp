#include "reeve/content_routes.h"

#include <algorithm>
#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/index_question.h"
#include "reeve/ledger_routes.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr auto kTimeMax = std::chrono::seconds(10);
constexpr std::uint64_t kFindingsMax = 2'000, kAppealsMax = 1'000;
constexpr std::size_t kReasonMax = 500;

/// What findings may be counted by, and the index's column for each.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDimensions{
    {{"team", "coalesce(team, '')"},
     {"model", "coalesce(model_served, model_asked, '')"},
     {"provider", "coalesce(provider, '')"},
     {"client", "coalesce(client, '')"},
     {"repo", "coalesce(repo, '')"},
     {"person", "coalesce(person, '')"}}};

/// What the detectors in force are called, so that a page can speak of classes.
void write_detectors(JsonWriter& json, const Sources& sources) {
  json.key("detectors").begin_array();
  const auto detectors = sources.settings->current()->detectors;
  if (detectors) {
    for (const content::DetectorInfo& info : detectors->list()) {
      json.begin_object().member("type", info.id).member("title", info.title).member("class", info.class_name);
      json.member("severity", info.severity).end_object();
    }
  }
  json.end_array();
}

struct Appeal {
  std::uint64_t seq = 0;
  std::string at, by, reason, request_id, type;
  std::string state = "open", decided_by, decided_at, decided_reason;
};

/// All that the ledger tells of appeals, the newest first.
Result<std::vector<Appeal>> read_appeals(const Sources& sources) {
  const auto index = sources.ledger.index->index();
  if (!index) return index.error();
  const auto filter =
      ledger::EntryFilter::compile("kind == \"content.appealed\" || kind == \"content.appeal_decided\"");
  if (!filter) return filter.error();
  std::vector<Appeal> appeals;
  std::map<std::uint64_t, std::size_t> places;
  const auto found = (*index)->find({.filter = &*filter}, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return true;
    const JsonValue detail = document->root()["detail"];
    const auto text = [&](std::string_view name) { return std::string(detail[name].string_or("")); };
    if (document->root()["kind"].string_or("") == "content.appealed") {
      places[stored.index] = appeals.size();
      appeals.push_back({stored.index, text("at"), text("by"), text("reason"), text("request_id"), text("type")});
      return true;
    }
    const auto place = places.find(static_cast<std::uint64_t>(detail["appeal"].int_or(-1)));
    if (place == places.end()) return true;
    Appeal& appeal = appeals[place->second];
    if (appeal.state != "open") return true;  // whoever decided first did
    appeal.state = text("decision") == "accept" ? "accepted" : "rejected";
    appeal.decided_by = text("by");
    appeal.decided_at = text("at");
    appeal.decided_reason = text("reason");
    return true;
  });
  if (!found) return found.error();
  std::reverse(appeals.begin(), appeals.end());
  return appeals;
}

void write_appeal(JsonWriter& json, const Appeal& appeal) {
  json.begin_object().member("appeal", appeal.seq).member("at", appeal.at).member("by", appeal.by);
  json.member("reason", appeal.reason).member("request_id", appeal.request_id).member("type", appeal.type);
  json.member("state", appeal.state).member_if("decided_by", appeal.decided_by);
  json.member_if("decided_at", appeal.decided_at).member_if("decided_reason", appeal.decided_reason).end_object();
}

Result<std::string> reason_of(const std::map<std::string, std::string>& texts) {
  const auto found = texts.find("reason");
  std::string reason(found == texts.end() ? "" : trim(found->second));
  if (reason.empty() || reason.size() > kReasonMax) {
    return Error{ErrorCode::kInvalid, "'reason' says what it really is, in at most 500 bytes"};
  }
  return reason;
}

/// Whether the person made that call and something of the type was found in it.
Result<void> check_found(const Sources& sources, const std::string& person, const std::string& request_id,
                         const std::string& type) {
  const auto index = sources.ledger.index->index();
  if (!index) return index.error();
  JsonWriter quoted;
  quoted.value(request_id);
  const auto filter = ledger::EntryFilter::compile("request_id == " + quoted.text());
  if (!filter) return Error{ErrorCode::kInvalid, "'request_id' is that of a call, as the refusal says it"};
  bool own = false, found = false;
  const auto read = (*index)->find({.filter = &*filter, .limit = 100}, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document || document->root().at("principal.id").string_or("") != person) return true;
    own = true;
    for (const JsonValue& one : document->root().at("content.findings").items()) {
      found = found || one["type"].string_or("") == type;
    }
    return true;
  });
  if (!read) return read.error();
  if (!own) return Error{ErrorCode::kNotFound, "you made no such call; the id is in the refusal"};
  if (!found) return Error{ErrorCode::kInvalid, "nothing of that type was found in that call"};
  return {};
}

}  // namespace

ApiAnswer list_findings(const Sources& sources, const ApiRequest& request) {
  const std::string by = value_of(request, "by").empty() ? "team" : value_of(request, "by");
  const auto* const dimension =
      std::find_if(kDimensions.begin(), kDimensions.end(), [&](const auto& one) { return one.first == by; });
  if (dimension == kDimensions.end()) {
    return problem(400, "Bad request", "'by' is team, model, provider, client, repo or person");
  }
  const std::string given = value_of(request, "since");
  const auto since = parse_since(given.empty() ? "30d" : given, system_clock().now());
  if (!since) return problem_of(with_context(since.error(), "since"));
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  IndexConditions conditions;
  conditions.holds("findings IS NOT NULL");
  conditions.at_least("\"time\"", *since);
  const std::string sql =
      "SELECT found AS type, \"of\", count(*) AS calls, count(*) FILTER (WHERE enforced = 'deny') AS refused, "
      "count(*) FILTER (WHERE enforced = 'redact') AS redacted, count(DISTINCT person) AS people, " +
      index_time_sql("max(\"time\")") + " AS \"last\" FROM (SELECT unnest(findings) AS found, " +
      std::string(dimension->second) + " AS \"of\", enforced, person, \"time\" FROM calls " + conditions.where() +
      ") GROUP BY ALL ORDER BY calls DESC, type, \"of\"";
  const auto rows = (*index)->select(sql, conditions.parameters(), kFindingsMax, kTimeMax);
  if (!rows) return problem_of(rows.error());
  JsonWriter json;
  json.begin_object().member("by", by).member("cut", rows->is_cut).key("findings");
  write_rows(json, *rows);
  write_detectors(json, sources);
  return recorded(sources.ledger,
                  {request.who, asked_of(request), "GET /api/v1/content/findings", rows->rows.size(), {}, {}},
                  json.end_object().take());
}

ApiAnswer list_appeals(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state");
  if (!state.empty() && state != "open" && state != "accepted" && state != "rejected") {
    return problem(400, "Bad request", "'state' is open, accepted or rejected");
  }
  const auto appeals = read_appeals(sources);
  if (!appeals) return problem_of(appeals.error());
  JsonWriter json;
  json.begin_object().key("appeals").begin_array();
  std::uint64_t written = 0;
  for (const Appeal& appeal : *appeals) {
    if ((!state.empty() && appeal.state != state) || written == kAppealsMax) continue;
    write_appeal(json, appeal);
    ++written;
  }
  return recorded(sources.ledger, {request.who, asked_of(request), "GET /api/v1/content/appeals", written, {}, {}},
                  json.end_array().end_object().take());
}

ApiAnswer make_appeal(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"request_id", "type", "reason"});
  if (!texts) return problem_of(texts.error());
  const auto reason = reason_of(*texts);
  if (!reason) return problem_of(reason.error());
  const std::string request_id = (*texts)["request_id"], type = (*texts)["type"];
  if (auto checked = check_found(sources, request.who, request_id, type); !checked) return problem_of(checked.error());
  const std::string at = format_time(system_clock().now());
  JsonWriter detail;
  detail.begin_object().member("at", at).member("by", request.who).member("reason", *reason);
  detail.member("request_id", request_id).member("type", type).end_object();
  const auto entry = sources.ledger.record("content.appealed", detail.text());
  if (!entry) return problem(503, "Unavailable", "It cannot be recorded now; try again.");
  // So that the list shows it to whoever looks next; it is recorded either way.
  static_cast<void>(sources.ledger.index->tells_of(*entry));
  JsonWriter json;
  write_appeal(json, {*entry, at, request.who, *reason, request_id, type});
  return {201, json.take(), {}};
}

ApiAnswer decide_appeal(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"decision", "reason"});
  if (!texts) return problem_of(texts.error());
  const std::string decision = (*texts)["decision"];
  if (decision != "accept" && decision != "reject") {
    return problem(400, "Bad request", "'decision' is accept (the finding was wrong) or reject");
  }
  const auto reason = reason_of(*texts);
  if (!reason) return problem_of(reason.error());
  const auto appeals = read_appeals(sources);
  if (!appeals) return problem_of(appeals.error());
  const auto appeal = std::find_if(appeals->begin(), appeals->end(),
                                   [&](const Appeal& one) { return std::to_string(one.seq) == request.name; });
  if (appeal == appeals->end()) return problem(404, "Not found", "There is no such appeal.");
  if (appeal->by == request.who) return problem(403, "Forbidden", "Nobody decides about their own appeal.");
  if (appeal->state != "open") return problem(409, "Conflict", "It was decided by " + appeal->decided_by + ".");
  JsonWriter detail;
  detail.begin_object().member("appeal", appeal->seq).member("at", format_time(system_clock().now()));
  detail.member("by", request.who);
  detail.member("decision", decision).member("reason", *reason).member("type", appeal->type).end_object();
  const auto entry = sources.ledger.record("content.appeal_decided", detail.text());
  if (!entry) return problem(503, "Unavailable", "It cannot be recorded now; try again.");
  // Until the index knows it, the next one to decide would not.
  if (sources.ledger.index->tells_of(*entry)) {
    const auto now = read_appeals(sources);
    if (!now) return problem_of(now.error());
    const auto known =
        std::find_if(now->begin(), now->end(), [&](const Appeal& one) { return one.seq == appeal->seq; });
    if (known != now->end() && known->state != "open") {
      JsonWriter json;
      write_appeal(json, *known);
      return {200, json.take(), {}};
    }
  }
  return problem(503, "Unavailable", "It is decided and recorded; the ledger's index does not tell of it yet.");
}

std::vector<ApiRoute> content_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/content/findings",
           .summary = "What was found in requests, by type and one more",
           .permission = Permission::kReadLedger,
           .answer = list_findings,
           .gives = "FindingList",
           .effect = kRecordedRead,
           .parameters =
               {kSinceParameter,
                {"by", "What types are counted by",
                 R"({"type":"string","enum":["team","model","provider","client","repo","person"],"default":"team"})"}}},
          {.path = "/api/v1/content/appeals",
           .summary = "Findings that people say are wrong",
           .permission = Permission::kReadPolicy,
           .answer = list_appeals,
           .gives = "AppealList",
           .effect = kRecordedRead,
           .parameters = {{"state", "All without it", R"({"type":"string","enum":["open","accepted","rejected"]})"}}},
          {.method = net::Method::kPost,
           .path = "/api/v1/content/appeals",
           .summary = "Says that a finding in one's own call was wrong",
           .permission = Permission::kAskExceptions,
           .answer = make_appeal,
           .gives = "Appeal",
           .effect = kWrite,
           .fine = {201},
           .refuses = {404},
           .takes = "AppealRequest",
           .body_bytes_max = kReasonBytesMax},
          {.method = net::Method::kPost,
           .path = "/api/v1/content/appeals/{appeal}",
           .summary = "Decides about an appeal; nobody about their own",
           .permission = Permission::kWritePolicy,
           .answer = decide_appeal,
           .gives = "Appeal",
           .effect = kWrite,
           .refuses = {409},
           .named = "The number of the appeal's entry",
           .takes = "AppealDecision",
           .body_bytes_max = kReasonBytesMax,
           .is_slow = true}};
}

}  // namespace reeve::app
