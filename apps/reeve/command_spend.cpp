#include <cstdio>

#include "ledger/ledger.h"
#include "reeve/commands.h"
#include "reeve/terminal.h"
#include "spend/spend.h"

namespace reeve::app {

namespace {

std::string text_at(const JsonValue& entry, std::string_view path) { return std::string(entry.at(path).string_or("")); }

/// The row of an outcome entry; nothing for entries of other kinds.
std::optional<spend::SpendRow> row_of(const JsonValue& entry, Instant time) {
  if (entry["kind"].string_or("") != "model.outcome") return std::nullopt;
  spend::SpendRow row;
  row.time = time;
  row.person = text_at(entry, "principal.id");
  row.team = text_at(entry, "principal.team");
  row.client = text_at(entry, "client");
  row.session = text_at(entry, "session_id");
  row.repo = text_at(entry, "repo");
  row.feature = text_at(entry, "feature");
  row.work_item = text_at(entry, "work_item");
  row.agent = text_at(entry, "agent.id");
  row.model = text_at(entry, "model.served");
  if (row.model.empty()) row.model = text_at(entry, "model.asked");
  row.provider = text_at(entry, "model.provider");
  row.refused = entry.at("outcome.status").string_or("") == "refused";
  row.cost = {entry.at("cost.nanos").int_or(0)};
  row.estimated = entry.at("cost.estimated").as_bool().value_or(false);
  row.price_known = entry.at("cost.price_known").as_bool().value_or(true);
  const JsonValue usage = entry["usage"];
  row.usage.input = usage["input"].int_or(0);
  row.usage.cache_read = usage["cache_read"].int_or(0);
  row.usage.cache_write_5m = usage["cache_write_5m"].int_or(0);
  row.usage.cache_write_1h = usage["cache_write_1h"].int_or(0);
  row.usage.output = usage["output"].int_or(0);
  row.usage.reasoning = usage["reasoning"].int_or(0);
  row.usage.web_searches = usage["web_searches"].int_or(0);
  return row;
}

}  // namespace

int spend_report_command(const Common& common, const SpendReportArguments& arguments) {
  const auto dimensions = spend::parse_dimensions(arguments.by);
  if (!dimensions) return fail(common, kWrongUse, "--by: " + dimensions.error().message);
  const Instant now = system_clock().now();
  const auto since = parse_since(arguments.since, now);
  if (!since) return fail(common, kWrongUse, "--since: " + since.error().message);
  const auto until = arguments.until.empty() ? Result<Instant>(now) : parse_since(arguments.until, now);
  if (!until) return fail(common, kWrongUse, "--until: " + until.error().message);

  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  spend::SpendReport report(*dimensions);
  std::optional<std::uint64_t> unreadable;
  const auto read = (*reader)->read((*reader)->first_at(*since), [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    const auto time = document ? parse_time(document->root()["time"].string_or("")) : Result<Instant>(document.error());
    if (!time) {
      unreadable = stored.index;
      return false;
    }
    if (*time < *since) return true;
    if (*time > *until) return false;
    if (const auto row = row_of(document->root(), *time)) report.add(*row);
    return true;
  });
  if (!read) return fail(common, kFailed, read.error().message);
  if (unreadable) {
    return fail(common, kFailed,
                "entry " + std::to_string(*unreadable) + " cannot be read; 'reeve ledger verify' says more");
  }
  const std::string text = common.json ? report.to_json() : arguments.csv ? report.to_csv() : report.to_table();
  std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
  return kDone;
}

}  // namespace reeve::app
