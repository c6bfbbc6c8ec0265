#include "spend/billing_rules.h"

#include <array>

#include "core/bytes.h"

namespace reeve::spend {

namespace {

struct TierRule {
  std::string_view provider, model;  // globs; the first that fits both counts
  std::int64_t batch, priority, flex;
};

// Anthropic's priority is its fast mode: its tier of that name is capacity bought ahead, and wire reports it as
// standard. A provider that is not listed gets no discount, and double for priority, because a surcharge that we do not
// know must not be taken for nothing.
constexpr std::array<TierRule, 15> kTierRules{{
    {"anthropic", "claude-opus-4-6*", 500, 6000, 1000},
    {"anthropic", "claude-opus-4-7*", 500, 6000, 1000},
    {"anthropic", "*", 500, 2000, 1000},
    {"openai", "gpt-5.5*", 500, 2500, 500},
    {"openai", "gpt-5-mini*", 500, 1800, 500},
    {"openai", "gpt-4.1-nano*", 500, 2000, 500},
    {"openai", "gpt-4.1*", 500, 1750, 500},
    {"openai", "gpt-4o-mini*", 500, 1667, 500},
    {"openai", "gpt-4o*", 500, 1700, 500},
    {"openai", "o3*", 500, 1750, 500},
    {"openai", "o4-mini*", 500, 1819, 500},
    {"openai", "*", 500, 2000, 500},
    {"google", "*claude*", 500, 2000, 1000},
    {"google", "*", 500, 1800, 500},
    {"*", "*", 1000, 2000, 1000},
}};

struct CacheWriteRule {
  std::string_view provider, model;
  std::int64_t five_minutes, one_hour;  // thousandths of the input rate
};

constexpr std::array<CacheWriteRule, 1> kCacheWriteRules{{
    {"*", "*claude*", 1250, 2000},
}};

}  // namespace

std::string billing_rules_text() {
  std::string text;
  for (const TierRule& rule : kTierRules) {
    text.append(rule.provider).append(" ").append(rule.model);
    for (const std::int64_t factor : {rule.batch, rule.priority, rule.flex}) text += " " + std::to_string(factor);
    text += "\n";
  }
  for (const CacheWriteRule& rule : kCacheWriteRules) {
    text.append(rule.provider).append(" ").append(rule.model);
    text += " " + std::to_string(rule.five_minutes) + " " + std::to_string(rule.one_hour) + "\n";
  }
  return text;
}

TieredRate scaled(const TieredRate& rate, std::int64_t thousandths) {
  const auto scale = [thousandths](Rate r) { return Rate{(r.nanos_per_million * thousandths + 999) / 1000}; };
  TieredRate result{scale(rate.base), {}};
  for (const auto& tier : rate.tiers) result.tiers.push_back({tier.above_input_tokens, scale(tier.rate)});
  return result;
}

void apply_billing_rules(std::string_view provider, std::string_view model, Price& price) {
  for (const TierRule& rule : kTierRules) {
    if (!glob_match(rule.provider, provider) || !glob_match(rule.model, model)) continue;
    price.batch_thousandths = rule.batch;
    price.priority_thousandths = rule.priority;
    price.flex_thousandths = rule.flex;
    break;
  }
  for (const CacheWriteRule& rule : kCacheWriteRules) {
    if (!price.input || !glob_match(rule.provider, provider) || !glob_match(rule.model, model)) continue;
    if (!price.cache_write_5m) price.cache_write_5m = scaled(*price.input, rule.five_minutes);
    if (!price.cache_write_1h) price.cache_write_1h = scaled(*price.input, rule.one_hour);
    break;
  }
}

}  // namespace reeve::spend
