#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Catalogue> with(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto catalogue = Catalogue::with_overrides(parse_yaml(yaml, "prices.yaml", complaints), complaints);
  for (const auto& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return catalogue;
}

const std::string kOld = "{kind: Discount, contract: acme, provider: anthropic, percent: 10}";

Rerate again(const std::string& prices, const std::vector<SpendRow>& rows) {
  static std::vector<std::shared_ptr<const Catalogue>> kept;
  kept.push_back(with(prices));
  Rerate rerate(*kept.back());
  for (const SpendRow& row : rows) rerate.add(row);
  return rerate;
}

std::int64_t sum_of_parts(const Rerate& rerate) {
  std::int64_t sum = 0;
  for (const auto& [key, part] : rerate.parts) sum += part.difference;
  return sum;
}

TEST(Rerate, ReproducesEveryNanoDollarUnderTheSamePrices) {
  const auto catalogue = with(kOld);
  Numbers numbers(1);
  std::vector<SpendRow> rows;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Call call;
    call.model = numbers.below(2) == 0 ? "claude-sonnet-4-5" : numbers.below(9) == 0 ? "nobody-knows" : "gpt-5";
    call.input = numbers.below(400'000);
    call.output = numbers.below(30'000);
    call.cache_read = numbers.below(3) * numbers.below(100'000);
    call.tier = static_cast<ServiceTier>(numbers.below(4));
    rows.push_back(row_of(*catalogue, call, i));
  }
  const Rerate rerate = again(kOld, rows);
  EXPECT_EQ(rerate.rated, 20'000U);
  EXPECT_EQ(rerate.reproduced, 20'000U);
  EXPECT_EQ(rerate.renamed, 0U);
  EXPECT_EQ(rerate.now, rerate.recorded);
  EXPECT_TRUE(rerate.same());
  EXPECT_THAT(rerate.to_table(), HasSubstr("to the nano-dollar"));
}

TEST(Rerate, NamesTheCause) {
  const auto catalogue = with(kOld);
  const SpendRow row = row_of(*catalogue, {}, 7);
  struct Case {
    std::string prices;
    RerateCause cause;
  };
  const std::vector<Case> cases{
      {"{kind: Discount, contract: acme, provider: anthropic, percent: 20}", RerateCause::kAdjustment},
      {"{kind: Surcharge, name: eu, provider: anthropic, percent: 20}", RerateCause::kAdjustment},
      {kOld + "\n---\n{kind: Price, provider: anthropic, model: claude-*, input: 1, output: 2}",
       RerateCause::kOwnPrice},
  };
  for (const Case& one : cases) {
    const Rerate rerate = again(one.prices, {row});
    ASSERT_EQ(rerate.parts.size(), 1U) << one.prices;
    EXPECT_EQ(rerate.parts.begin()->first.second, one.cause) << one.prices;
    EXPECT_EQ(rerate.parts.begin()->second.first_row, 7U);
    EXPECT_EQ(sum_of_parts(rerate), rerate.now.nanos - rerate.recorded.nanos);
    EXPECT_FALSE(rerate.same());
  }
}

TEST(Rerate, TellsListRoundingTierAndTheUnexplainedApart) {
  const auto cause_of = [](SpendRow row) {
    const Rerate rerate = again(kOld, {row});
    EXPECT_EQ(rerate.parts.size(), 1U);
    EXPECT_EQ(sum_of_parts(rerate), rerate.now.nanos - rerate.recorded.nanos);
    return rerate.parts.begin()->first.second;
  };
  const auto catalogue = with(kOld);
  SpendRow list = row_of(*catalogue, {}, 0);
  list.price_version.replace(0, 18, "genai-prices 0.1.7");
  list.cost.nanos -= 450;
  list.list_cost.nanos -= 500;
  EXPECT_EQ(cause_of(list), RerateCause::kListVersion);
  SpendRow rounding = row_of(*catalogue, {}, 0);
  rounding.cost.nanos += 1;
  EXPECT_EQ(cause_of(rounding), RerateCause::kRounding);
  SpendRow wrong = row_of(*catalogue, {}, 0);
  wrong.cost.nanos += 1000;
  EXPECT_EQ(cause_of(wrong), RerateCause::kUnexplained);
  Call batch;
  batch.tier = ServiceTier::kBatch;
  SpendRow without_tier = row_of(*catalogue, batch, 0);
  without_tier.service_tier.reset();
  EXPECT_EQ(cause_of(without_tier), RerateCause::kServiceTier);
}

TEST(Rerate, SplitsAChangeOfListAndDiscountExactly) {
  const auto before = with(kOld);
  SpendRow row = row_of(*before, {}, 0);
  row.price_version.replace(0, 18, "genai-prices 0.1.7");
  row.cost.nanos = 3'000'007;
  row.list_cost.nanos = 3'333'341;
  const Rerate rerate = again("{kind: Discount, contract: acme, provider: anthropic, percent: 30}", {row});
  EXPECT_EQ(rerate.parts.size(), 2U);
  EXPECT_EQ(sum_of_parts(rerate), rerate.now.nanos - rerate.recorded.nanos);
  EXPECT_GT(rerate.parts.at({"claude-sonnet-4-5", RerateCause::kListVersion}).difference, 0);
  EXPECT_LT(rerate.parts.at({"claude-sonnet-4-5", RerateCause::kAdjustment}).difference, 0);
}

TEST(Rerate, SameAmountUnderAnotherVersionIsNoDifference) {
  const auto catalogue = with(kOld);
  SpendRow row = row_of(*catalogue, {}, 0);
  row.price_version = "genai-prices 0.1.7";
  const Rerate rerate = again(kOld, {row});
  EXPECT_TRUE(rerate.same());
  EXPECT_EQ(rerate.renamed, 1U);
}

TEST(Trace, RowsOfEachGroupAddUpToIt) {
  const auto catalogue = with(kOld);
  SpendReport first({"person", "day"}, true);
  SpendReport second({"person", "day"}, true);
  std::vector<SpendRow> rows;
  Numbers numbers(2);
  for (std::uint64_t i = 0; i < 500; ++i) {
    Call call;
    call.person = "p" + std::to_string(numbers.below(7));
    call.time = numbers.below(2) == 0 ? "2026-11-10T12:00:00Z" : "2026-11-11T12:00:00Z";
    call.input = numbers.below(100'000);
    rows.push_back(row_of(*catalogue, call, i));
    (i % 2 == 0 ? first : second).add(rows.back());
  }
  first.merge(second);
  std::size_t traced = 0;
  for (const SpendGroup& group : first.groups()) {
    std::int64_t sum = 0;
    for (const std::uint64_t index : group.rows) sum += rows[index].cost.nanos;
    EXPECT_EQ(sum, group.cost.nanos);
    EXPECT_EQ(group.rows.size(), group.calls);
    EXPECT_TRUE(std::is_sorted(group.rows.begin(), group.rows.end()));
    traced += group.rows.size();
  }
  EXPECT_EQ(traced, 500U);
  EXPECT_EQ(row_ranges({1, 2, 3, 7, 9, 10}), "1-3,7,9-10");
}

}  // namespace
}  // namespace reeve::spend
