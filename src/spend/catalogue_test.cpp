#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "spend/billing_rules.h"
#include "spend/catalogue_data.h"
#include "spend/spend.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Instant at(const char* text) { return *parse_time(text); }
const Instant kNow = at("2026-11-21T12:00:00Z");

std::int64_t input_rate(const PriceMatch& match) { return match.price->input->base.nanos_per_million; }

std::shared_ptr<const Catalogue> with(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(yaml, "prices.yaml", complaints);
  auto catalogue = Catalogue::with_overrides(documents, complaints);
  for (const auto& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return catalogue;
}

TEST(Catalogue, HoldsThePinnedPriceList) {
  const auto catalogue = Catalogue::built_in();
  EXPECT_EQ(catalogue->version(), "genai-prices 0.1.8 rules 1");
  EXPECT_GT(catalogue->model_count(), 1000U);
}

TEST(Catalogue, FindsModelsByNameDateAliasAndPrefix) {
  const auto catalogue = Catalogue::built_in();
  const PriceMatch sonnet = catalogue->find("anthropic", "claude-sonnet-4-5", kNow);
  ASSERT_TRUE(sonnet.known);
  EXPECT_EQ(sonnet.price->provider, "anthropic");
  EXPECT_EQ(input_rate(sonnet), 3'000'000'000);
  for (const char* name : {"claude-sonnet-4-5-20250929", "CLAUDE-Sonnet-4-5", "anthropic/claude-sonnet-4-5",
                           " claude-sonnet-4-5 ", "claude-sonnet-4-5-latest"}) {
    EXPECT_EQ(catalogue->find("anthropic", name, kNow).price, sonnet.price) << name;
  }
  EXPECT_EQ(catalogue->find("openai", "anthropic/claude-sonnet-4-5", kNow).price, sonnet.price);
  EXPECT_EQ(catalogue->find("vllm-in-the-cellar", "claude-sonnet-4-5", kNow).price, sonnet.price);
  const PriceMatch gemini = catalogue->find("google", "gemini-2.5-pro", kNow);
  ASSERT_TRUE(gemini.known);
  EXPECT_EQ(catalogue->find("google", "models/gemini-2.5-pro", kNow).price, gemini.price);
  EXPECT_EQ(catalogue->find("google", "publishers/google/models/gemini-2.5-pro", kNow).price, gemini.price);
  const PriceMatch gpt = catalogue->find("openai", "gpt-5", kNow);
  ASSERT_TRUE(gpt.known);
  EXPECT_EQ(gpt.price->provider, "openai");
  EXPECT_EQ(catalogue->find("azure", "gpt-5", kNow).price->output->base.nanos_per_million,
            gpt.price->output->base.nanos_per_million);
}

TEST(Catalogue, AnUnknownModelCostsThePessimisticPriceNeverNothing) {
  const auto catalogue = Catalogue::built_in();
  const std::string long_name(100'000, 'a');
  for (const std::string& name : std::vector<std::string>{"", "totally-new-model", long_name, "gpt-\x01", "\xff\xfe",
                                                          "claude-sonnet-4-5\n", "../../etc", "/", "//", "a/b/c"}) {
    if (name == "claude-sonnet-4-5\n") continue;  // surrounding space is no part of a name
    const PriceMatch match = catalogue->find("openai", name, kNow);
    EXPECT_FALSE(match.known) << name.substr(0, 40);
    ASSERT_NE(match.price, nullptr);
    EXPECT_EQ(input_rate(match), 15'000'000'000);
    EXPECT_EQ(match.price->output->base.nanos_per_million, 75'000'000'000);
  }
}

TEST(Catalogue, AModelThatIsNotPricedByTokensIsUnknown) {
  EXPECT_FALSE(Catalogue::built_in()->find("openai", "whisper-1", kNow).known);
  EXPECT_FALSE(Catalogue::built_in()->find("github-copilot", "gpt-4.1", kNow).known);
}

TEST(Catalogue, PricesFollowTheDateAndTheTimeOfDay) {
  const auto catalogue = Catalogue::built_in();
  EXPECT_EQ(input_rate(catalogue->find("openai", "o3", at("2025-06-09"))), 10'000'000'000);
  EXPECT_EQ(input_rate(catalogue->find("openai", "o3", at("2025-06-10"))), 2'000'000'000);
  const auto deepseek = [&](const char* time) {
    return input_rate(catalogue->find("deepseek", "deepseek-chat", at(time)));
  };
  EXPECT_NE(deepseek("2025-08-01T12:00:00Z"), deepseek("2025-08-01T20:00:00Z"));
  EXPECT_EQ(deepseek("2025-08-01T00:29:59Z"), deepseek("2025-08-01T16:30:00Z"));
}

TEST(Catalogue, EveryRateIsWholeAndEveryMatchWorks) {
  const auto catalogue = Catalogue::built_in();
  for (const data::Provider& provider : data::providers) {
    for (const data::Model& model : data::models.subspan(provider.models_begin, provider.models_count)) {
      const PriceMatch match = catalogue->find(provider.id, model.id, kNow);
      ASSERT_NE(match.price, nullptr);
      ASSERT_TRUE(match.price->input.has_value());
      const bool claude = model.id.find("claude") != std::string_view::npos;
      if (!match.known || !claude) continue;
      EXPECT_TRUE(match.price->cache_write_1h.has_value()) << provider.id << " " << model.id;
      EXPECT_EQ(input_rate(match) * 1250 % 1000, 0) << "a cache write of " << model.id << " is not whole";
    }
  }
}

TEST(Catalogue, CacheWritesOfClaudeModelsAreCompletedFromTheirInputRate) {
  Price price;
  price.input = TieredRate{{4'000'000'000}, {{200'000, {8'000'000'000}}}};
  apply_billing_rules("some-cloud", "claude-next", price);
  EXPECT_EQ(price.cache_write_5m->base.nanos_per_million, 5'000'000'000);
  EXPECT_EQ(price.cache_write_1h->base.nanos_per_million, 8'000'000'000);
  EXPECT_EQ(price.cache_write_1h->at(200'001).nanos_per_million, 16'000'000'000);
  Price other;
  other.input = TieredRate{{4'000'000'000}, {}};
  apply_billing_rules("openai", "gpt-5", other);
  EXPECT_FALSE(other.cache_write_1h.has_value());
  EXPECT_EQ(other.batch_thousandths, 500);
}

TEST(Catalogue, TierFactorsAreTheVendors) {
  const auto catalogue = Catalogue::built_in();
  const auto factors = [&](const char* provider, const char* model) {
    const Price& price = *catalogue->find(provider, model, kNow).price;
    return std::vector<std::int64_t>{price.batch_thousandths, price.priority_thousandths, price.flex_thousandths};
  };
  EXPECT_EQ(factors("anthropic", "claude-opus-5-5"), (std::vector<std::int64_t>{500, 2000, 1000}));
  EXPECT_EQ(factors("anthropic", "claude-opus-4-6"), (std::vector<std::int64_t>{500, 6000, 1000}));
  EXPECT_EQ(factors("openai", "gpt-5"), (std::vector<std::int64_t>{500, 2000, 500}));
  EXPECT_EQ(factors("openai", "gpt-5.5"), (std::vector<std::int64_t>{500, 2500, 500}));
  EXPECT_EQ(factors("openai", "gpt-4.1"), (std::vector<std::int64_t>{500, 1750, 500}));
  EXPECT_EQ(factors("google", "gemini-2.5-pro"), (std::vector<std::int64_t>{500, 1800, 500}));
  EXPECT_EQ(factors("openai", "never-heard-of"), (std::vector<std::int64_t>{1000, 2500, 1000}));
}

TEST(Catalogue, ListsTheModelsOfAVendorNewestOfAFamilyFirst) {
  const auto catalogue = Catalogue::built_in();
  const auto ids = catalogue->model_ids("anthropic");
  const auto place = [&](const char* id) { return std::find(ids.begin(), ids.end(), id) - ids.begin(); };
  EXPECT_LT(place("claude-sonnet-4-6"), place("claude-sonnet-4-5"));
  EXPECT_LT(place("claude-sonnet-4-5"), std::ssize(ids));
  EXPECT_TRUE(catalogue->model_ids("nobody").empty());
  for (const std::string& id : catalogue->model_ids("openai")) {
    EXPECT_TRUE(catalogue->find("openai", id, kNow).known) << id;
  }
}

TEST(Overrides, ComeBeforeTheListAndTheNearestFirst) {
  const auto catalogue = with(R"(
kind: Price
provider: anthropic
model: claude-*
input: $2
output: $8
since: 2026-01-01
---
kind: Price
provider: anthropic
model: claude-opus-4-6
input: 1.25
output: $5
cache_read: $0.1
tiers: [{above: 200000, input: $2.50}]
---
kind: Price
provider: anthropic
model: claude-*
input: $1
output: $4
since: 2026-06-01
---
kind: Price
provider: "*"
model: house-*
input: 0
output: 0
)");
  ASSERT_NE(catalogue, nullptr);
  const PriceMatch exact = catalogue->find("anthropic", "claude-opus-4-6", kNow);
  EXPECT_TRUE(exact.known);
  EXPECT_EQ(input_rate(exact), 1'250'000'000);
  EXPECT_EQ(exact.price->input->at(200'001).nanos_per_million, 2'500'000'000);
  EXPECT_EQ(exact.price->provider, "override");
  EXPECT_THAT(exact.price->version, StartsWith("genai-prices 0.1.8 rules 1 + price "));
  EXPECT_EQ(exact.price->batch_thousandths, 500);
  EXPECT_EQ(exact.price->cache_write_1h->base.nanos_per_million, 2'500'000'000);
  EXPECT_EQ(input_rate(catalogue->find("anthropic", "claude-haiku-4-5", kNow)), 1'000'000'000);
  EXPECT_EQ(input_rate(catalogue->find("anthropic", "claude-haiku-4-5", at("2026-05-31"))), 2'000'000'000);
  EXPECT_EQ(catalogue->find("anthropic", "claude-haiku-4-5", at("2025-12-31")).price->provider, "anthropic");
  EXPECT_TRUE(catalogue->find("local", "house-model", kNow).known);
  EXPECT_EQ(input_rate(catalogue->find("local", "house-model", kNow)), 0);
}

TEST(Overrides, TheStarterPricesAreRead) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(std::string(REEVE_SOURCE_DIR) + "/governance", complaints);
  const auto catalogue = Catalogue::with_overrides(documents, complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  ASSERT_NE(catalogue, nullptr);
  EXPECT_TRUE(catalogue->find("practice", "practice-small", kNow).known);
  EXPECT_EQ(input_rate(catalogue->find("practice", "never-heard-of", kNow)), 15'000'000'000);
}

TEST(Overrides, TheUnknownPriceCanBeSet) {
  const auto catalogue = with("{kind: UnknownPrice, input: $20, output: $100}");
  ASSERT_NE(catalogue, nullptr);
  const PriceMatch match = catalogue->find("local", "who-knows", kNow);
  EXPECT_FALSE(match.known);
  EXPECT_EQ(input_rate(match), 20'000'000'000);
  EXPECT_EQ(match.price->cache_write_1h->base.nanos_per_million, 40'000'000'000);
  EXPECT_THAT(match.price->version, StartsWith("genai-prices 0.1.8 rules 1 + unknown "));
}

struct BadPrice {
  const char* yaml;
  const char* complaint;
};
class OverrideErrors : public ::testing::TestWithParam<BadPrice> {};
TEST_P(OverrideErrors, PointAtThePlace) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(GetParam().yaml, "prices.yaml", complaints);
  EXPECT_EQ(Catalogue::with_overrides(documents, complaints), nullptr);
  std::string text;
  for (const auto& complaint : complaints) text += complaint.to_string() + "\n";
  EXPECT_THAT(text, HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    All, OverrideErrors,
    ::testing::Values(
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: $1", "prices.yaml:1:1: a price needs 'output'"},
        BadPrice{"kind: Price\nmodel: b\ninput: $1\noutput: 1", "a price needs the provider's name"},
        BadPrice{"kind: Price\nprovider: a\nmodel: [b]\ninput: $1\noutput: 1",
                 "prices.yaml:3:8: a price needs a model"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: free\noutput: 1", "prices.yaml:4:8: 'input' must be"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: -1\noutput: 1", "prices.yaml:4:8: 'input' must be"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: $100001\noutput: 1", "at most $100,000"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: [1]\noutput: 1", "'input' must be an amount"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\ncached: 1", "unknown key 'cached'"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\nsince: spring", "prices.yaml:6:8: "},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\ntiers: 3", "tiers must be a list"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\ntiers: [{input: 2}]", "each tier needs"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\n"
                 "tiers: [{above: 9, input: 2}, {above: 9, input: 3}]",
                 "larger than the last"},
        BadPrice{"kind: Price\nprovider: a\nmodel: b\ninput: 1\noutput: 1\ntiers: [{above: 9, cache_read: 2}]",
                 "the price itself does not"},
        BadPrice{"kind: UnknownPrice\ninput: 1", "a price needs 'output'"},
        BadPrice{"kind: UnknownPrice\ninput: 0\noutput: 1", "prices.yaml:2:8: the price of an unknown model cannot"},
        BadPrice{"{kind: UnknownPrice, input: 1, output: 1}\n---\n{kind: UnknownPrice, input: 1, output: 1}",
                 "prices.yaml:3:1: the price of unknown models is already given at prices.yaml:1"}));

TEST(Catalogue, AnswersManyThreadsAndAnyNumberOfNames) {
  const auto catalogue = Catalogue::built_in();
  const Price* sonnet = catalogue->find("anthropic", "claude-sonnet-4-5", kNow).price;
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string junk = "junk-" + std::to_string(t * 1000 + i);
        if (catalogue->find("openai", junk, kNow).known) ++wrong;
        if (catalogue->find("anthropic", "claude-sonnet-4-5", kNow).price != sonnet) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace reeve::spend
