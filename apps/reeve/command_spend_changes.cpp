// `reeve spend units --by change`.

#include <cstdio>
#include <fstream>

#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/merged_changes.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

int write_page(const Common& common, const SpendArguments& arguments, const CallWindow& window,
               const spend::ChangeCosts& costs) {
  const std::string period =
      format_time(window.since).substr(0, 10) + " to " + format_time(window.until).substr(0, 10) + " UTC";
  std::ofstream file(arguments.html, std::ios::binary | std::ios::trunc);
  file << costs.to_html(period);
  file.close();
  if (!file) return fail(common, kFailed, "cannot write " + arguments.html);
  const auto all = costs.costs();
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("file", arguments.html).member("changes", all.changes.size());
    std::printf("%s\n", json.member("total_nanos", all.total.nanos).end_object().text().c_str());
  } else {
    std::printf("%s: %zu changes, %s\n", arguments.html.c_str(), all.changes.size(), format_money(all.total).c_str());
  }
  return kDone;
}

}  // namespace

int spend_changes_command(const Common& common, const SpendArguments& arguments) {
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  // Told after they were merged: what is told before this was merged before it.
  const Instant begin = window->since - spend::ChangeCosts::kLookBack;
  auto changes = recorded_changes(**reader, begin);
  if (!changes) return fail(common, exit_code_of(changes.error()), changes.error().message);
  const CallWindow wide{begin, window->until, window->open_end};
  const auto costs = sum_spend_rows(
      common, wide, [&] { return spend::ChangeCosts(*changes, window->since, window->until, arguments.trace); });
  if (!costs) return fail(common, exit_code_of(costs.error()), costs.error().message);
  if (!arguments.html.empty()) return write_page(common, arguments, *window, *costs);
  const std::string text = common.json ? costs->to_json() : arguments.csv ? costs->to_csv() : costs->to_table();
  std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
  return kDone;
}

}  // namespace reeve::app
