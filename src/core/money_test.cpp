#include "core/money.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace reeve {
namespace {

constexpr std::int64_t kDollar = 1'000'000'000;

TEST(Money, IsReadFromWhatPeopleWrite) {
  const std::vector<std::pair<const char*, std::int64_t>> amounts = {{"$2000", 2000 * kDollar},
                                                                     {"2000", 2000 * kDollar},
                                                                     {"0.25", 250'000'000},
                                                                     {"$1,234.50", 1'234'500'000'000},
                                                                     {"$1,234,567", 1'234'567 * kDollar},
                                                                     {"0.000000001", 1},
                                                                     {"0", 0},
                                                                     {"$0.10", 100'000'000},
                                                                     {"9000000000", 9'000'000'000 * kDollar},
                                                                     {"007", 7 * kDollar}};
  for (const auto& [text, nanos] : amounts) {
    const auto money = parse_money(text);
    ASSERT_TRUE(money.ok()) << text;
    EXPECT_EQ(money->nanos, nanos) << text;
  }
}

TEST(Money, RefusesWhatCouldMeanSomethingElse) {
  for (const char* text :
       {"",     "$",      "-1",    "$-1",    "+1",       "1.",       ".5",   "1..2",       "1.0000000001",
        "1,50", "1,5.00", ",100",  "1,,000", "1000,000", "1,000,00", "1e3",  "1 000",      " 1",
        "1 ",   "$$1",    "1$",    "€1",     "0x1",      "1.-5",     "1.+5", "9000000001", "99999999999999999999",
        "nan",  "inf",    "1.5.5", "1.0,0"}) {
    EXPECT_FALSE(parse_money(text).ok()) << text;
  }
  const std::string nasty = parse_money("\x1b[2J" + std::string(500, '9')).error().message;
  EXPECT_EQ(nasty.find('\x1b'), std::string::npos);
  EXPECT_LT(nasty.size(), 200U);
}

TEST(Money, IsShownForPeople) {
  const std::vector<std::pair<std::int64_t, const char*>> shown = {
      {0, "$0.00"},
      {1'234'560'000'000, "$1,234.56"},
      {-1'234'560'000'000, "-$1,234.56"},
      {4'200'000, "$0.0042"},
      {42'000'000, "$0.042"},
      {420'000'000, "$0.42"},
      {99'500'000, "$0.100"},
      {1, "$0.000000001"},
      {999'999'999, "$1.00"},
      {1'005'000'000, "$1.01"},
      {1'000'000 * kDollar, "$1,000,000.00"},
      {std::numeric_limits<std::int64_t>::min(), "-$9,223,372,036.85"},
      {std::numeric_limits<std::int64_t>::max(), "$9,223,372,036.85"}};
  for (const auto& [nanos, text] : shown) EXPECT_EQ(format_money({nanos}), text) << nanos;
}

TEST(Money, TheExactFormReadsBack) {
  EXPECT_EQ(format_money_exact({4'200'000}), "0.004200000");
  EXPECT_EQ(format_money_exact({-1}), "-0.000000001");
  EXPECT_EQ(format_money_exact({std::numeric_limits<std::int64_t>::min()}), "-9223372036.854775808");
  std::mt19937_64 random(4);
  for (int i = 0; i < 5000; ++i) {
    const Money money{static_cast<std::int64_t>(random() % (9'000'000'000ULL * kDollar)) >> (random() % 50)};
    EXPECT_EQ(parse_money(format_money_exact(money))->nanos, money.nanos);
  }
}

TEST(Money, AddsAndSubtractsExactly) {
  Money sum;
  for (int i = 0; i < 10; ++i) sum += Money{100'000'000};
  EXPECT_EQ(sum, Money{kDollar});
  sum -= Money{3 * kDollar};
  EXPECT_EQ(sum.nanos, -2 * kDollar);
  EXPECT_LT(Money{1}, Money{2});
}

TEST(MoneyDeathTest, StopsRatherThanWrap) {
  const Money most{std::numeric_limits<std::int64_t>::max()};
  EXPECT_DEATH(static_cast<void>(most + Money{1}), "CHECK");
  EXPECT_DEATH(static_cast<void>(Money{-2} - most), "CHECK");
}

}  // namespace
}  // namespace reeve
