#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "spend/billing_rules.h"
#include "spend/spend.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const Instant kNow = *parse_time("2026-11-21T12:00:00Z");

std::shared_ptr<const Catalogue> with(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto catalogue = Catalogue::with_overrides(parse_yaml(yaml, "prices.yaml", complaints), complaints);
  for (const auto& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return catalogue;
}

TokenUsage million_in() {
  TokenUsage usage;
  usage.input = 100'000;
  usage.output = 10'000;
  usage.input_reported = usage.output_reported = true;
  return usage;
}

/// A tenth of a million in and a hundredth of it out: $0.30 + $0.15 at Sonnet's list price.
Cost sonnet(const std::string& yaml, ServiceTier tier = ServiceTier::kStandard, std::string_view region = {},
            Instant when = kNow) {
  return cost_of(with(yaml)->find("anthropic", "claude-sonnet-4-5", when, region), million_in(), tier);
}

TEST(Discount, LowersListPricesExactly) {
  const Cost cost = sonnet("{kind: Discount, contract: acme-2026, provider: anthropic, percent: 12.5%}");
  EXPECT_EQ(cost.total.nanos, 393'750'000);
  EXPECT_EQ(cost.list.nanos, 450'000'000);
  EXPECT_THAT(cost.price_version, MatchesRegex("genai-prices 0.1.8 rules 1 \\+ discount acme-2026:[0-9a-f]{16}"));
  EXPECT_EQ(sonnet("{kind: Discount, contract: a, provider: openai, percent: 12.5%}").total.nanos, 450'000'000);
  EXPECT_EQ(sonnet("{kind: Discount, contract: a, provider: anthropic, percent: 100}").total.nanos, 0);
  EXPECT_EQ(sonnet("{kind: Discount, contract: a, provider: anthropic, percent: 0.0001}").total.nanos, 449'999'550);
}

TEST(Discount, CountsWithinItsDatesTierAndRegion) {
  const std::string dated =
      "{kind: Discount, contract: a, provider: '*', model: claude-*, percent: 10, since: 2026-11-01, until: "
      "2026-12-01}";
  EXPECT_EQ(sonnet(dated).total.nanos, 405'000'000);
  EXPECT_EQ(sonnet(dated, ServiceTier::kStandard, "", *parse_time("2026-10-31T23:59:59Z")).total.nanos, 450'000'000);
  EXPECT_EQ(sonnet(dated, ServiceTier::kStandard, "", *parse_time("2026-11-01")).total.nanos, 405'000'000);
  EXPECT_EQ(sonnet(dated, ServiceTier::kStandard, "", *parse_time("2026-12-01")).total.nanos, 450'000'000);
  const std::string batch = "{kind: Discount, contract: a, provider: anthropic, service_tier: batch, percent: 10}";
  EXPECT_EQ(sonnet(batch).total.nanos, 450'000'000);
  EXPECT_EQ(sonnet(batch, ServiceTier::kBatch).total.nanos, 202'500'000);
  const std::string region = "{kind: Surcharge, name: eu, provider: anthropic, region: eu*, percent: 10%}";
  EXPECT_EQ(sonnet(region, ServiceTier::kStandard, "eu-west").total.nanos, 495'000'000);
  EXPECT_EQ(sonnet(region, ServiceTier::kStandard, "us").total.nanos, 450'000'000);
  EXPECT_EQ(sonnet(region).total.nanos, 450'000'000);
}

TEST(Discount, OneOfAContractCountsAndContractsMultiply) {
  const Cost cost = sonnet(R"(
{kind: Discount, contract: a, provider: anthropic, percent: 50}
---
{kind: Discount, contract: a, provider: anthropic, model: claude-sonnet-4-5, percent: 10}
---
{kind: Discount, contract: b, provider: anthropic, percent: 20}
---
{kind: Surcharge, name: region, provider: anthropic, percent: 10}
)");
  EXPECT_EQ(cost.total.nanos, 356'400'000);
  EXPECT_THAT(cost.price_version, HasSubstr("discount a:"));
  EXPECT_THAT(cost.price_version, HasSubstr("discount b:"));
  EXPECT_THAT(cost.price_version, HasSubstr("surcharge region:"));
}

TEST(Discount, DoesNotTouchOwnPricesAndThePriceOfUnknownModels) {
  const std::string yaml = R"(
{kind: Discount, contract: a, provider: '*', percent: 50}
---
{kind: Price, contract: b, provider: anthropic, model: claude-sonnet-4-5, input: $2, output: $10}
)";
  const Cost own = sonnet(yaml);
  EXPECT_EQ(own.total.nanos, 300'000'000);
  EXPECT_EQ(own.list.nanos, 450'000'000) << "the list's price is known beside it";
  EXPECT_THAT(own.price_version, MatchesRegex(".* \\+ price b:[0-9a-f]{16}"));
  const Cost unknown = cost_of(with(yaml)->find("local", "who-knows", kNow), million_in(), ServiceTier::kStandard);
  EXPECT_EQ(unknown.total.nanos, 2'250'000'000);
  EXPECT_THAT(unknown.price_version, HasSubstr("unknown default"));
}

TEST(OwnPrice, HasFactorsRegionAndEnd) {
  const std::string yaml =
      "{kind: Price, provider: anthropic, model: claude-sonnet-4-5, input: $2, output: $10, batch: 0.25, priority: "
      "1.5, flex: 0.125, region: eu, until: 2026-12-01}";
  EXPECT_EQ(sonnet(yaml, ServiceTier::kBatch, "eu").total.nanos, 75'000'000);
  EXPECT_EQ(sonnet(yaml, ServiceTier::kPriority, "eu").total.nanos, 450'000'000);
  EXPECT_EQ(sonnet(yaml, ServiceTier::kFlex, "eu").total.nanos, 37'500'000);
  EXPECT_EQ(sonnet(yaml, ServiceTier::kStandard, "us").total.nanos, 450'000'000);
  EXPECT_EQ(sonnet(yaml, ServiceTier::kStandard, "eu", *parse_time("2026-12-01")).total.nanos, 450'000'000);
}

TEST(PriceVersion, FollowsContentAndNothingElse) {
  const auto version = [](const std::string& yaml) { return sonnet(yaml).price_version; };
  const std::string one = version("{kind: Discount, contract: a, provider: anthropic, percent: 10}");
  EXPECT_EQ(version("\n\nkind: Discount\npercent: 10\nprovider: anthropic\ncontract: a\n"), one);
  EXPECT_NE(version("{kind: Discount, contract: a, provider: anthropic, percent: 10.5}"), one);
  EXPECT_NE(version("{kind: Discount, contract: a, provider: anthropic, model: claude-*, percent: 10}"), one);
  const std::string price = version("{kind: Price, provider: '*', model: '*', input: 1, output: 2}");
  EXPECT_NE(version("{kind: Price, provider: '*', model: '*', input: 1, output: 3}"), price);
  EXPECT_NE(version("{kind: Price, provider: '*', model: '*', input: 1, output: 2, tiers: [{above: 9, input: 2}]}"),
            price);
  EXPECT_NE(with("{kind: Discount, contract: a, provider: x, percent: 1}")->version(),
            with("{kind: Discount, contract: a, provider: x, percent: 2}")->version());
}

TEST(PriceVersion, ChangesWithTheBillingRules) {
  // Who changes the tables raises kBillingRulesVersion and puts the new digest here.
  EXPECT_EQ(kBillingRulesVersion, 1);
  EXPECT_EQ(to_hex(as_bytes(sha256(billing_rules_text()))).substr(0, 16), "a561e07b7a2dc481");
}

TEST(Commitment, IsAnAmountAMonthWithItsDiscount) {
  const auto catalogue =
      with("{kind: Commitment, contract: acme, provider: anthropic, monthly: $5000, percent: 20, since: 2026-01-01}");
  ASSERT_EQ(catalogue->commitments().size(), 1U);
  EXPECT_EQ(catalogue->commitments()[0].monthly.nanos, 5'000'000'000'000);
  const Cost cost =
      cost_of(catalogue->find("anthropic", "claude-sonnet-4-5", kNow), million_in(), ServiceTier::kStandard);
  EXPECT_EQ(cost.total.nanos, 360'000'000);
  EXPECT_THAT(cost.price_version, HasSubstr("commitment acme:"));
}

TEST(PricedLines, AddUpToTheCost) {
  const auto catalogue = with("{kind: Discount, contract: a, provider: anthropic, percent: 33.3333}");
  TokenUsage usage = million_in();
  usage.cache_read = 7'777;
  usage.cache_write_5m = 13;
  usage.reasoning = 999;
  usage.web_searches = 3;
  const PriceMatch match = catalogue->find("anthropic", "claude-sonnet-4-5", kNow);
  const Cost cost = cost_of(match, usage, ServiceTier::kBatch);
  long double own = 0;
  long double list = 0;
  for (const PricedLine& line : priced_lines(match, usage, ServiceTier::kBatch)) {
    const long double units = static_cast<long double>(line.quantity) / line.per;
    own += units * line.own_nanos * line.tier_thousandths / 1000 * line.factor_millionths / 1e6L;
    list += units * line.list_nanos * line.list_tier_thousandths / 1000;
  }
  EXPECT_NEAR(static_cast<double>(own), static_cast<double>(cost.total.nanos), 0.51);
  EXPECT_NEAR(static_cast<double>(list), static_cast<double>(cost.list.nanos), 0.51);
}

struct Bad {
  const char* yaml;
  const char* complaint;
};
class AdjustmentErrors : public ::testing::TestWithParam<Bad> {};
TEST_P(AdjustmentErrors, PointAtThePlace) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(GetParam().yaml, "prices.yaml", complaints);
  EXPECT_EQ(Catalogue::with_overrides(documents, complaints), nullptr);
  std::string text;
  for (const auto& complaint : complaints) text += complaint.to_string() + "\n";
  EXPECT_THAT(text, HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    All, AdjustmentErrors,
    ::testing::Values(
        Bad{"kind: Discount\nprovider: a\npercent: 5", "prices.yaml:1:1: 'contract' must be a name"},
        Bad{"kind: Discount\ncontract: a b\nprovider: a\npercent: 5", "prices.yaml:2:11: 'contract' must be a name"},
        Bad{"kind: Discount\ncontract: a\nprovider: a", "prices.yaml:1:1: a discount needs 'percent'"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 101", "prices.yaml:4:10: 'percent' must be"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 0", "prices.yaml:4:10: 'percent' must be"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: $5", "prices.yaml:4:10: 'percent' must be"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 1.00001", "at most four decimals"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 5\nservice_tier: fast", "prices.yaml:5:15: "},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 5\nsince: 2026-02-01\nuntil: 2026-02-01",
            "prices.yaml:6:8: 'until' must be after 'since'"},
        Bad{"kind: Discount\ncontract: a\nprovider: a\npercent: 5\nmodels: b", "prices.yaml:5:1: unknown key 'models'"},
        Bad{"kind: Surcharge\nprovider: a\npercent: 5", "prices.yaml:1:1: 'name' must be a name"},
        Bad{"kind: Commitment\ncontract: a\nprovider: a", "prices.yaml:1:1: a commitment needs 'monthly'"},
        Bad{"kind: Commitment\ncontract: a\nprovider: a\nmonthly: 0", "prices.yaml:4:10: a commitment needs"},
        Bad{"{kind: Commitment, contract: a, provider: a, monthly: 1}\n---\n"
            "{kind: Commitment, contract: a, provider: b, monthly: 1}",
            "prices.yaml:3:30: the contract 'a' already has a commitment"},
        Bad{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\nbatch: half",
            "prices.yaml:6:8: 'batch' must be a factor"}));

}  // namespace
}  // namespace reeve::spend
