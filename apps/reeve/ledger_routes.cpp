#include "reeve/ledger_routes.h"

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/kill_routes.h"
#include "reeve/ledger_entry_proofs.h"
#include "reeve/list_page.h"
#include "reeve/session_list.h"

namespace reeve::app {

namespace {

constexpr std::uint64_t kSessionCallsMax = 5'000;
constexpr auto kTimeMax = std::chrono::seconds(10);

/// Whether proofs are asked for.
Result<bool> wants_proof(const ApiRequest& request) {
  const std::string text = value_of(request, "proof");
  if (text.empty() || text == "0") return false;
  if (text == "1") return true;
  return Error{ErrorCode::kInvalid, "'proof' is 1 or 0"};
}

}  // namespace

ApiAnswer recorded(const LedgerSources& sources, Reading reading, std::string body) {
  reading.at = system_clock().now();
  if (sources.recent->find(reading)) return {200, std::move(body), {}};
  const auto entry = sources.record(kReadKind, detail_of(reading));
  if (!entry) return problem(503, "Unavailable", "Not shown, because it cannot be recorded who reads it.");
  sources.recent->remember(reading, *entry);
  return {200, std::move(body), {}};
}

ApiAnswer list_ledger_entries(const ControlApi::Sources& all, const ApiRequest& request) {
  const LedgerSources& sources = all.ledger;
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  const auto with_proof = wants_proof(request);
  if (!with_proof) return problem_of(with_proof.error());
  EntryProofs proofs(sources.ledger);
  const std::string condition = value_of(request, "filter");
  const std::string order = value_of(request, "order");
  if (!order.empty() && order != "newest" && order != "oldest") {
    return problem(400, "Bad request", "'order' is newest or oldest");
  }
  std::optional<ledger::EntryFilter> filter;
  if (!condition.empty()) {
    auto compiled = ledger::EntryFilter::compile(condition);
    if (!compiled) return problem_of(with_context(compiled.error(), "filter"));
    filter = *std::move(compiled);
  }
  const auto index = sources.index->index();
  if (!index) return problem_of(index.error());

  ledger::EntrySelection selection;
  selection.filter = filter ? &*filter : nullptr;
  selection.since = page->since;
  selection.until = page->until;
  selection.newest_first = order != "oldest";
  selection.limit = page->limit + 1;
  if (page->cursor) (selection.newest_first ? selection.to : selection.from) = *page->cursor;
  JsonWriter json;
  json.begin_object().key("entries").begin_array();
  std::uint64_t count = 0;
  std::string next;
  std::uint64_t last = 0;
  const auto found = (*index)->find(selection, [&](const ledger::StoredEntry& entry) {
    if (count == page->limit) {
      // Going on from here shows what comes next, whatever was appended meanwhile.
      next = std::to_string(selection.newest_first ? last : last + 1);
      return false;
    }
    last = entry.index;
    if (*with_proof) {
      proofs.write(json, entry);
    } else {
      json.raw(entry.bytes);
    }
    ++count;
    return true;
  });
  if (!found) return problem_of(found.error());
  json.end_array().member_if("next", next).end_object();
  return recorded(sources,
                  {request.who, condition, "GET /api/v1/ledger/entries", count, value_of(request, "cursor"), {}},
                  json.take());
}

ApiAnswer show_ledger_entry(const ControlApi::Sources& all, const ApiRequest& request) {
  const LedgerSources& sources = all.ledger;
  const std::string& seq = request.name;
  const auto number = parse_int(seq);
  if (!number || *number < 0) return problem(400, "Bad request", "An entry is named by its number, 'seq'.");
  const auto wanted = static_cast<std::uint64_t>(*number);
  const auto with_proof = wants_proof(request);
  if (!with_proof) return problem_of(with_proof.error());
  std::string body;
  const auto take = [&](const ledger::StoredEntry& entry) {
    body = entry.bytes;
    if (*with_proof) {
      JsonWriter json;
      EntryProofs(sources.ledger).write(json, entry);
      body = json.take();
    }
    return false;
  };
  // Without the index it takes longer.
  const auto index = sources.index->index();
  Result<void> read;
  if (index) {
    read = (*index)->find({.from = wanted, .to = wanted + 1}, take);
  } else {
    auto reader = ledger::LogReader::open(sources.ledger);
    read = reader ? (*reader)->read(wanted, take) : Result<void>(std::move(reader).error());
  }
  if (!read) return problem_of(read.error());
  if (body.empty()) return problem(404, "Not found", "The ledger has no entry " + std::to_string(wanted) + " yet.");
  return recorded(
      sources, {request.who, "seq == " + std::to_string(wanted), "GET /api/v1/ledger/entries/{seq}", 1, {}, {}}, body);
}

ApiAnswer list_sessions(const ControlApi::Sources& all, const ApiRequest& request) {
  const LedgerSources& sources = all.ledger;
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  const std::string sort = value_of(request, "sort");
  if (!sort.empty() && sort != "begun" && sort != "cost") {
    return problem(400, "Bad request", "'sort' is begun, or cost");
  }
  const auto index = sources.index->index();
  if (!index) return problem_of(index.error());
  const auto rows = sessions_page(**index, {page->since, page->cursor, page->limit, sort == "cost"});
  if (!rows) return problem_of(rows.error());
  return recorded(sources,
                  {request.who, "", "GET /api/v1/sessions", rows->rows.size(), value_of(request, "cursor"), {}},
                  sessions_json(*rows, page->limit));
}

ApiAnswer show_session(const ControlApi::Sources& all, const ApiRequest& request) {
  const LedgerSources& sources = all.ledger;
  const std::string& session = request.name;
  const auto index = sources.index->index();
  if (!index) return problem_of(index.error());
  auto rows = (*index)->select(session_calls_sql(), {std::string(session)}, kSessionCallsMax, kTimeMax);
  if (!rows) return problem_of(rows.error());
  if (rows->rows.empty()) return problem(404, "Not found", "The ledger knows no such session.");
  const std::string filter = "session_id == " + [&] {
    JsonWriter json;
    json.value(session);
    return json.take();
  }();
  return recorded(sources, {request.who, filter, "GET /api/v1/sessions/{id}", rows->rows.size(), {}, {}},
                  session_json(session, *rows));
}

std::vector<ApiRoute> ledger_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  const ApiParameter limit{"limit", "From 1 to 200; 50 without it",
                           R"({"type":"integer","minimum":1,"maximum":200,"default":50})"};
  const ApiParameter proof{"proof", "1: each entry with the proof that it is in the log",
                           R"({"type":"string","enum":["0","1"]})"};
  const ApiParameter order{"order", "newest, or oldest; newest without it",
                           R"({"type":"string","enum":["newest","oldest"],"default":"newest"})"};
  return {
      {.path = "/api/v1/ledger/entries",
       .summary = "Entries of the ledger; who reads them is recorded",
       .permission = Permission::kReadLedger,
       .answer = list_ledger_entries,
       .gives = "EntryList",
       .effect = kRecordedRead,
       .parameters = {{"filter", "A condition over the members of entries"},
                      kSinceParameter,
                      kUntilParameter,
                      kCursorParameter,
                      limit,
                      order,
                      proof}},
      {.path = "/api/v1/ledger/entries/{seq}",
       .summary = "One entry",
       .permission = Permission::kReadLedger,
       .answer = show_ledger_entry,
       .gives = "EntryShown",
       .effect = kRecordedRead,
       .named = "The entry's number",
       .parameters = {proof}},
      {.path = "/api/v1/sessions",
       .summary = "Sessions of the ledger, the last begun first; with state=live those of the last hour and what is "
                  "under way",
       .permission = Permission::kReadSessions,
       .answer = list_sessions_by_state,
       .gives = "SessionList",
       .effect = kRecordedRead,
       .parameters = {kSinceParameter,
                      kCursorParameter,
                      limit,
                      {"sort", "begun, or cost: the dearest first; begun without it",
                       R"({"type":"string","enum":["begun","cost"],"default":"begun"})"},
                      {"state", "live, or not there", R"({"type":"string","enum":["live"]})"}}},
      {.path = "/api/v1/sessions/{session}",
       .summary = "The calls of a session along time",
       .permission = Permission::kReadSessions,
       .answer = show_session,
       .gives = "SessionCalls",
       .effect = kRecordedRead,
       .named = "The session's id"}};
}

}  // namespace reeve::app
