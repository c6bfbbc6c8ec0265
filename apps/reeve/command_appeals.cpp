// `reeve detectors appeal` and `appeals`: developers say that a finding was wrong; whoever looks after the detectors
// sees which ones are wrong often.

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// The types found in a call; kNotFound where the ledger knows no such call.
Result<std::map<std::string, std::int64_t>> types_found(const Common& common, const std::string& request_id) {
  auto reader = open_ledger(common);
  if (!reader) return std::move(reader).error();
  std::map<std::string, std::int64_t> types;
  bool known = false;
  const auto read = (*reader)->read(0, [&](const ledger::StoredEntry& stored) {
    if (stored.bytes.find(request_id) == std::string_view::npos) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document || document->root()["request_id"].string_or("") != request_id) return true;
    known = true;
    for (const JsonValue& finding : document->root().at("content.findings").items()) {
      types[std::string(finding["type"].string_or(""))] += finding["count"].int_or(0);
    }
    return true;
  });
  if (!read) return read.error();
  if (!known) return Error{ErrorCode::kNotFound, "the ledger knows no call '" + printable(request_id, 80) + "'"};
  return types;
}

}  // namespace

int appeal_command(const Common& common, const AppealArguments& arguments) {
  const std::string reason(trim(arguments.reason));
  if (reason.empty()) return fail(common, kWrongUse, "say in --reason what it really is");
  const auto types = types_found(common, arguments.request_id);
  if (!types) return fail(common, exit_code_of(types.error()), types.error().message);
  if (auto noted = note_reading(common, 1); !noted) return fail(common, kFailed, noted.error().message);
  if (!types->contains(arguments.type)) {
    std::string known;
    for (const auto& [type, count] : *types) known += (known.empty() ? "" : ", ") + type;
    return fail(common, kAnswerIsNo,
                "nothing of type '" + printable(arguments.type, 80) + "' was found in that call; " +
                    (known.empty() ? "nothing was found at all" : "found was: " + known));
  }
  JsonWriter note;
  note.begin_object().member("at", format_time(system_clock().now()));
  note.member("by", arguments.by.empty() ? system_user_name() : arguments.by).member("reason", reason);
  note.member("request_id", arguments.request_id).member("type", arguments.type).end_object();
  auto store = open_store(common, false);
  if (!store) return fail(common, kFailed, store.error().message);
  if (auto noted = (*store)->note("content.appealed", note.text()); !noted) {
    return fail(common, kFailed, noted.error().message);
  }
  if (common.json) {
    std::printf("%s\n", note.text().c_str());
  } else {
    std::printf("Noted. 'reeve detectors appeals' counts it beside the detector's findings.\n");
  }
  return kDone;
}

int appeals_command(const Common& common, const std::string& since) {
  const auto from = parse_since(since, system_clock().now());
  if (!from) return fail(common, kWrongUse, from.error().message);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, kFailed, reader.error().message);
  struct Count {
    std::int64_t findings = 0, calls = 0, appeals = 0;
    std::string last_reason;
  };
  std::map<std::string, Count> counts;
  std::uint64_t entries = 0;
  const auto read = (*reader)->read(0, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return true;
    const JsonValue entry = document->root();
    const auto time = parse_time(entry["time"].string_or(""));
    if (!time || *time < *from) return true;
    ++entries;
    if (entry["kind"].string_or("") == "content.appealed") {
      Count& count = counts[std::string(entry.at("detail.type").string_or(""))];
      ++count.appeals;
      count.last_reason = entry.at("detail.reason").string_or("");
    }
    for (const JsonValue& finding : entry.at("content.findings").items()) {
      Count& count = counts[std::string(finding["type"].string_or(""))];
      ++count.calls;
      count.findings += finding["count"].int_or(0);
    }
    return true;
  });
  if (!read) return fail(common, kFailed, read.error().message);
  if (auto noted = note_reading(common, entries); !noted) return fail(common, kFailed, noted.error().message);
  std::vector<std::vector<std::string>> rows{{"DETECTOR", "FINDINGS", "CALLS", "APPEALS", "LAST REASON"}};
  JsonWriter json;
  json.begin_object().key("detectors").begin_array();
  std::vector<std::pair<std::string, Count>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.appeals > b.second.appeals; });
  for (const auto& [type, count] : order) {
    rows.push_back({type, std::to_string(count.findings), std::to_string(count.calls), std::to_string(count.appeals),
                    printable(count.last_reason, 60)});
    json.begin_object().member("type", type).member("findings", count.findings).member("calls", count.calls);
    json.member("appeals", count.appeals).member_if("last_reason", count.last_reason).end_object();
  }
  std::printf("%s\n", common.json ? json.end_array().end_object().text().c_str() : table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
