#include <algorithm>
#include <array>
#include <cmath>

#include "core/json.h"
#include "spend/insight.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

constexpr std::int64_t kHistoryDays = 56;
constexpr double kDrawnBy = 2.0;  // days of the class mean that are taken as seen beside the weekday's own
constexpr std::size_t kDaysMin = 3;
constexpr std::size_t kDaysEnough = 14;

std::size_t weekday_of(std::int64_t day) { return static_cast<std::size_t>(((day + 3) % 7 + 7) % 7); }  // 0: Monday
bool is_weekend(std::size_t weekday) { return weekday >= 5; }

/// Student's t for so many degrees of freedom, two-sided 80 % and 95 %: the table of any textbook.
struct Quantiles {
  double t80, t95;
};
Quantiles student(std::size_t freedom) {
  constexpr std::array<Quantiles, 10> kFew{{{3.078, 12.706},
                                            {1.886, 4.303},
                                            {1.638, 3.182},
                                            {1.533, 2.776},
                                            {1.476, 2.571},
                                            {1.440, 2.447},
                                            {1.415, 2.365},
                                            {1.397, 2.306},
                                            {1.383, 2.262},
                                            {1.372, 2.228}}};
  if (freedom == 0) return kFew.front();
  if (freedom <= kFew.size()) return kFew[freedom - 1];
  // From ten on within a percent of this.
  const double n = static_cast<double>(freedom);
  return {1.2816 + 0.90 / n, 1.96 + 2.70 / n};
}

struct Day {
  std::size_t weekday;
  double cost;
};

/// The mean of each weekday, drawn towards its class, and how the days scatter about them.
struct Level {
  std::array<double, 7> means{};
  double variance = 0;        // of one day about its mean
  double level_variance = 0;  // of the mean of a day, from how weeks differ
  std::size_t freedom = 1;
};

Level level_of(const std::vector<Day>& days) {
  Level level;
  std::array<double, 7> sums{};
  std::array<double, 7> counts{};
  std::array<double, 2> class_sums{};
  std::array<double, 2> class_counts{};
  double all = 0;
  for (const Day& day : days) {
    sums[day.weekday] += day.cost;
    counts[day.weekday] += 1;
    class_sums[is_weekend(day.weekday) ? 1 : 0] += day.cost;
    class_counts[is_weekend(day.weekday) ? 1 : 0] += 1;
    all += day.cost;
  }
  for (std::size_t weekday = 0; weekday < 7; ++weekday) {
    const std::size_t of = is_weekend(weekday) ? 1 : 0;
    const double class_mean =
        class_counts[of] > 0 ? class_sums[of] / class_counts[of] : all / static_cast<double>(days.size());
    level.means[weekday] = (sums[weekday] + kDrawnBy * class_mean) / (counts[weekday] + kDrawnBy);
  }
  double squares = 0;
  std::vector<double> week_sums((days.size() + 6) / 7, 0.0);
  std::vector<double> week_days(week_sums.size(), 0.0);
  for (std::size_t i = 0; i < days.size(); ++i) {
    const double residual = days[i].cost - level.means[days[i].weekday];
    squares += residual * residual;
    week_sums[i / 7] += residual;
    week_days[i / 7] += 1;
  }
  level.freedom = std::max<std::size_t>(1, days.size() - std::min<std::size_t>(days.size() - 1, 2));
  level.variance = squares / static_cast<double>(level.freedom);
  // How the mean day of one week lies apart from all weeks: drift and busy weeks, which days alone do not show.
  double week_squares = 0;
  std::size_t weeks = 0;
  for (std::size_t i = 0; i < week_sums.size(); ++i) {
    if (week_days[i] < 4) continue;
    week_squares += week_sums[i] * week_sums[i] / (week_days[i] * week_days[i]);
    ++weeks;
  }
  const double from_days = level.variance / static_cast<double>(days.size());
  level.level_variance =
      weeks < 2 ? level.variance / 3 : std::max(from_days, week_squares / static_cast<double>(weeks - 1));
  return level;
}

/// What share of a day's cost usually comes from this hour's minute on.
double share_after(const std::array<double, 24>& hours, Instant now) {
  double all = 0;
  for (const double hour : hours) all += hour;
  const std::int64_t second = unix_seconds(now) % 86'400;
  const double of_day = 1.0 - static_cast<double>(second) / 86'400.0;
  if (all <= 0) return of_day;
  const auto hour = static_cast<std::size_t>(second / 3600);
  double rest = hours[hour] * (1.0 - static_cast<double>(second % 3600) / 3600.0);
  for (std::size_t later = hour + 1; later < 24; ++later) rest += hours[later];
  return rest / all;
}

Money money_of(double nanos) {
  constexpr double kMost = 9.0e18;
  return Money{static_cast<std::int64_t>(std::llround(std::clamp(nanos, 0.0, kMost)))};
}

std::int64_t sum_of(const std::array<std::int64_t, 24>& hours) {
  std::int64_t sum = 0;
  for (const std::int64_t hour : hours) sum = saturated_sum(sum, hour);
  return sum;
}

}  // namespace

void DailySpend::add(const SpendRow& row) {
  auto& hours = days[day_number(row.time)];
  auto& hour = hours[static_cast<std::size_t>((unix_seconds(row.time) % 86'400 + 86'400) % 86'400 / 3600)];
  hour = saturated_sum(hour, row.cost.nanos);
}

void DailySpend::merge(const DailySpend& other) {
  for (const auto& [day, hours] : other.days) {
    for (std::size_t i = 0; i < hours.size(); ++i) days[day][i] = saturated_sum(days[day][i], hours[i]);
  }
}

Forecast forecast(const DailySpend& spend, Instant now) {
  Forecast result;
  result.month = month_of(now);
  const std::int64_t today = day_number(now);
  const std::int64_t first = day_number(result.month.begin);
  const std::int64_t end = day_number(result.month.end);
  const auto cost_of_day = [&](std::int64_t day) {
    const auto found = spend.days.find(day);
    return found == spend.days.end() ? std::int64_t{0} : sum_of(found->second);
  };
  for (std::int64_t day = first; day <= today; ++day) {
    result.spent.nanos = saturated_sum(result.spent.nanos, cost_of_day(day));
  }
  // Full days, from the first on which anything was spent; days without spend count as such.
  std::vector<Day> history;
  std::array<double, 24> by_hour{};
  const std::int64_t begin = spend.days.empty() ? today : std::max(today - kHistoryDays, spend.days.begin()->first);
  for (std::int64_t day = begin; day < today; ++day) {
    history.push_back({weekday_of(day), static_cast<double>(cost_of_day(day))});
    const auto found = spend.days.find(day);
    for (std::size_t i = 0; i < 24 && found != spend.days.end(); ++i) {
      by_hour[i] += static_cast<double>(found->second[i]);
    }
  }
  if (history.size() < kDaysMin) {
    result.basis = "no forecast: there are " + counted(history.size(), "full day", "full days") + " of records, and " +
                   std::to_string(kDaysMin) + " are needed";
    return result;
  }
  const Level level = level_of(history);
  double days_left = share_after(by_hour, now);
  double rest = days_left * level.means[weekday_of(today)];
  for (std::int64_t day = today + 1; day < end; ++day) {
    rest += level.means[weekday_of(day)];
    days_left += 1;
  }
  const double deviation = std::sqrt(days_left * level.variance + days_left * days_left * level.level_variance);
  const Quantiles t = student(level.freedom);
  const double spent = static_cast<double>(result.spent.nanos);
  const auto at_least_spent = [&](double nanos) { return money_of(std::max(nanos, spent)); };
  result.possible = true;
  result.expected = money_of(spent + rest);
  result.low80 = at_least_spent(spent + rest - t.t80 * deviation);
  result.high80 = money_of(spent + rest + t.t80 * deviation);
  result.low95 = at_least_spent(spent + rest - t.t95 * deviation);
  result.high95 = money_of(spent + rest + t.t95 * deviation);
  result.basis = "rests on " + counted(history.size(), "full day", "full days");
  if (history.size() < kDaysEnough) result.basis += ", which is little: take it as a guess";
  return result;
}

std::string Forecast::to_table() const {
  std::string text = month.name + ": " + format_money(spent) + " so far.\n";
  if (!possible) return text + "There is " + basis + ".\n";
  text += "Expected to the end of the month: " + format_money(expected) + "\n";
  text += "  four times of five between " + format_money(low80) + " and " + format_money(high80) + "\n";
  text += "  nineteen of twenty between " + format_money(low95) + " and " + format_money(high95) + "\n";
  return text + "It " + basis + ".\n";
}

std::string Forecast::to_json() const {
  JsonWriter json;
  json.begin_object().member("month", month.name).member("spent_nanos", spent.nanos).member("possible", possible);
  json.member("basis", basis);
  if (possible) {
    json.member("expected_nanos", expected.nanos).member("low80_nanos", low80.nanos);
    json.member("high80_nanos", high80.nanos).member("low95_nanos", low95.nanos).member("high95_nanos", high95.nanos);
  }
  return json.end_object().take();
}

}  // namespace reeve::spend
