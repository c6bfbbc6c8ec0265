#include <gmock/gmock.h>

#include "spend/budgets_for_tests.h"
#include "spend/spend.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDay = "kind: Budget\nname: day\neach: person\nwindow: day\nlimit: {money: $5}\n";
const Instant kNow = *parse_time("2026-11-20T12:00:00Z");

std::int64_t spent(const std::shared_ptr<const BudgetSet>& set, const Books& books) {
  const ManualClock clock(kNow);
  const auto budgets = Budgets::create({.clock = &clock});
  budgets->publish(set, books);
  const auto views = budgets->counters("day");
  return views.empty() ? 0 : views[0].lines[0].spent / kCent;
}

TEST(Books, CountEachAttemptOnce) {
  const auto set = budgets_of(kDay);
  Books books(set);
  for (int i = 0; i < 2; ++i) {
    books.add({"r-1", 1, kNow, call_of("t", "mara"), cents(10)});
    books.add({"r-1", 2, kNow, call_of("t", "mara"), cents(20)});
  }
  EXPECT_EQ(spent(set, books), 30);
  Books restored(set);
  EXPECT_EQ(*restored.restore(books.snapshot(42)), 42U);
  restored.add({"r-1", 2, kNow, call_of("t", "mara"), cents(20)});
  restored.add({"r-2", 1, kNow, call_of("t", "mara"), cents(5)});
  EXPECT_EQ(spent(set, restored), 35);
}

TEST(Books, AChangedBudgetIsReadAnew) {
  const auto set = budgets_of(kDay);
  Books books(set);
  books.add({"r-1", 1, kNow, call_of("t", "mara"), cents(10)});
  const std::string snapshot = books.snapshot(42);
  const auto raised = budgets_of("kind: Budget\nname: day\neach: person\nwindow: day\nlimit: {money: $9}\n");
  Books same(raised);
  EXPECT_EQ(*same.restore(snapshot), 42U) << "only its limit changed";
  const auto other = budgets_of("kind: Budget\nname: day\neach: team\nwindow: day\nlimit: {money: $5}\n");
  Books changed(other);
  EXPECT_EQ(*changed.restore(snapshot), 0U);
  EXPECT_EQ(spent(other, changed), 0);
  for (const char* text : {"", "{}", "[]", R"({"version":1,"next":-1,"budgets":[],"attempts":""})"}) {
    EXPECT_FALSE(changed.restore(text).ok()) << text;
  }
}

TEST(Books, NeedTheLedgerFromWhereWindowsBegin) {
  EXPECT_EQ(Books(budgets_of(kDay)).needed_from(kNow), *parse_time("2026-11-20"));
  EXPECT_EQ(Books(budgets_of(std::string(kDay) + "carry_over: 10%\n")).needed_from(kNow), *parse_time("2026-11-19"));
  EXPECT_EQ(Books(budgets_of("")).needed_from(kNow), kNow);
}

TEST(HoldEstimator, LearnsWhatAnswersNeed) {
  const auto prices = Catalogue::built_in();
  const PriceMatch price = prices->find("anthropic", "claude-sonnet-4-5", kNow);
  const CallShape shape{.model = "claude-sonnet-4-5",
                        .client = "c",
                        .input_tokens = 10'000,
                        .body_bytes = 40'000,
                        .output_max = 32'000,
                        .streamed = true,
                        .messages = 5};
  const Amounts most = HoldEstimator::maximum(shape, price);
  EXPECT_EQ(most.tokens, 72'000);
  EXPECT_EQ(most.requests, 1);
  EXPECT_GE(most.money.nanos, 40'000 * 3'000LL + 32'000 * 15'000LL);
  HoldEstimator estimator;
  EXPECT_EQ(estimator.learned(shape, price).tokens, 40'001 + 4'097) << "nothing was seen yet";
  for (int i = 0; i < 100; ++i) estimator.learn(shape, 10'000, i < 97 ? 500 : 30'000);
  const Amounts likely = estimator.learned(shape, price);
  EXPECT_GE(likely.tokens, 10'500);
  EXPECT_LE(likely.tokens, 12'500);
  EXPECT_LT(likely.money.nanos * 4, most.money.nanos);
  CallShape whole = shape;
  whole.streamed = false;
  EXPECT_EQ(estimator.learned(whole, price), most) << "it cannot be ended early";
  HoldEstimator again;
  ASSERT_TRUE(again.restore(estimator.snapshot()).ok());
  EXPECT_EQ(again.learned(shape, price), likely);
  EXPECT_FALSE(again.restore("{}").ok());
}

/// What a call may be charged at most within its own bounds, whatever kinds its tokens turn out to be of.
std::int64_t dearest_cost(const CallShape& shape, const PriceMatch& price) {
  const auto input = static_cast<std::int64_t>(shape.body_bytes);
  std::int64_t most = 0;
  for (const auto kind :
       {&TokenUsage::input, &TokenUsage::cache_read, &TokenUsage::cache_write_5m, &TokenUsage::cache_write_1h}) {
    for (const auto part : {&TokenUsage::input_audio, &TokenUsage::reasoning, &TokenUsage::output_audio}) {
      for (const ServiceTier tier : {shape.tier, ServiceTier::kStandard}) {
        TokenUsage usage;
        usage.*kind = input;
        usage.output = *shape.output_max;
        usage.*part = part == &TokenUsage::input_audio ? input : usage.output;
        most = std::max(most, cost_of(price, usage, tier).total.nanos);
      }
    }
  }
  return most;
}

TEST(HoldEstimator, TheMostIsNeverBelowWhatMayBeCharged) {
  Price price;
  price.input = TieredRate{{3'000'000'000}, {{200'000, {6'000'000'000}}}};
  price.cache_read = TieredRate{{4'000'000'000}, {}};  // a price of one's own may be like this
  price.reasoning = TieredRate{{1'000'000'000}, {}};   // and have no rate for output
  price.nanos_per_request = 500;
  price.priority_thousandths = 2500;
  PriceAdjustment everywhere, priority, standard;
  everywhere.contract = "residency";
  everywhere.factor_millionths = 1'100'000;
  priority.contract = "rush";
  priority.service_tier = ServiceTier::kPriority;
  priority.factor_millionths = 1'500'000;
  standard.contract = "plain";
  standard.service_tier = ServiceTier::kStandard;
  standard.factor_millionths = 4'000'000;
  const std::vector<std::vector<const PriceAdjustment*>> adjusted{
      {}, {&everywhere}, {&everywhere, &priority}, {&standard}};
  for (const auto& adjustments : adjusted) {
    for (const std::size_t bytes : {1'000UL, 300'000UL}) {
      for (const ServiceTier tier : {ServiceTier::kStandard, ServiceTier::kFlex, ServiceTier::kPriority}) {
        const PriceMatch match{.price = &price, .listed = nullptr, .adjustments = adjustments};
        const CallShape shape{.input_tokens = static_cast<std::int64_t>(bytes) / 4,
                              .body_bytes = bytes,
                              .output_max = 1'234,
                              .tier = tier};
        EXPECT_GE(HoldEstimator::maximum(shape, match).money.nanos, dearest_cost(shape, match))
            << bytes << " bytes, tier " << service_tier_name(tier) << ", adjustments " << adjustments.size();
      }
    }
  }
}

TEST(HoldEstimator, EachOfSeveralAnswersMayBeAsLongAsTheModelWrites) {
  const auto prices = Catalogue::built_in();
  const PriceMatch price = prices->find("openai", "gpt-5", kNow);
  CallShape shape{.model = "gpt-5", .input_tokens = 100, .body_bytes = 400};
  const Amounts one = HoldEstimator::maximum(shape, price);
  shape.choices = 8;
  EXPECT_EQ(HoldEstimator::maximum(shape, price).tokens - 400, 8 * (one.tokens - 400));
}

TEST(HoldEstimator, WhatTheProviderAddsIsBoundedByTheWindow) {
  Price price;
  price.input = TieredRate{{3'000'000'000}, {{200'000, {6'000'000'000}}}};
  price.output = TieredRate{{15'000'000'000}, {}};
  price.context_window = 1'000'000;
  PriceMatch match{.price = &price, .listed = nullptr, .adjustments = {}};
  CallShape shape{.model = "m", .input_tokens = 100, .body_bytes = 400, .output_max = 0, .streamed = true};
  shape.tools = true;
  EXPECT_GE(HoldEstimator::maximum(shape, match).tokens, 400 + 1'500) << "words before the tools";
  shape.input_elsewhere = true;
  EXPECT_EQ(HoldEstimator::maximum(shape, match).tokens, 1'000'000);
  EXPECT_EQ(HoldEstimator::maximum(shape, match).money.nanos, 6'000'000'000) << "at the dearest rate";
  price.context_window = 0;
  shape.context_window = 400'000;
  EXPECT_EQ(HoldEstimator::maximum(shape, match).tokens, 400'000) << "what the gateway knows of the model";
  shape.context_window = 0;
  EXPECT_GE(HoldEstimator::maximum(shape, match).tokens, 2'000'000) << "no model reads more";
  HoldEstimator estimator;
  EXPECT_GT(estimator.learned(shape, match).tokens, 30'000);
  for (int i = 0; i < 100; ++i) estimator.learn(shape, 90'000, 10);
  EXPECT_GE(estimator.learned(shape, match).tokens, 90'000);
  shape.input_elsewhere = false;
  EXPECT_LT(estimator.learned(shape, match).tokens, 10'000) << "calls without are learned apart";
}

struct Wrong {
  const char* yaml;
  const char* complaint;
};

TEST(BudgetReader, PointsAtThePlace) {
  const std::string head = "kind: Budget\nname: b\n";
  const std::vector<Wrong> all{
      {"kind: Budget\nwindow: day\nlimit: {money: $1}", "budgets.yaml:1:1: a budget needs a name"},
      {"windw: day", "unknown key 'windw'"},
      {"window: monthly\nlimit: {money: $1}", "budgets.yaml:3:9: a window is session"},
      {"window: day\nlimit: {money: $2,000}", "budgets.yaml:4:19: between braces a comma"},
      {"window: day\nlimit: {tokens: many}", "a limit is a number such as 60"},
      {"window: day", "a budget needs a limit"},
      {"window: day\neach: [group]\nlimit: {money: $1}", "several groups"},
      {"window: day\neach: [persn]\nlimit: {money: $1}", "did you mean 'person'?"},
      {"window: day\ntime_zone: Europe/Berlim\nlimit: {money: $1}", "is not a time zone"},
      {"window: {rolling: 5s}\nlimit: {money: $1}", "from 1m to 92d"},
      {"window: {rolling: 5h}\nlimit: {money: $1}\ncarry_over: 5%", "nothing is left over"},
      {"window: day\nlimit: {money: $1}\nthresholds: [{at: 80%, do: degrade, ladder: x}]", "there is no ladder 'x'"},
      {"window: day\nlimit: {concurrent: 1}\nthresholds: [{at: 80%, do: notify}]", "thresholds are of a limit"},
      {"window: day\nlimit: {money: $1}\nreserve: maximun", "did you mean 'maximum'?"},
  };
  for (const Wrong& wrong : all) {
    const std::string yaml = std::string(wrong.yaml).starts_with("kind") ? wrong.yaml : head + wrong.yaml;
    EXPECT_THAT(complaint_about(yaml), HasSubstr(wrong.complaint)) << yaml;
  }
  EXPECT_THAT(complaint_about(std::string(kDay) + "---\n" + kDay), HasSubstr("already written at budgets.yaml:1"));
}

}  // namespace
}  // namespace reeve::spend
