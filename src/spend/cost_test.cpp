#include <gtest/gtest.h>

#include <limits>

#include "spend/spend.h"

namespace reeve::spend {
namespace {

constexpr std::int64_t kDollar = 1'000'000'000;

TieredRate dollars(std::int64_t amount) { return TieredRate{{amount * kDollar}, {}}; }

Price simple_price() {
  Price price;
  price.version = "test";
  price.input = dollars(3);
  price.output = dollars(15);
  return price;
}

TokenUsage reported() {
  TokenUsage usage;
  usage.input_reported = usage.output_reported = true;
  return usage;
}

std::int64_t nanos(const Price& price, const TokenUsage& usage, ServiceTier tier = ServiceTier::kStandard) {
  return cost_of({&price, true}, usage, tier).total.nanos;
}

TEST(Cost, AddsEveryKindAtItsOwnRate) {
  Price price = simple_price();
  price.cache_read = TieredRate{{300'000'000}, {}};
  price.cache_write_5m = TieredRate{{3'750'000'000}, {}};
  price.cache_write_1h = dollars(6);
  price.reasoning = dollars(20);
  price.input_audio = dollars(40);
  price.output_audio = dollars(80);
  price.nanos_per_request = 7;
  price.nanos_per_web_search = 10'000'000;
  TokenUsage usage = reported();
  usage.input = 1000;
  usage.input_audio = 100;
  usage.cache_read = 2000;
  usage.cache_write_5m = 300;
  usage.cache_write_1h = 40;
  usage.output = 500;
  usage.reasoning = 200;
  usage.output_audio = 50;
  usage.web_searches = 3;
  EXPECT_EQ(nanos(price, usage), 900 * 3'000 + 100 * 40'000 + 2000 * 300 + 300 * 3'750 + 40 * 6'000 + 250 * 15'000 +
                                     200 * 20'000 + 50 * 80'000 + 7 + 30'000'000);
}

TEST(Cost, FallsBackFromAbsentKinds) {
  const Price price = simple_price();
  TokenUsage usage = reported();
  usage.cache_read = usage.cache_write_5m = usage.cache_write_1h = 10;
  usage.output = usage.reasoning = 10;
  EXPECT_EQ(nanos(price, usage), 30 * 3'000 + 10 * 15'000);
  Price with_write = price;
  with_write.cache_write_5m = dollars(4);
  EXPECT_EQ(nanos(with_write, usage), 10 * 3'000 + 20 * 4'000 + 10 * 15'000);
  Price input_only = price;
  input_only.output.reset();
  EXPECT_EQ(nanos(input_only, usage), 40 * 3'000) << "output is never free for want of a rate";
}

TEST(Cost, RoundsHalfUpOnceAtTheEnd) {
  Price price;
  price.output = TieredRate{{1'500'000}, {}};
  price.input = TieredRate{{499'999}, {}};
  TokenUsage usage = reported();
  usage.input = 1;
  EXPECT_EQ(nanos(price, usage), 0);
  usage.input = 2;  // 0.999998
  EXPECT_EQ(nanos(price, usage), 1);
  usage.input = 0;
  usage.output = 1;  // exactly 1.5
  EXPECT_EQ(nanos(price, usage), 2);
  usage.input = 1;   // 1.999999: rounding each kind alone would give 2 as well
  usage.output = 3;  // 4.5 + 0.499999 = 4.999999, rounded apart it would be 5 + 0
  EXPECT_EQ(nanos(price, usage), 5);
}

TEST(Cost, TheWholeCallIsPricedAtTheTierOfItsInput) {
  Price price = simple_price();
  price.input->tiers = {{200'000, {6 * kDollar}}, {500'000, {9 * kDollar}}};
  price.output->tiers = {{200'000, {22'500'000'000}}};
  TokenUsage usage = reported();
  usage.output = 10;
  usage.input = 200'000;
  EXPECT_EQ(nanos(price, usage), 200'000 * 3'000 + 10 * 15'000);
  usage.cache_read = 1;  // cached tokens count towards the threshold
  EXPECT_EQ(nanos(price, usage), 200'001 * 6'000 + 10 * 22'500);
  usage.cache_read = 0;
  usage.input = 500'001;
  EXPECT_EQ(nanos(price, usage), 500'001LL * 9'000 + 10 * 22'500);
}

TEST(Cost, ServiceTiersScaleTokensAndLeaveFeesAlone) {
  Price price = simple_price();
  price.batch_thousandths = 500;
  price.priority_thousandths = 1750;
  price.flex_thousandths = 501;
  price.nanos_per_request = 1'000;
  TokenUsage usage = reported();
  usage.input = 3;
  EXPECT_EQ(nanos(price, usage), 9'000 + 1'000);
  EXPECT_EQ(nanos(price, usage, ServiceTier::kBatch), 4'500 + 1'000);
  EXPECT_EQ(nanos(price, usage, ServiceTier::kPriority), 15'750 + 1'000);
  EXPECT_EQ(nanos(price, usage, ServiceTier::kFlex), 4'509 + 1'000);
}

TEST(Cost, SaysWhenUsageOrPriceIsAnEstimate) {
  const Price price = simple_price();
  TokenUsage usage = reported();
  EXPECT_FALSE(cost_of({&price, true}, usage, ServiceTier::kStandard).estimated);
  usage.output_reported = false;
  const Cost cost = cost_of({&price, false}, usage, ServiceTier::kStandard);
  EXPECT_TRUE(cost.estimated);
  EXPECT_FALSE(cost.price_known);
  EXPECT_EQ(cost.price_version, "test");
}

TEST(Cost, SurvivesWhatNoProviderShouldReport) {
  const Price price = simple_price();
  constexpr auto kHuge = std::numeric_limits<std::int64_t>::max();
  TokenUsage usage = reported();
  usage.input = usage.cache_read = usage.cache_write_1h = usage.output = usage.web_searches = kHuge;
  const Cost huge = cost_of({&price, true}, usage, ServiceTier::kStandard);
  EXPECT_GT(huge.total.nanos, 0);
  EXPECT_TRUE(huge.estimated);
  usage = reported();
  usage.input = -5;
  usage.output = 10;
  usage.reasoning = 25;  // more than the output it is part of
  usage.output_audio = -1;
  const Cost odd = cost_of({&price, true}, usage, ServiceTier::kStandard);
  EXPECT_EQ(odd.total.nanos, 10 * 15'000);
  EXPECT_TRUE(odd.estimated);
}

}  // namespace
}  // namespace reeve::spend
