// The `reeve spend` commands that tell more than sums.

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "reeve/commands.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

constexpr auto kForecastHistory = std::chrono::days(57);

int print(const std::string& text) {
  std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
  return kDone;
}

int fail_with(const Common& common, const Error& error) { return fail(common, exit_code_of(error), error.message); }

/// A window that begins where `since` says, whatever was asked for.
CallWindow from(Instant since, Instant until) { return {since, until, until >= system_clock().now()}; }

}  // namespace

int spend_rerate_command(const Common& common, const SpendArguments& arguments) {
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  const auto rerate = sum_spend_rows(common, *window, [&] { return spend::Rerate(*documents->prices); });
  if (!rerate) return fail_with(common, rerate.error());
  if (!common.json) print("Prices: " + documents->prices->version() + "\n");
  print(common.json ? rerate->to_json() : rerate->to_table());
  return rerate->same() ? kDone : kAnswerIsNo;
}

int spend_explain_command(const Common& common, const SpendArguments& arguments) {
  const Instant now = system_clock().now();
  const auto month =
      arguments.month.empty() ? Result<spend::MonthSpan>(spend::month_of(now)) : spend::parse_month(arguments.month);
  if (!month) return fail(common, kWrongUse, "--month: " + month.error().message);
  if (month->begin > now) return fail(common, kWrongUse, "--month: it has not begun");
  std::string dimension = arguments.split_by;
  if (!dimension.empty()) {
    const auto dimensions = spend::parse_dimensions(dimension);
    if (!dimensions) return fail(common, kWrongUse, "--by: " + dimensions.error().message);
    if (dimensions->size() != 1) return fail(common, kWrongUse, "--by: one dimension");
    dimension = dimensions->front();
  }
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  const CallWindow window = from(spend::month_before(*month).begin, std::min(now, month->end));
  const auto sums = sum_spend_rows(common, window, [&] {
    return spend::MonthComparison(*documents->prices, *month, std::min(now, month->end), dimension);
  });
  if (!sums) return fail_with(common, sums.error());
  const auto result = sums->result();
  return print(common.json ? result.to_json() : result.in_words() + "\n" + result.to_table());
}

int spend_forecast_command(const Common& common, const SpendArguments&) {
  const Instant now = system_clock().now();
  const Instant since = std::min(spend::month_of(now).begin, now - kForecastHistory);
  const auto daily = sum_spend_rows(common, from(since, now), [] { return spend::DailySpend(); });
  if (!daily) return fail_with(common, daily.error());
  const spend::Forecast forecast = spend::forecast(*daily, now);
  print(common.json ? forecast.to_json() : forecast.to_table());
  return forecast.possible ? kDone : kAnswerIsNo;
}

int spend_anomalies_command(const Common& common, const SpendArguments& arguments) {
  auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  const Instant since = window->since;
  for (const spend::SpendAlert& alert : documents->alerts) {
    window->since = std::min(window->since, since - std::chrono::days(alert.history_days + 1));
  }
  const auto finder = sum_spend_rows(common, *window, [&] { return spend::AnomalyFinder(documents->alerts); });
  if (!finder) return fail_with(common, finder.error());
  const auto anomalies = finder->find(since);
  print(common.json ? anomalies_json(anomalies) : anomalies_table(anomalies));
  return anomalies.empty() ? kDone : kAnswerIsNo;
}

int spend_units_command(const Common& common, const SpendArguments& arguments) {
  if (!arguments.split_by.empty()) return spend_changes_command(common, arguments);
  if (arguments.csv || arguments.trace || !arguments.html.empty()) {
    return fail(common, kWrongUse, "--csv, --trace and --html go with --by change");
  }
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto units = sum_spend_rows(common, *window, [] { return spend::UnitCosts(); });
  if (!units) return fail_with(common, units.error());
  return print(common.json ? units->to_json() : units->to_table());
}

int spend_advice_command(const Common& common, const SpendArguments& arguments) {
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  const auto advice =
      sum_spend_rows(common, *window, [&] { return spend::SavingsAdvice(*documents->prices, documents->advice); });
  if (!advice) return fail_with(common, advice.error());
  return print(common.json ? advice->to_json() : advice->to_table());
}

int spend_commitments_command(const Common& common, const SpendArguments& arguments) {
  auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  // Whole months: what was drawn down of a part of one says nothing.
  window->since = spend::month_of(window->since).begin;
  const auto use = sum_spend_rows(common, *window, [&] { return spend::CommitmentUse(*documents->prices); });
  if (!use) return fail_with(common, use.error());
  return print(common.json ? use->to_json(window->since, window->until) : use->to_table(window->since, window->until));
}

int spend_export_command(const Common& common, const SpendArguments& arguments) {
  if (arguments.format != "focus") return fail(common, kWrongUse, "--format: there is focus");
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail_with(common, documents.error());
  const auto sums =
      sum_spend_rows(common, *window, [&] { return spend::FocusExport(*documents->prices, arguments.account); });
  if (!sums) return fail_with(common, sums.error());
  const std::string csv = sums->to_csv(window->since, window->until);
  if (arguments.output.empty()) {
    if (common.json) return fail(common, kWrongUse, "--json tells of a file: name one with --output");
    return print(csv);
  }
  std::ofstream file(arguments.output, std::ios::binary | std::ios::trunc);
  file << csv;
  file.close();
  if (!file) return fail(common, kFailed, "cannot write " + arguments.output);
  JsonWriter json;
  json.begin_object().member("file", arguments.output).member("lines", static_cast<std::int64_t>(sums->lines()));
  json.member("billed_nanos", sums->billed().nanos).end_object();
  return print(common.json ? json.take()
                           : arguments.output + ": " + std::to_string(sums->lines()) + " lines, " +
                                 format_money_exact(sums->billed()) + " by calls");
}

}  // namespace reeve::app
