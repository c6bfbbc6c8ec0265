#include "reeve/spend_page.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

constexpr auto kForecastHistory = std::chrono::days(57);
const std::vector<std::pair<std::string, std::string>> kTables{
    {"model", "model"},   {"team", "team"},           {"person", "person"},  {"repository", "repo"},
    {"client", "client"}, {"work item", "work_item"}, {"feature", "feature"}};

/// Everything on the page, from one pass over the rows.
struct PageSums {
  PageSums(const SpendDocuments& documents, const CallWindow& shown, const spend::MonthSpan& month)
      : window(&shown),
        days({"day", "model"}),
        comparison(*documents.prices, month, std::min(shown.until, month.end), "team"),
        anomalies(documents.alerts),
        advice(*documents.prices, documents.advice) {
    for (const auto& [heading, dimension] : kTables) tables.emplace_back(std::vector{dimension});
  }

  void add(const spend::SpendRow& row) {
    comparison.add(row);
    daily.add(row);
    anomalies.add(row);
    if (row.time < window->since) return;
    days.add(row);
    for (spend::SpendReport& table : tables) table.add(row);
    units.add(row);
    advice.add(row);
  }
  void merge(const PageSums& other) {
    comparison.merge(other.comparison);
    daily.merge(other.daily);
    anomalies.merge(other.anomalies);
    days.merge(other.days);
    for (std::size_t i = 0; i < tables.size(); ++i) tables[i].merge(other.tables[i]);
    units.merge(other.units);
    advice.merge(other.advice);
  }

  const CallWindow* window;
  spend::SpendReport days;
  std::vector<spend::SpendReport> tables;
  spend::MonthComparison comparison;
  spend::DailySpend daily;
  spend::AnomalyFinder anomalies;
  spend::UnitCosts units;
  spend::SavingsAdvice advice;
};

Result<void> write_file(const std::string& name, const std::string& text) {
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  return Error{ErrorCode::kUnavailable, "cannot write " + name};
}

}  // namespace

int write_spend_page(const Common& common, const SpendArguments& arguments, const CallWindow& window) {
  const auto documents = read_spend_documents(common, arguments.prices);
  if (!documents) return fail(common, exit_code_of(documents.error()), documents.error().message);
  const spend::MonthSpan month = spend::month_of(window.until);
  CallWindow wide = window;
  wide.since = std::min({window.since, spend::month_before(month).begin, window.until - kForecastHistory});
  const auto sums = sum_spend_rows(common, wide, [&] { return PageSums(*documents, window, month); });
  if (!sums) return fail(common, exit_code_of(sums.error()), sums.error().message);

  spend::SpendPage page;
  page.title = "AI spend";
  page.period = format_time(window.since).substr(0, 16) + " to " + format_time(window.until).substr(0, 16);
  std::replace(page.period.begin(), page.period.end(), 'T', ' ');
  page.period += " UTC";
  page.total = sums->days.total();
  page.days_by_model = sums->days.groups();
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    page.tables.emplace_back(kTables[i].first, sums->tables[i].groups());
  }
  page.forecast = spend::forecast(sums->daily, window.until);
  page.comparison = sums->comparison.result();
  page.anomalies = sums->anomalies.find(window.since);
  page.units = sums->units.units();
  page.advice = sums->advice.advice();
  const auto written = write_file(arguments.html, spend::spend_page_html(page));
  if (!written) return fail(common, kFailed, written.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("file", arguments.html).member("calls", page.total.calls);
    std::printf("%s\n", json.member("cost_nanos", page.total.cost.nanos).end_object().text().c_str());
  } else {
    std::printf("%s: %s in %llu calls\n", arguments.html.c_str(), format_money(page.total.cost).c_str(),
                static_cast<unsigned long long>(page.total.calls));
  }
  return kDone;
}

}  // namespace reeve::app
