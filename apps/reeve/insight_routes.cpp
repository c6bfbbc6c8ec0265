#include "reeve/insight_routes.h"

#include <algorithm>

#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/ledger_routes.h"
#include "reeve/list_page.h"
#include "reeve/spend_index.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr auto kForecastHistory = std::chrono::days(57);
constexpr std::uint64_t kFlowsMax = 1'000;
constexpr auto kTimeMax = std::chrono::seconds(10);

Common common_of(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  return common;
}

std::string value_or(const ApiRequest& request, std::string_view name, std::string_view fallback) {
  const auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::string(fallback) : found->second;
}

/// Counts what goes into a sum, so that the record says of how much was read.
template <typename Sum>
struct Counted {
  Sum sum;
  std::uint64_t calls = 0;
  void add(const spend::SpendRow& row) {
    sum.add(row);
    ++calls;
  }
  void merge(const Counted& other) {
    sum.merge(other.sum);
    calls += other.calls;
  }
};

Result<ComparedMonths> compare_months(const Sources& sources, const CallWindow& window, const spend::Catalogue& prices,
                                      const MonthsAsked& asked) {
  const auto index = index_for_sums(*sources.ledger.index);
  if (!index) return index.error();
  if (*index != nullptr) return compare_months_of(**index, prices, asked);
  const auto compared = sum_spend_rows(common_of(sources), window, [&] {
    return Counted<spend::MonthComparison>{spend::MonthComparison(prices, asked.after, asked.until, asked.dimension)};
  });
  if (!compared) return compared.error();
  return ComparedMonths{compared->sum.result(), compared->calls};
}

Result<Counted<spend::DailySpend>> daily_spend(const Sources& sources, const CallWindow& window) {
  using Sum = Counted<spend::DailySpend>;
  const auto index = index_for_sums(*sources.ledger.index);
  if (!index) return index.error();
  if (*index == nullptr) return sum_spend_rows(common_of(sources), window, [] { return Sum(); });
  Sum sum;
  const auto added = add_days(**index, window, sum.sum);
  if (!added) return added.error();
  sum.calls = *added;
  return sum;
}

Result<Counted<spend::SavingsAdvice>> advice_on(const Sources& sources, const CallWindow& window,
                                                const SpendDocuments& documents) {
  using Sum = Counted<spend::SavingsAdvice>;
  Sum sum{spend::SavingsAdvice(*documents.prices, documents.advice)};
  const auto index = index_for_sums(*sources.ledger.index);
  if (!index) return index.error();
  if (*index == nullptr) return sum_spend_rows(common_of(sources), window, [&] { return sum; });
  const auto added = add_advice(**index, window, documents.advice, sum.sum);
  if (!added) return added.error();
  sum.calls = *added;
  return sum;
}

}  // namespace

ApiAnswer explain_spend(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const std::string named = value_or(request, "month", "");
  const auto month = named.empty() ? Result<spend::MonthSpan>(spend::month_of(now)) : spend::parse_month(named);
  if (!month) return problem_of(month.error());
  if (month->begin > now) return problem(400, "Bad request", "'month' has not begun.");
  std::string dimension = value_or(request, "by", "");
  if (!dimension.empty()) {
    const auto dimensions = spend::parse_dimensions(dimension);
    if (!dimensions) return problem_of(dimensions.error());
    if (dimensions->size() != 1) return problem(400, "Bad request", "'by' is one dimension here.");
    dimension = dimensions->front();
  }
  const auto documents = read_spend_documents(common_of(sources), "");
  if (!documents) return problem_of(documents.error());
  const CallWindow window{spend::month_before(*month).begin, std::min(now, month->end), month->end >= now};
  const auto compared =
      compare_months(sources, window, *documents->prices, {*month, std::min(now, month->end), dimension});
  if (!compared) return problem_of(compared.error());
  const auto& result = compared->comparison;
  JsonWriter json;
  json.begin_object().key("comparison").raw(result.to_json()).member("in_words", result.in_words()).end_object();
  return recorded(sources.ledger,
                  {request.who, asked_of(request), "GET /api/v1/spend/changes", compared->calls, {}, {}}, json.take());
}

ApiAnswer forecast_spend(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const CallWindow window{std::min(spend::month_of(now).begin, now - kForecastHistory), now, true};
  const auto daily = daily_spend(sources, window);
  if (!daily) return problem_of(daily.error());
  return recorded(sources.ledger, {request.who, "", "GET /api/v1/spend/forecast", daily->calls, {}, {}},
                  spend::forecast(daily->sum, now).to_json());
}

ApiAnswer advise_on_spend(const Sources& sources, const ApiRequest& request) {
  const auto window = CallWindow::parse(value_or(request, "since", "30d"), value_or(request, "until", ""));
  if (!window) return problem(400, "Bad request", window.error().message);
  const auto documents = read_spend_documents(common_of(sources), "");
  if (!documents) return problem_of(documents.error());
  const auto advice = advice_on(sources, *window, *documents);
  if (!advice) return problem_of(advice.error());
  return recorded(sources.ledger, {request.who, asked_of(request), "GET /api/v1/spend/advice", advice->calls, {}, {}},
                  advice->sum.to_json());
}

ApiAnswer list_content_flows(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto since = parse_since(value_or(request, "since", "30d"), now);
  if (!since) return problem_of(with_context(since.error(), "since"));
  const auto index = sources.ledger.index->index();
  if (!index) return problem_of(index.error());
  const std::string from = "make_timestamp(" + std::to_string(since->nanoseconds / 1000) + "::BIGINT)";
  // What was refused did not leave: it is counted apart.
  const std::string sql =
      "SELECT found AS type, coalesce(provider, '') AS provider, coalesce(region, '') AS region, "
      "coalesce(model_served, model_asked) AS model, count(*) AS calls, "
      "count(*) FILTER (WHERE enforced = 'deny') AS refused, count(*) FILTER (WHERE enforced = 'redact') AS redacted, "
      "count(DISTINCT person) AS people FROM (SELECT unnest(findings) AS found, * EXCLUDE (findings) FROM calls "
      "WHERE findings IS NOT NULL AND \"time\" >= " +
      from + ") GROUP BY ALL ORDER BY calls DESC, type, model";
  auto rows = (*index)->select(sql, {}, kFlowsMax, kTimeMax);
  if (!rows) return problem_of(rows.error());
  JsonWriter json;
  json.begin_object().member("cut", rows->is_cut).key("flows");
  write_rows(json, *rows);
  return recorded(sources.ledger,
                  {request.who, asked_of(request), "GET /api/v1/content/flows", rows->rows.size(), {}, {}},
                  json.end_object().take());
}

std::vector<ApiRoute> insight_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {
      {.path = "/api/v1/spend/changes",
       .summary = "Why a month costs more or less than the one before",
       .permission = Permission::kReadSpend,
       .answer = explain_spend,
       .gives = "SpendChanges",
       .effect = kRecordedRead,
       .parameters = {{"month", "As 2026-11; the current one without it", R"({"type":"string","example":"2026-11"})"},
                      {"by", "One dimension to split by"}}},
      {.path = "/api/v1/spend/forecast",
       .summary = "What the month will come to",
       .permission = Permission::kReadSpend,
       .answer = forecast_spend,
       .gives = "Forecast",
       .effect = kRecordedRead},
      {.path = "/api/v1/spend/advice",
       .summary = "Who could have used a cheaper model",
       .permission = Permission::kReadSpend,
       .answer = advise_on_spend,
       .gives = "SavingsAdvice",
       .effect = kRecordedRead,
       .parameters = {kSinceParameter, kUntilParameter}},
      {.path = "/api/v1/content/flows",
       .summary = "What was found in requests, and where they went",
       .permission = Permission::kReadLedger,
       .answer = list_content_flows,
       .gives = "ContentFlows",
       .effect = kRecordedRead,
       .parameters = {kSinceParameter}}};
}

}  // namespace reeve::app
