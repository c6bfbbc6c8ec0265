#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "spend/report_text.h"
#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;

const Instant kNow = *parse_time("2026-11-16T12:00:00Z");

void spend_on(DailySpend& spend, std::int64_t day, double dollars) {
  spend.days[day][12] = std::llround(dollars * 1e9);
}

/// Workdays of about a hundred dollars, weekends of about ten, scattered by a fifth or so and drifting a little.
double day_cost(Numbers& numbers, std::int64_t day, double level) {
  const bool weekend = (day + 3) % 7 >= 5;
  const double scatter = numbers.unit() + numbers.unit() + numbers.unit() - 1.5;
  return level * (weekend ? 10 : 100) * std::exp(0.4 * scatter);
}

TEST(Forecast, KnowsWeekdays) {
  DailySpend spend;
  const std::int64_t today = day_number(kNow);
  for (std::int64_t day = today - 56; day < today; ++day) spend_on(spend, day, (day + 3) % 7 >= 5 ? 0 : 100);
  const Forecast result = forecast(spend, kNow);
  ASSERT_TRUE(result.possible);
  // November 2026: ten workdays before the 16th, and eleven from it on, the 16th included.
  EXPECT_EQ(result.spent.nanos, 1'000'000'000'000);
  EXPECT_NEAR(static_cast<double>(result.expected.nanos) / 1e9, 2100, 5);
  EXPECT_LE(result.low80, result.expected);
  EXPECT_LE(result.expected, result.high80);
}

TEST(Forecast, IntervalsHoldAsOftenAsTheySay) {
  int within80 = 0;
  int within95 = 0;
  constexpr int kMonths = 400;
  for (int i = 0; i < kMonths; ++i) {
    Numbers numbers(static_cast<std::uint64_t>(i) + 17);
    DailySpend spend;
    const std::int64_t today = day_number(kNow);
    const MonthSpan month = month_of(kNow);
    double whole = 0;
    for (std::int64_t day = today - 56; day < day_number(month.end); ++day) {
      const double cost = day_cost(numbers, day, 1.0);
      if (day < today) spend_on(spend, day, cost);
      if (day >= day_number(month.begin)) whole += cost;
    }
    // At midnight, so that the day that has begun is all ahead.
    const Forecast result = forecast(spend, day_begin(today));
    ASSERT_TRUE(result.possible);
    const double nanos = whole * 1e9;
    const auto in = [&](Money low, Money high) {
      return nanos >= static_cast<double>(low.nanos) && nanos <= static_cast<double>(high.nanos);
    };
    within80 += in(result.low80, result.high80) ? 1 : 0;
    within95 += in(result.low95, result.high95) ? 1 : 0;
  }
  EXPECT_GE(within80, kMonths * 75 / 100);
  EXPECT_GE(within95, kMonths * 92 / 100);
  EXPECT_LE(within80, kMonths * 97 / 100) << "an interval that always holds says nothing";
}

TEST(Forecast, IsHonestAboutLittleData) {
  DailySpend spend;
  EXPECT_FALSE(forecast(spend, kNow).possible);
  const std::int64_t today = day_number(kNow);
  spend_on(spend, today - 2, 50);
  spend_on(spend, today - 1, 50);
  EXPECT_FALSE(forecast(spend, kNow).possible);
  EXPECT_THAT(forecast(spend, kNow).basis, HasSubstr("2 full days"));
  spend_on(spend, today - 4, 60);
  const Forecast few = forecast(spend, kNow);
  ASSERT_TRUE(few.possible);
  EXPECT_THAT(few.basis, HasSubstr("take it as a guess"));
  EXPECT_GT(few.high95.nanos - few.low95.nanos, few.expected.nanos / 4);
  EXPECT_GE(few.low95, few.spent);
}

AnomalyFinder finder() { return AnomalyFinder(default_alerts()); }

SpendRow costing(const std::string& person, std::int64_t day, double dollars, const std::string& session = "") {
  SpendRow row;
  row.person = person;
  row.session = session;
  row.time = day_begin(day);
  row.cost.nanos = std::llround(dollars * 1e9);
  return row;
}

TEST(Anomalies, ADayFarAboveAPersonsOwnIsTold) {
  AnomalyFinder all = finder();
  const std::int64_t today = day_number(kNow);
  for (std::int64_t day = today - 20; day < today; ++day)
    all.add(costing("ann", day, 8.0 + static_cast<double>(day % 5)));
  all.add(costing("ann", today, 250));
  const auto found = all.find(day_begin(today));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "ann");
  EXPECT_EQ(found[0].day, "2026-11-16");
  EXPECT_FALSE(found[0].by_peers);
  EXPECT_NEAR(static_cast<double>(found[0].usual.nanos) / 1e9, 10, 0.01);
  EXPECT_TRUE(all.find(day_begin(today + 1)).empty());
}

TEST(Anomalies, SmallAmountsAndWhoIsAlwaysDearAreNot) {
  AnomalyFinder all = finder();
  const std::int64_t today = day_number(kNow);
  for (std::int64_t day = today - 20; day < today; ++day) {
    all.add(costing("small", day, 0.01));
    all.add(costing("dear", day, 300));
  }
  all.add(costing("small", today, 15));
  all.add(costing("dear", today, 420));
  EXPECT_TRUE(all.find(day_begin(today)).empty());
}

TEST(Anomalies, WithoutAPastTheOthersAreComparedWith) {
  AnomalyFinder all = finder();
  const std::int64_t today = day_number(kNow);
  Numbers numbers(3);
  for (std::int64_t day = today - 20; day < today; ++day) {
    for (int i = 0; i < 5; ++i) all.add(costing("p" + std::to_string(i), day, 5 + 5 * numbers.unit()));
  }
  all.add(costing("new", today, 400));
  const auto found = all.find(day_begin(today));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].by_peers);
}

TEST(Anomalies, OldDaysAreForgottenAndChangeNothing) {
  AnomalyFinder all = finder();
  const std::int64_t today = day_number(kNow);
  for (std::int64_t day = today - 60; day < today; ++day) all.add(costing("ann", day, day < today - 30 ? 0.1 : 10));
  all.add(costing("ann", today, 250, "long"));
  AnomalyFinder short_memory = all;
  short_memory.forget_before(day_begin(today - 29));
  EXPECT_EQ(anomalies_json(short_memory.find(day_begin(today))), anomalies_json(all.find(day_begin(today))));
  EXPECT_EQ(all.find(day_begin(today)).at(0).begin, day_begin(today));
  short_memory.forget_before(day_begin(today + 1));
  EXPECT_TRUE(short_memory.find(day_begin(today - 60)).empty());
}

TEST(Anomalies, FalseAlarmsAreRare) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    AnomalyFinder all = finder();
    Numbers numbers(seed);
    const std::int64_t today = day_number(kNow);
    for (std::int64_t day = today - 56; day <= today; ++day) {
      for (int i = 0; i < 20; ++i) all.add(costing("p" + std::to_string(i), day, day_cost(numbers, 4, 0.5)));
    }
    alarms += all.find(day_begin(today - 27)).size();
  }
  // 20 months of 20 people: 11,200 person-days.
  EXPECT_LE(alarms, 11U) << "more than one in a thousand";
}

TEST(Anomalies, ASessionIsOneThing) {
  AnomalyFinder all = finder();
  const std::int64_t today = day_number(kNow);
  for (int i = 0; i < 40; ++i) all.add(costing("", today - 1 - i % 10, 1 + i % 3, "s" + std::to_string(i)));
  for (std::int64_t day = today - 3; day <= today; ++day) all.add(costing("", day, 60, "runaway"));
  const auto found = all.find(day_begin(today));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "runaway");
  EXPECT_EQ(found[0].cost.nanos, 240'000'000'000);
  EXPECT_EQ(found[0].begin, day_begin(today - 3));
}

TEST(SpendAlerts, AreReadAndComplainedAbout) {
  std::vector<Diagnostic> complaints;
  const auto alerts = read_alerts(
      parse_yaml(
          "{kind: SpendAlert, name: a, over: team, minimum: $5, times: 2.5, score: 3, history: 14d, notify: [x]}",
          "a.yaml", complaints),
      complaints);
  ASSERT_TRUE(complaints.empty());
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].times_hundredths, 250);
  EXPECT_EQ(alerts[0].minimum.nanos, 5'000'000'000);
  EXPECT_EQ(alerts[0].history_days, 14);
  read_alerts(parse_yaml("kind: SpendAlert\nname: a\nover: day\nscore: 0.5\nhistory: 2d", "a.yaml", complaints),
              complaints);
  std::string text;
  for (const auto& complaint : complaints) text += complaint.to_string() + "\n";
  EXPECT_THAT(text, HasSubstr("a.yaml:3:7: 'over' must be"));
  EXPECT_THAT(text, HasSubstr("a.yaml:4:8: 'score' must be"));
  EXPECT_THAT(text, HasSubstr("a.yaml:5:10: 'history' must be"));
}

}  // namespace
}  // namespace reeve::spend
