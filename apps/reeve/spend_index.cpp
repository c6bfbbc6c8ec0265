#include "reeve/spend_index.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "core/bytes.h"

namespace reeve::app {

namespace {

using spend::SpendGroup;
using spend::SpendRow;

constexpr std::int64_t kMicrosecondsOfHour = std::int64_t{3'600} * 1'000'000;
constexpr auto kTimeMax = std::chrono::seconds(20);
constexpr std::uint64_t kGroupsMax = 1'000'000;
constexpr std::uint64_t kRowsAtOnce = 50'000;

/// Columns that are texts, and where a row of spend has them.
struct TextColumn {
  std::string_view name;
  std::string SpendRow::* text;
};
constexpr std::array kTexts{TextColumn{"session", &SpendRow::session},
                            TextColumn{"person", &SpendRow::person},
                            TextColumn{"team", &SpendRow::team},
                            TextColumn{"client", &SpendRow::client},
                            TextColumn{"repo", &SpendRow::repo},
                            TextColumn{"feature", &SpendRow::feature},
                            TextColumn{"work_item", &SpendRow::work_item},
                            TextColumn{"agent", &SpendRow::agent},
                            TextColumn{"model_asked", &SpendRow::asked},
                            TextColumn{"model_served", &SpendRow::model},
                            TextColumn{"provider", &SpendRow::provider},
                            TextColumn{"region", &SpendRow::region},
                            TextColumn{"price_provider", &SpendRow::price_provider},
                            TextColumn{"price_model", &SpendRow::price_model},
                            TextColumn{"price_version", &SpendRow::price_version}};
/// Of these a price is found again; the tier of service besides.
constexpr std::array kOfPrice{TextColumn{"model_asked", &SpendRow::asked},
                              TextColumn{"model_served", &SpendRow::model},
                              TextColumn{"provider", &SpendRow::provider},
                              TextColumn{"region", &SpendRow::region},
                              TextColumn{"price_provider", &SpendRow::price_provider},
                              TextColumn{"price_model", &SpendRow::price_model},
                              TextColumn{"price_version", &SpendRow::price_version}};

struct TokenColumn {
  std::string_view name;
  std::int64_t TokenUsage::* count;
};
constexpr std::array kTokens{TokenColumn{"input_tokens", &TokenUsage::input},
                             TokenColumn{"cache_read_tokens", &TokenUsage::cache_read},
                             TokenColumn{"cache_write_5m_tokens", &TokenUsage::cache_write_5m},
                             TokenColumn{"cache_write_1h_tokens", &TokenUsage::cache_write_1h},
                             TokenColumn{"output_tokens", &TokenUsage::output},
                             TokenColumn{"reasoning_tokens", &TokenUsage::reasoning},
                             TokenColumn{"input_audio_tokens", &TokenUsage::input_audio},
                             TokenColumn{"output_audio_tokens", &TokenUsage::output_audio},
                             TokenColumn{"web_searches", &TokenUsage::web_searches}};
constexpr std::array<std::string_view, 5> kCounts{"calls", "refused", "priced", "estimated", "unknown_prices"};

/// The name that a report gives a model: the one that answered, else the one that was asked for.
constexpr std::string_view kModel = "coalesce(model_served, model_asked)";
constexpr std::string_view kIsOutcome = "intent IS DISTINCT FROM seq";

std::string time_sql(std::int64_t microseconds) {
  return "make_timestamp(" + std::to_string(microseconds) + "::BIGINT)";
}
/// Times of the index are whole microseconds: the first that is not before, and the last that is not after.
std::int64_t microseconds_from(Instant when) { return (when.nanoseconds + 999) / 1'000; }
std::int64_t microseconds_to(Instant when) { return when.nanoseconds / 1'000; }

std::string during(std::string_view column, std::int64_t from, std::int64_t to) {
  const std::string name = "\"" + std::string(column) + "\"";
  return name + " >= " + time_sql(from) + " AND " + name + " <= " + time_sql(to);
}

/// A table with the columns of `spend` that reports are made of: outcomes of the window.
std::string source_sql(Instant since, Instant until) {
  const std::int64_t from = microseconds_from(since);
  const std::int64_t to = microseconds_to(until);
  const std::int64_t first_hour = (from + kMicrosecondsOfHour - 1) / kMicrosecondsOfHour * kMicrosecondsOfHour;
  const std::int64_t end_hour = (to + 1) / kMicrosecondsOfHour * kMicrosecondsOfHour;
  const bool has_hours = first_hour < end_hour;
  std::string of_calls = "date_trunc('hour', \"time\") AS hour";
  std::string of_hours = "hour";
  for (const TextColumn& column : kTexts) {
    of_calls.append(", ").append(column.name);
    of_hours.append(", ").append(column.name);
  }
  of_calls +=
      ", service_tier, 1::BIGINT AS calls, coalesce(status = 'refused', FALSE)::BIGINT AS refused, "
      "(cost_nanos IS NOT NULL)::BIGINT AS priced, coalesce(cost_estimated, FALSE)::BIGINT AS estimated, "
      "coalesce(NOT price_known, FALSE)::BIGINT AS unknown_prices";
  of_hours += ", service_tier";
  for (const std::string_view count : kCounts) of_hours.append(", ").append(count);
  for (const TokenColumn& column : kTokens) {
    of_calls.append(", coalesce(").append(column.name).append(", 0) AS ").append(column.name);
    of_hours.append(", ").append(column.name);
  }
  of_calls += ", coalesce(cost_nanos, 0) AS cost_nanos";
  of_hours += ", cost_nanos";
  const std::string calls = "SELECT " + of_calls + " FROM all_calls WHERE " + std::string(kIsOutcome) + " AND ";
  if (!has_hours) return "(" + calls + during("time", from, to) + ")";
  return "(SELECT " + of_hours + " FROM all_spend WHERE calls > 0 AND " + during("hour", first_hour, end_hour - 1) +
         " UNION ALL " + calls + during("time", from, first_hour - 1) + " UNION ALL " + calls +
         during("time", end_hour, to) + ")";
}

/// Sums that no bill reaches end at the largest number, as a scan's do.
std::string sum_sql(std::string_view column) {
  return "least(sum(" + std::string(column) + "), 9223372036854775807)::BIGINT";
}
std::string sums_sql() {
  std::string sql;
  for (const std::string_view count : kCounts) sql += (sql.empty() ? "" : ", ") + sum_sql(count);
  for (const TokenColumn& column : kTokens) sql += ", " + sum_sql(column.name);
  return sql + ", " + sum_sql("cost_nanos");
}

std::string key_sql(std::string_view dimension) {
  if (dimension == "model") return "coalesce(" + std::string(kModel) + ", '')";
  if (dimension == "day") return "strftime(date_trunc('day', hour), '%Y-%m-%d')";
  if (dimension == "hour") return "strftime(hour, '%Y-%m-%dT%H')";
  if (dimension == "month") return "strftime(date_trunc('month', hour), '%Y-%m')";
  return "coalesce(\"" + std::string(dimension) + "\", '')";
}
/// What stands in GROUP BY for it: times as numbers, since there are many.
std::string group_sql(std::string_view dimension) {
  if (dimension == "day" || dimension == "month") return "date_trunc('" + std::string(dimension) + "', hour)";
  return dimension == "hour" ? "hour" : key_sql(dimension);
}

/// Cells of a row, one after the other.
class Cells {
 public:
  explicit Cells(const std::vector<ledger::IndexCell>& cells) : cells_(cells) {}
  std::string text() {
    const auto* text = std::get_if<std::string>(&cells_[at_++]);
    return text == nullptr ? std::string() : *text;
  }
  std::int64_t number() {
    const auto* number = std::get_if<std::int64_t>(&cells_[at_++]);
    return number == nullptr ? 0 : *number;
  }
  std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  std::optional<bool> flag() {
    const auto* flag = std::get_if<bool>(&cells_[at_++]);
    return flag == nullptr ? std::nullopt : std::optional(*flag);
  }
  void usage(TokenUsage& usage) {
    for (const TokenColumn& column : kTokens) usage.*column.count = number();
  }

 private:
  const std::vector<ledger::IndexCell>& cells_;
  std::size_t at_ = 0;
};

struct Sums {
  std::uint64_t calls = 0, refused = 0, priced = 0, estimated = 0, unknown_prices = 0;
  TokenUsage usage;
  Money cost;
  explicit Sums(Cells& cells) {
    calls = cells.count();
    refused = cells.count();
    priced = cells.count();
    estimated = cells.count();
    unknown_prices = cells.count();
    cells.usage(usage);
    cost.nanos = cells.number();
  }
};

Result<ledger::IndexRows> ask(ledger::Index& index, const std::string& sql,
                              const std::vector<std::string>& parameters = {}) {
  auto rows = index.select(sql, parameters, kGroupsMax, kTimeMax);
  if (rows && rows->is_cut) {
    return Error{ErrorCode::kInvalid, "there are more than " + std::to_string(kGroupsMax) +
                                          " groups; ask for a shorter time or fewer dimensions"};
  }
  return rows;
}

/// Rows of calls in portions, so that memory stays bounded. `sql` selects the seq first and lacks its end.
Result<void> each_row(ledger::Index& index, const std::string& sql, const std::vector<std::string>& parameters,
                      const std::function<void(Cells&)>& take) {
  std::int64_t next = 0;
  while (true) {
    auto rows =
        index.select(sql + " AND seq >= " + std::to_string(next) + " ORDER BY seq LIMIT " + std::to_string(kRowsAtOnce),
                     parameters, kRowsAtOnce, kTimeMax);
    if (!rows) return std::move(rows).error();
    for (const auto& one : rows->rows) {
      Cells cells(one);
      take(cells);
      next = std::max(next, std::get<std::int64_t>(one.front()) + 1);
    }
    if (rows->rows.size() < kRowsAtOnce) return {};
  }
}

std::optional<ServiceTier> tier_of(const std::string& name) {
  return name.empty() ? std::nullopt : spend::service_tier_of(name);
}

}  // namespace

Result<std::shared_ptr<ledger::Index>> index_for_sums(IndexThread& thread) {
  std::error_code ignored;
  static const bool has_library = std::filesystem::exists(ledger::index_library(), ignored);
  if (!has_library) return std::shared_ptr<ledger::Index>();
  return thread.index();
}

Result<SpendGroups> spend_groups_of(ledger::Index& index, const CallWindow& window,
                                    const std::vector<std::string>& dimensions) {
  std::string keys;
  std::string groups;
  for (const std::string& dimension : dimensions) {
    keys += key_sql(dimension) + ", ";
    groups += (groups.empty() ? "" : ", ") + group_sql(dimension);
  }
  auto rows = ask(
      index, "SELECT " + keys + sums_sql() + " FROM " + source_sql(window.since, window.until) + " GROUP BY " + groups);
  if (!rows) return std::move(rows).error();
  SpendGroups report;
  for (const auto& one : rows->rows) {
    Cells cells(one);
    SpendGroup group;
    for (std::size_t i = 0; i < dimensions.size(); ++i) group.key.push_back(cells.text());
    const Sums sums(cells);
    group.calls = sums.calls;
    group.refused = sums.refused;
    group.estimated = sums.estimated;
    group.unknown_prices = sums.unknown_prices;
    group.usage = sums.usage;
    group.cost = sums.cost;
    report.groups.push_back(std::move(group));
  }
  spend::sort_groups(report.groups);
  report.total = spend::total_of(report.groups);
  return report;
}

Result<std::uint64_t> add_days(ledger::Index& index, const CallWindow& window, spend::DailySpend& days) {
  auto rows =
      ask(index, "SELECT epoch_us(hour) // " + std::to_string(kMicrosecondsOfHour) + ", " + sum_sql("calls") + ", " +
                     sum_sql("cost_nanos") + " FROM " + source_sql(window.since, window.until) + " GROUP BY hour");
  if (!rows) return std::move(rows).error();
  std::uint64_t calls = 0;
  for (const auto& one : rows->rows) {
    Cells cells(one);
    const std::int64_t hour = cells.number();
    calls += cells.count();
    days.days[hour / 24][static_cast<std::size_t>(hour % 24)] += cells.number();
  }
  return calls;
}

// ---- Months ----

namespace {

/// What sums of one month are made by: all that a price is found by, the dimension, and the day, or hour if that is it.
struct MonthSums {
  spend::SummedRow sum;
  std::uint64_t priced = 0;        // of the calls
  std::vector<std::string> price;  // the values of kOfPrice and the tier
};

std::string SpendRow::* field_of(std::string_view dimension) {
  const auto* found =
      std::find_if(kTexts.begin(), kTexts.end(), [&](const TextColumn& column) { return column.name == dimension; });
  return found == kTexts.end() ? nullptr : found->text;  // the model, which is read anyhow, or a time
}

Result<std::vector<MonthSums>> sums_of_month(ledger::Index& index, const spend::MonthSpan& span,
                                             const std::string& dimension) {
  const Instant last = span.end - Duration(1);
  if (last < span.begin) return std::vector<MonthSums>{};
  const std::string period = dimension == "hour" ? "hour" : "date_trunc('day', hour)";
  std::string SpendRow::* const field = field_of(dimension);
  std::string keys = period;
  std::string selected = "epoch_us(" + period + "), epoch_us(min(hour)), epoch_us(max(hour))";
  for (const TextColumn& column : kOfPrice) keys.append(", ").append(column.name);
  keys += ", service_tier";
  for (const TextColumn& column : kOfPrice) selected.append(", ").append(column.name);
  selected += ", service_tier, " + (field != nullptr ? key_sql(dimension) : std::string("''"));
  if (field != nullptr) keys += ", " + key_sql(dimension);
  auto rows = ask(
      index, "SELECT " + selected + ", " + sums_sql() + " FROM " + source_sql(span.begin, last) + " GROUP BY " + keys);
  if (!rows) return std::move(rows).error();
  std::vector<MonthSums> all;
  for (const auto& one : rows->rows) {
    Cells cells(one);
    MonthSums sums;
    SpendRow& row = sums.sum.row;
    cells.number();
    sums.sum.first = std::max(Instant{cells.number() * 1'000}, span.begin);
    sums.sum.last = std::min(Instant{(cells.number() + kMicrosecondsOfHour) * 1'000} - Duration(1), last);
    for (const TextColumn& column : kOfPrice) sums.price.push_back(row.*column.text = cells.text());
    sums.price.push_back(cells.text());
    row.service_tier = tier_of(sums.price.back());
    const std::string key = cells.text();
    if (field != nullptr) row.*field = key;
    if (row.model.empty()) row.model = row.asked;
    const Sums read(cells);
    sums.sum.calls = read.calls;
    sums.priced = read.priced;
    row.priced = read.priced > 0;
    row.usage = read.usage;
    row.cost = read.cost;
    row.time = sums.sum.first;
    all.push_back(std::move(sums));
  }
  return all;
}

/// The calls of a month with prices of which sums do not tell enough, one by one.
Result<void> add_month_rows(ledger::Index& index, const spend::MonthSpan& span, const std::vector<std::string>& price,
                            const std::string& dimension, spend::MonthComparison& comparison) {
  std::string SpendRow::* const field = field_of(dimension);
  std::string sql = "SELECT seq, epoch_us(\"time\"), cost_nanos IS NOT NULL, coalesce(cost_nanos, 0), " +
                    (field != nullptr ? key_sql(dimension) : std::string("''"));
  for (const TokenColumn& column : kTokens) sql.append(", ").append(column.name);
  sql += " FROM all_calls WHERE " + std::string(kIsOutcome) + " AND " +
         during("time", microseconds_from(span.begin), microseconds_to(span.end - Duration(1)));
  for (std::size_t i = 0; i < price.size(); ++i) {
    const std::string_view name = i < kOfPrice.size() ? kOfPrice[i].name : "service_tier";
    sql += " AND coalesce(" + std::string(name) + ", '') = $" + std::to_string(i + 1);
  }
  return each_row(index, sql, price, [&](Cells& cells) {
    SpendRow row;
    row.index = cells.count();
    row.time = Instant{cells.number() * 1'000};
    row.priced = cells.flag().value_or(false);
    row.cost.nanos = cells.number();
    const std::string key = cells.text();
    if (field != nullptr) row.*field = key;
    cells.usage(row.usage);
    for (std::size_t i = 0; i < kOfPrice.size(); ++i) row.*kOfPrice[i].text = price[i];
    row.service_tier = tier_of(price.back());
    if (row.model.empty()) row.model = row.asked;
    comparison.add(row);
  });
}

}  // namespace

Result<ComparedMonths> compare_months_of(ledger::Index& index, const spend::Catalogue& prices,
                                         const MonthsAsked& asked) {
  spend::PricesOfSums of_sums(prices, spend::month_before(asked.after), asked.after.begin);
  const spend::MonthComparison empty(of_sums, asked.after, asked.until, asked.dimension);
  spend::MonthComparison comparison = empty;
  const auto spans = empty.result();
  ComparedMonths compared;
  for (const spend::MonthSpan& span : {spans.before, spans.after}) {
    auto all = sums_of_month(index, span, asked.dimension);
    if (!all) return std::move(all).error();
    // First which prices cannot be told by sums: their calls are all taken one by one.
    std::set<std::vector<std::string>> by_row;
    spend::MonthComparison probe = empty;
    for (const MonthSums& sums : *all) {
      compared.calls += sums.sum.calls;
      const bool mixed = sums.priced > 0 && sums.priced < sums.sum.calls;
      if (mixed || !of_sums.add_to(probe, sums.sum)) by_row.insert(sums.price);
    }
    for (const MonthSums& sums : *all) {
      if (!by_row.contains(sums.price)) static_cast<void>(of_sums.add_to(comparison, sums.sum));
    }
    for (const auto& price : by_row) {
      if (auto added = add_month_rows(index, span, price, asked.dimension, comparison); !added) {
        return std::move(added).error();
      }
    }
  }
  compared.comparison = comparison.result();
  return compared;
}

// ---- Advice ----

namespace {

std::string text_sql(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

/// Whether a call has the shape of the rule, as far as it can be told without prices.
std::string shape_sql(const spend::AdviceRule& rule) {
  std::string sql =
      "status = 'ok' AND operation IS DISTINCT FROM 'embed' AND coalesce(price_known, TRUE) AND "
      "tools IS NOT NULL AND read <= " +
      std::to_string(rule.input_max) + " AND written > 0 AND written <= " + std::to_string(rule.output_max);
  if (!rule.tools) sql += " AND NOT tools";
  if (!rule.thinking) sql += " AND NOT coalesce(thinking, FALSE) AND coalesce(reasoning_tokens, 0) = 0";
  return "coalesce(" + sql + ", FALSE)";
}

/// For each rule the models that it is the first for.
using ModelsOfRules = std::map<std::size_t, std::vector<std::string>>;

Result<ModelsOfRules> models_of_rules(ledger::Index& index, const CallWindow& window,
                                      const std::vector<spend::AdviceRule>& rules, spend::SavingsAdvice& advice,
                                      std::uint64_t& calls) {
  auto rows = ask(index, "SELECT " + key_sql("model") + ", " + sum_sql("calls") + ", " + sum_sql("cost_nanos") +
                             " FROM " + source_sql(window.since, window.until) + " GROUP BY " + key_sql("model"));
  if (!rows) return std::move(rows).error();
  ModelsOfRules models;
  for (const auto& one : rows->rows) {
    Cells cells(one);
    const std::string model = cells.text();
    calls += cells.count();
    const Money cost{cells.number()};
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const spend::AdviceRule& each) { return glob_match(each.from, model); });
    if (rule == rules.end()) continue;
    advice.looked_at += cost;
    models[static_cast<std::size_t>(rule - rules.begin())].push_back(model);
  }
  return models;
}

}  // namespace

Result<std::uint64_t> add_advice(ledger::Index& index, const CallWindow& window,
                                 const std::vector<spend::AdviceRule>& rules, spend::SavingsAdvice& advice) {
  std::uint64_t calls = 0;
  const auto models = models_of_rules(index, window, rules, advice, calls);
  if (!models) return models.error();
  if (models->empty()) return calls;
  const Money looked_at = advice.looked_at;
  std::string fits;
  std::string named;
  for (const auto& [rule, names] : *models) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + text_sql(name);
    fits += " WHEN model IN (" + list + ") THEN " + shape_sql(rules[rule]);
    named += (named.empty() ? "" : ", ") + list;
  }
  std::string tokens;
  for (const TokenColumn& column : kTokens) tokens.append(", ").append(column.name);
  // A cached call counts only where all calls of its session to its model fit.
  const std::string sql =
      "WITH looked AS (SELECT *, " + std::string(kModel) +
      " AS model, coalesce(input_tokens, 0) + coalesce(cache_read_tokens, 0) + coalesce(cache_write_5m_tokens, 0) + "
      "coalesce(cache_write_1h_tokens, 0) AS read, coalesce(output_tokens, 0) AS written FROM all_calls WHERE " +
      std::string(kIsOutcome) + " AND " +
      during("time", microseconds_from(window.since), microseconds_to(window.until)) +
      " AND cost_nanos IS NOT NULL AND status IS DISTINCT FROM 'refused' AND " + std::string(kModel) + " IN (" + named +
      ")), shaped AS (SELECT *, CASE" + fits +
      " ELSE FALSE END AS fits, read <> coalesce(input_tokens, 0) AS cached FROM looked), "
      "unfit AS (SELECT DISTINCT model, session FROM shaped WHERE NOT fits AND session IS NOT NULL) "
      "SELECT seq, epoch_us(\"time\"), team, person, session, model, provider, region, price_provider, price_model, "
      "model_asked, service_tier, tools, coalesce(thinking, FALSE), cost_nanos" +
      tokens +
      " FROM shaped WHERE fits AND (NOT cached OR (session IS NOT NULL AND (model, session) NOT IN (SELECT (model, "
      "session) FROM unfit)))";
  const auto added = each_row(index, sql, {}, [&](Cells& cells) {
    SpendRow row;
    row.index = cells.count();
    row.time = Instant{cells.number() * 1'000};
    for (std::string* const text : {&row.team, &row.person, &row.session, &row.model, &row.provider, &row.region,
                                    &row.price_provider, &row.price_model, &row.asked}) {
      *text = cells.text();
    }
    row.service_tier = tier_of(cells.text());
    row.tools = cells.flag().value_or(false);
    row.thinking = cells.flag().value_or(false);
    row.cost.nanos = cells.number();
    cells.usage(row.usage);
    row.priced = row.shape_known = true;
    row.status = "ok";
    advice.add(row);
  });
  advice.looked_at = looked_at;
  if (!added) return added.error();
  return calls;
}

}  // namespace reeve::app
