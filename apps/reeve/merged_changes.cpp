#include "reeve/merged_changes.h"

#include "core/json.h"
#include "reeve/api_route.h"

namespace reeve::app {

namespace {

constexpr std::string_view kKind = "change.merged";
constexpr std::size_t kAtOnceMax = 1'000;

Result<std::vector<spend::MergedChange>> read_told(std::string_view body, Instant now) {
  const auto document = JsonDocument::parse(body);
  if (!document) return with_context(document.error(), "the body is not JSON");
  const JsonValue root = document->root();
  const bool several = root["changes"].is_array();
  if (several && root.members().size() > 1) {
    return Error{ErrorCode::kInvalid, "'changes' stands alone, or the members of one change do"};
  }
  const std::vector<JsonValue> items = several ? root["changes"].items() : std::vector{root};
  if (items.size() > kAtOnceMax) return Error{ErrorCode::kInvalid, "'changes' has at most 1000 at a time"};
  std::vector<spend::MergedChange> changes;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto change = spend::read_merged_change(items[i], now);
    if (!change) return several ? with_context(change.error(), "changes[" + std::to_string(i) + "]") : change.error();
    changes.push_back(*std::move(change));
  }
  return changes;
}

}  // namespace

Result<std::vector<bool>> tell_of_changes(store::Store& store, std::span<const spend::MergedChange> changes,
                                          std::string_view by) {
  std::vector<store::KeyedNote> notes;
  notes.reserve(changes.size());
  for (const spend::MergedChange& change : changes) {
    notes.push_back({spend::merged_change_key(change), spend::merged_change_detail(change, by)});
  }
  return store.note_once(kKind, notes);
}

ApiAnswer answer_told_changes(const ControlApi::Sources& sources, const ApiRequest& request) {
  const auto changes = read_told(request.body, system_clock().now());
  if (!changes) return problem_of(changes.error());
  const auto is_new = tell_of_changes(*sources.store, *changes, request.who);
  if (!is_new) return problem(503, "Unavailable", is_new.error().message);
  bool any = false;
  JsonWriter json;
  json.begin_object().key("changes").begin_array();
  for (std::size_t i = 0; i < changes->size(); ++i) {
    any = any || (*is_new)[i];
    json.begin_object().member("id", (*changes)[i].id).member("repo", (*changes)[i].repo);
    json.member("state", (*is_new)[i] ? "new" : "known").end_object();
  }
  return {any ? 201 : 200, json.end_array().end_object().take(), {}};
}

Result<std::vector<spend::MergedChange>> recorded_changes(ledger::LogReader& reader, Instant since) {
  std::vector<spend::MergedChange> changes;
  const auto read = reader.read(reader.first_at(since), [&](const ledger::StoredEntry& stored) {
    if (stored.bytes.find(R"("kind":"change.merged")") == std::string_view::npos) return true;
    const auto entry = JsonDocument::parse(stored.bytes);
    if (!entry || entry->root()["kind"].string_or("") != kKind) return true;
    const JsonValue detail = entry->root()["detail"];
    const auto at = parse_time(detail["at"].string_or(""));
    if (!at) return true;
    spend::MergedChange change;
    change.at = *at;
    for (const auto& [name, text] : {std::pair("repo", &change.repo), std::pair("id", &change.id),
                                     std::pair("work_item", &change.work_item), std::pair("commit", &change.commit),
                                     std::pair("author", &change.author), std::pair("branch", &change.branch)}) {
      *text = detail[name].string_or("");
    }
    change.lines = detail["lines"].as_int();
    changes.push_back(std::move(change));
    return true;
  });
  if (!read) return read.error();
  return changes;
}

std::vector<ApiRoute> change_api_routes() {
  return {{.method = net::Method::kPost,
           .path = "/api/v1/changes",
           .summary = "Tells of a merged change, or of several; each counts once",
           .permission = identity::Permission::kWriteChanges,
           .answer = answer_told_changes,
           .gives = "ChangesTold",
           .effect = ApiEffect::kWrite,
           .fine = {200, 201},
           .takes = "Changes",
           .body_bytes_max = 1UL << 20U}};
}

}  // namespace reeve::app
