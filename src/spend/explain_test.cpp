#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;

const MonthSpan kNovember = *parse_month("2026-11");

std::int64_t sum(const MonthComparison::Group& group) {
  return std::accumulate(group.effects.begin(), group.effects.end(), std::int64_t{0});
}

MonthComparison::Comparison compare(const std::vector<Call>& calls, const std::string& dimension = "",
                                    Instant until = kNovember.end) {
  const auto catalogue = Catalogue::built_in();
  MonthComparison comparison(*catalogue, kNovember, until, dimension);
  std::uint64_t index = 0;
  for (const Call& call : calls) comparison.add(row_of(*catalogue, call, index++));
  return comparison.result();
}

Call october() {
  Call call;
  call.time = "2026-10-10T12:00:00Z";
  return call;
}

TEST(Months, AreReadAndNamed) {
  EXPECT_EQ(format_time(parse_month("2026-02")->end), "2026-03-01T00:00:00.000000Z");
  EXPECT_EQ(month_before(*parse_month("2026-01")).name, "2025-12");
  EXPECT_EQ(month_of(*parse_time("2026-11-30T23:59:59.999Z")).name, "2026-11");
  for (const char* wrong : {"", "2026", "2026-13", "2026-00", "26-11", "2026-11-01", "2026/11"}) {
    EXPECT_FALSE(parse_month(wrong).ok()) << wrong;
  }
}

TEST(Explain, TwiceTheSameCallsIsVolumeAlone) {
  Call november;
  const auto result = compare({october(), november, november});
  EXPECT_EQ(result.total.effects[MonthComparison::kVolume], result.total.before.nanos);
  EXPECT_EQ(sum(result.total), result.total.after.nanos - result.total.before.nanos);
  for (const auto effect : {MonthComparison::kMix, MonthComparison::kShape, MonthComparison::kCache}) {
    EXPECT_EQ(result.total.effects[effect], 0);
  }
}

TEST(Explain, ADearerModelIsMixAndMoreFromCacheIsCache) {
  Call opus;
  opus.model = "claude-opus-4-5";
  const auto mix = compare({october(), opus}).total;
  EXPECT_EQ(mix.effects[MonthComparison::kMix], mix.after.nanos - mix.before.nanos);
  EXPECT_GT(mix.effects[MonthComparison::kMix], 0);
  Call cached;
  cached.input = 100;
  cached.cache_read = 900;
  const auto cache = compare({october(), cached}).total;
  EXPECT_EQ(cache.effects[MonthComparison::kCache], cache.after.nanos - cache.before.nanos);
  EXPECT_LT(cache.effects[MonthComparison::kCache], 0);
  Call wordy;
  wordy.input = 500;
  wordy.output = 600;
  const auto shape = compare({october(), wordy}).total;
  EXPECT_EQ(shape.effects[MonthComparison::kShape], shape.after.nanos - shape.before.nanos);
}

TEST(Explain, AnotherPriceIsPrice) {
  std::vector<Diagnostic> complaints;
  const auto catalogue = Catalogue::with_overrides(
      parse_yaml("{kind: Discount, contract: a, provider: anthropic, percent: 50, since: 2026-11-01}", "p", complaints),
      complaints);
  MonthComparison comparison(*catalogue, kNovember, kNovember.end, "");
  comparison.add(row_of(*catalogue, october(), 0));
  comparison.add(row_of(*catalogue, {}, 1));
  const auto total = comparison.result().total;
  EXPECT_EQ(total.effects[MonthComparison::kPrice], -total.before.nanos / 2);
  EXPECT_EQ(sum(total), total.after.nanos - total.before.nanos);
}

TEST(Explain, AddsUpExactlyWhateverTheCalls) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Numbers numbers(seed);
    const auto catalogue = Catalogue::built_in();
    MonthComparison all(*catalogue, kNovember, kNovember.end, "person");
    MonthComparison half(*catalogue, kNovember, kNovember.end, "person");
    std::int64_t before = 0;
    std::int64_t after = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      Call call = numbers.below(2) == 0 ? october() : Call{};
      call.person = "p" + std::to_string(numbers.below(6));
      call.model = std::vector<std::string>{"claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5",
                                            "unheard-of"}[static_cast<std::size_t>(numbers.below(4))];
      call.input = numbers.below(300'000);
      call.cache_read = numbers.below(300'000);
      call.output = numbers.below(9'000);
      SpendRow row = row_of(*catalogue, call, i);
      row.cost.nanos += numbers.below(3) - 1;  // as if another catalogue had rated it
      (row.time < kNovember.begin ? before : after) += row.cost.nanos;
      (i % 2 == 0 ? all : half).add(row);
    }
    all.merge(half);
    const auto result = all.result();
    EXPECT_EQ(result.total.before.nanos, before);
    EXPECT_EQ(result.total.after.nanos, after);
    EXPECT_EQ(sum(result.total), after - before);
    for (const auto& group : result.groups) EXPECT_EQ(sum(group), group.after.nanos - group.before.nanos) << group.name;
  }
}

TEST(Explain, AMonthThatIsNotOverIsComparedWithAsMuchOfTheOneBefore) {
  Call late = october();
  late.time = "2026-10-25T12:00:00Z";
  Call november;
  const auto result = compare({october(), late, november}, "", *parse_time("2026-11-20T00:00:00Z"));
  EXPECT_TRUE(result.part_of_month);
  EXPECT_EQ(result.total.before, result.total.after);
  EXPECT_THAT(result.in_words(), HasSubstr("up to day 20"));
}

TEST(Explain, NothingBeforeIsVolume) {
  const auto total = compare({Call{}}).total;
  EXPECT_EQ(total.effects[MonthComparison::kVolume], total.after.nanos);
  EXPECT_EQ(sum(compare({october()}).total), -compare({october()}).total.before.nanos);
}

}  // namespace
}  // namespace reeve::spend
