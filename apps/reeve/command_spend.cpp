// `reeve spend report` and `rows`: sums over recorded calls, and the calls behind a sum.

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/spend_page.h"
#include "reeve/spend_rows.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// "person=ann@example.com": a dimension and its value.
Result<std::pair<std::string, std::string>> parse_key(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return Error{ErrorCode::kInvalid, "--key: write DIMENSION=VALUE, such as person=ann@example.com"};
  }
  const auto dimension = spend::parse_dimensions(text.substr(0, equals));
  if (!dimension) return with_context(dimension.error(), "--key");
  if (dimension->size() != 1) return Error{ErrorCode::kInvalid, "--key: one dimension each"};
  return std::pair(dimension->front(), text.substr(equals + 1));
}

void print_rows_json(const std::vector<spend::SpendRow>& rows, Money sum) {
  JsonWriter json;
  json.begin_object().key("rows").begin_array();
  for (const spend::SpendRow& row : rows) {
    json.begin_object().member("row", row.index).member("time", format_time(row.time)).member("person", row.person);
    json.member_if("team", row.team).member_if("session", row.session).member_if("repo", row.repo);
    json.member_if("work_item", row.work_item).member("model", row.model).member("status", row.status);
    json.member("input", row.usage.input_total()).member("cache_read", row.usage.cache_read);
    json.member("output", row.usage.output).member("cost_nanos", row.cost.nanos);
    json.member_if("price_version", row.price_version).end_object();
  }
  json.end_array().member("calls", static_cast<std::int64_t>(rows.size())).member("cost_nanos", sum.nanos);
  std::printf("%s\n", json.end_object().text().c_str());
}

void print_rows(const std::vector<spend::SpendRow>& rows, Money sum) {
  std::vector<std::vector<std::string>> lines{
      {"row", "time", "person", "model", "status", "input", "output", "cost", "price version"}};
  for (const spend::SpendRow& row : rows) {
    lines.push_back({std::to_string(row.index), format_time(row.time), printable(row.person, 40),
                     printable(row.model, 40), row.status, std::to_string(row.usage.input_total()),
                     std::to_string(row.usage.output), format_money_exact(row.cost), row.price_version});
  }
  std::printf("%s\n%zu rows, %s in all\n", table(lines).c_str(), rows.size(), format_money_exact(sum).c_str());
}

}  // namespace

int spend_report_command(const Common& common, const SpendArguments& arguments) {
  const auto dimensions = spend::parse_dimensions(arguments.by);
  if (!dimensions) return fail(common, kWrongUse, "--by: " + dimensions.error().message);
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  if (!arguments.html.empty()) return write_spend_page(common, arguments, *window);
  const auto report = sum_spend_rows(common, *window, [&] { return spend::SpendReport(*dimensions, arguments.trace); });
  if (!report) return fail(common, exit_code_of(report.error()), report.error().message);
  const std::string text = common.json ? report->to_json() : arguments.csv ? report->to_csv() : report->to_table();
  std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
  return kDone;
}

int spend_rows_command(const Common& common, const SpendArguments& arguments) {
  std::vector<std::string> dimensions;
  std::vector<std::string> wanted;
  for (const std::string& text : arguments.keys) {
    auto key = parse_key(text);
    if (!key) return fail(common, kWrongUse, key.error().message);
    dimensions.push_back(std::move(key->first));
    wanted.push_back(std::move(key->second));
  }
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  std::mutex mutex;
  std::vector<spend::SpendRow> rows;
  const auto read = read_spend_rows(common, *window, [&](std::size_t, const spend::SpendRow& row) {
    if (spend::key_of(row, dimensions) != wanted) return;
    const std::scoped_lock lock(mutex);
    rows.push_back(row);
  });
  if (!read) return fail(common, exit_code_of(read.error()), read.error().message);
  std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) { return left.index < right.index; });
  Money sum;
  for (const spend::SpendRow& row : rows) sum += row.cost;
  if (common.json) {
    print_rows_json(rows, sum);
  } else {
    print_rows(rows, sum);
  }
  return kDone;
}

}  // namespace reeve::app
