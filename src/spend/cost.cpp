#include <algorithm>
#include <limits>

#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;

// A thousand times the largest context there is. Counts come from providers; one past this is an error of theirs that
// must not overflow the sum.
constexpr std::int64_t kCountMax = 1'000'000'000;

/// Keeps a count in its range and notes when it was not.
struct Counts {
  bool sound = true;
  std::int64_t operator()(std::int64_t count) {
    const std::int64_t kept = std::clamp<std::int64_t>(count, 0, kCountMax);
    sound = sound && kept == count;
    return kept;
  }
};

Rate first_of(std::initializer_list<const std::optional<TieredRate>*> rates, std::int64_t input_total) {
  for (const auto* rate : rates) {
    if (*rate) return (*rate)->at(input_total);
  }
  return {};
}

Wide times(std::int64_t tokens, Rate rate) { return Wide{tokens} * rate.nanos_per_million; }

Wide input_cost(const Price& price, const TokenUsage& usage, std::int64_t total, Counts& count) {
  const std::int64_t input = count(usage.input);
  const std::int64_t audio = std::min(count(usage.input_audio), input);
  return times(input - audio, first_of({&price.input}, total)) +
         times(audio, first_of({&price.input_audio, &price.input}, total)) +
         times(count(usage.cache_read), first_of({&price.cache_read, &price.input}, total)) +
         times(count(usage.cache_write_5m), first_of({&price.cache_write_5m, &price.input}, total)) +
         times(count(usage.cache_write_1h),
               first_of({&price.cache_write_1h, &price.cache_write_5m, &price.input}, total));
}

Wide output_cost(const Price& price, const TokenUsage& usage, std::int64_t total, Counts& count) {
  const std::int64_t output = count(usage.output);
  const std::int64_t audio = std::min(count(usage.output_audio), output);
  const std::int64_t reasoning = std::min(count(usage.reasoning), output - audio);
  return times(output - audio - reasoning, first_of({&price.output, &price.input}, total)) +
         times(audio, first_of({&price.output_audio, &price.output, &price.input}, total)) +
         times(reasoning, first_of({&price.reasoning, &price.output, &price.input}, total));
}

std::int64_t tier_thousandths(const Price& price, ServiceTier tier) {
  switch (tier) {
    case ServiceTier::kStandard: return 1000;
    case ServiceTier::kBatch: return price.batch_thousandths;
    case ServiceTier::kPriority: return price.priority_thousandths;
    case ServiceTier::kFlex: return price.flex_thousandths;
  }
  return 1000;
}

}  // namespace

Rate TieredRate::at(std::int64_t input_total) const {
  Rate rate = base;
  for (const Tier& tier : tiers) {
    if (input_total > tier.above_input_tokens) rate = tier.rate;
  }
  return rate;
}

Cost cost_of(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier) {
  const Price& price = *match.price;
  Counts count;
  const std::int64_t input_total =
      count(usage.input) + count(usage.cache_read) + count(usage.cache_write_5m) + count(usage.cache_write_1h);
  const Wide tokens = input_cost(price, usage, input_total, count) + output_cost(price, usage, input_total, count);
  const Wide fixed = Wide{price.nanos_per_request.value_or(0)} +
                     Wide{count(usage.web_searches)} * price.nanos_per_web_search.value_or(0);
  // In billionths of a nano-dollar: rates are per million tokens, factors in thousandths.
  constexpr Wide kScale = Wide{1'000'000} * 1000;
  const Wide sum = tokens * tier_thousandths(price, tier) + fixed * kScale;
  const Wide nanos = std::min<Wide>((sum + kScale / 2) / kScale, std::numeric_limits<std::int64_t>::max());

  Cost cost;
  cost.total = Money{static_cast<std::int64_t>(nanos)};
  cost.price_known = match.known;
  cost.estimated = !usage.reported() || !count.sound;
  cost.price_version = price.version;
  return cost;
}

}  // namespace reeve::spend
