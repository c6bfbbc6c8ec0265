#include <algorithm>
#include <array>
#include <limits>

#include "spend/adjustment_factor.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;

// A thousand times the largest context there is. Counts come from providers; one past this is an error of theirs that
// must not overflow the sum.
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kTokens = 1'000'000;  // token rates are per so many
constexpr std::int64_t kThousandths = 1000;
constexpr std::int64_t kMillionths = 1'000'000;

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

enum Kind : std::size_t {
  kInput,
  kInputAudio,
  kCacheRead,
  kCacheWrite5m,
  kCacheWrite1h,
  kOutput,
  kOutputAudio,
  kReasoning,
  kWebSearch,
  kRequest,
  kKinds
};
constexpr std::array<std::string_view, kKinds> kMeters{
    "input",  "input_audio",  "cache_read", "cache_write_5m", "cache_write_1h",
    "output", "output_audio", "reasoning",  "web_search",     "request"};
/// Fees by the piece; the tier of service does not change them.
constexpr bool by_the_piece(std::size_t kind) { return kind >= kWebSearch; }

using Quantities = std::array<std::int64_t, kKinds>;
using Nanos = std::array<std::int64_t, kKinds>;  // per million tokens, or per piece

/// How much of each kind there is; the parts of input and output are taken out of them.
Quantities quantities_of(const TokenUsage& usage, Counts& count) {
  Quantities of{};
  of[kInputAudio] = std::min(count(usage.input_audio), count(usage.input));
  of[kInput] = count(usage.input) - of[kInputAudio];
  of[kCacheRead] = count(usage.cache_read);
  of[kCacheWrite5m] = count(usage.cache_write_5m);
  of[kCacheWrite1h] = count(usage.cache_write_1h);
  const std::int64_t output = count(usage.output);
  of[kOutputAudio] = std::min(count(usage.output_audio), output);
  of[kReasoning] = std::min(count(usage.reasoning), output - of[kOutputAudio]);
  of[kOutput] = output - of[kOutputAudio] - of[kReasoning];
  of[kWebSearch] = count(usage.web_searches);
  of[kRequest] = 1;
  return of;
}

std::int64_t input_total(const Quantities& of) {
  return of[kInput] + of[kInputAudio] + of[kCacheRead] + of[kCacheWrite5m] + of[kCacheWrite1h];
}

Nanos rates_of(const Price& price, std::int64_t total) {
  Nanos nanos{};
  const auto set = [&](Kind kind, std::initializer_list<const std::optional<TieredRate>*> rates) {
    nanos[kind] = first_of(rates, total).nanos_per_million;
  };
  set(kInput, {&price.input});
  set(kInputAudio, {&price.input_audio, &price.input});
  set(kCacheRead, {&price.cache_read, &price.input});
  set(kCacheWrite5m, {&price.cache_write_5m, &price.input});
  set(kCacheWrite1h, {&price.cache_write_1h, &price.cache_write_5m, &price.input});
  set(kOutput, {&price.output, &price.input});
  set(kOutputAudio, {&price.output_audio, &price.output, &price.input});
  set(kReasoning, {&price.reasoning, &price.output, &price.input});
  nanos[kWebSearch] = price.nanos_per_web_search.value_or(0);
  nanos[kRequest] = price.nanos_per_request.value_or(0);
  return nanos;
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

/// Rounded once, half up. The largest Money instead of more than that.
Money sum_of(const Quantities& of, const Nanos& nanos, std::int64_t tier, std::int64_t factor) {
  Wide tokens = 0;
  Wide pieces = 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    (by_the_piece(kind) ? pieces : tokens) += Wide{of[kind]} * nanos[kind];
  }
  // In the smallest unit that the factors leave. Far beyond any bill the sums are cut, so that they cannot overflow.
  constexpr Wide kScale = Wide{kTokens} * kThousandths * kMillionths;
  constexpr Wide kMost = kScale * std::numeric_limits<std::int64_t>::max();
  const Wide tokens_cost = std::min<Wide>(tokens * tier, kMost / kMillionths) * factor;
  const Wide pieces_cost = std::min<Wide>(pieces, std::numeric_limits<std::int64_t>::max()) * factor;
  const Wide whole = std::min<Wide>(tokens_cost, kMost) +
                     std::min<Wide>(pieces_cost, kMost / kTokens / kThousandths) * kTokens * kThousandths;
  return Money{static_cast<std::int64_t>(
      std::min<Wide>((whole + kScale / 2) / kScale, std::numeric_limits<std::int64_t>::max()))};
}

/// The adjustments that count for a call of this tier: of each contract's discounts the first, and their product.
std::vector<const PriceAdjustment*> adjustments_of(const PriceMatch& match, ServiceTier tier) {
  std::vector<const PriceAdjustment*> counting;
  for (const PriceAdjustment* adjustment : match.adjustments) {
    if (adjustment->service_tier && *adjustment->service_tier != tier) continue;
    const bool taken = std::any_of(counting.begin(), counting.end(), [&](const PriceAdjustment* other) {
      return other->contract == adjustment->contract;
    });
    if (!taken) counting.push_back(adjustment);
  }
  return counting;
}

/// Their product, rounded half up to a millionth after each; at most a hundredfold.
std::int64_t factor_of(const std::vector<const PriceAdjustment*>& adjustments) {
  std::int64_t factor = kMillionths;
  for (const PriceAdjustment* adjustment : adjustments) {
    const Wide product = Wide{factor} * adjustment->factor_millionths;
    factor = static_cast<std::int64_t>(std::min<Wide>((product + kMillionths / 2) / kMillionths, 100 * kMillionths));
  }
  return factor;
}

}  // namespace

std::int64_t adjustment_millionths(const PriceMatch& match, ServiceTier tier) {
  return match.adjustments.empty() ? kMillionths : factor_of(adjustments_of(match, tier));
}

Rate TieredRate::at(std::int64_t input_total) const {
  Rate rate = base;
  for (const Tier& tier : tiers) {
    if (input_total > tier.above_input_tokens) rate = tier.rate;
  }
  return rate;
}

Cost cost_of(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier) {
  Counts count;
  const Quantities quantities = quantities_of(usage, count);
  const std::int64_t total = input_total(quantities);
  const auto adjustments = adjustments_of(match, tier);
  const auto sum = [&](const Price& price, std::int64_t factor) {
    return sum_of(quantities, rates_of(price, total), tier_thousandths(price, tier), factor);
  };
  Cost cost;
  cost.total = sum(*match.price, factor_of(adjustments));
  cost.list = match.listed == nullptr && adjustments.empty()
                  ? cost.total
                  : sum(match.listed == nullptr ? *match.price : *match.listed, kMillionths);
  cost.price_known = match.known;
  cost.estimated = !usage.reported() || !count.sound;
  cost.price_version = match.price->version;
  for (const PriceAdjustment* adjustment : adjustments) cost.price_version += " + " + adjustment->version;
  return cost;
}

std::vector<PricedLine> priced_lines(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier) {
  Counts count;
  const Quantities quantities = quantities_of(usage, count);
  const std::int64_t total = input_total(quantities);
  const Price& listed = match.listed == nullptr ? *match.price : *match.listed;
  const Nanos own_rates = rates_of(*match.price, total);
  const Nanos list_rates = rates_of(listed, total);
  const std::int64_t factor = factor_of(adjustments_of(match, tier));
  std::vector<PricedLine> lines;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (quantities[kind] == 0) continue;
    if (by_the_piece(kind) && own_rates[kind] == 0 && list_rates[kind] == 0) continue;
    PricedLine line{.meter = kMeters[kind],
                    .quantity = quantities[kind],
                    .per = by_the_piece(kind) ? 1 : kTokens,
                    .list_nanos = list_rates[kind],
                    .own_nanos = own_rates[kind],
                    .factor_millionths = factor};
    if (!by_the_piece(kind)) {
      line.list_tier_thousandths = tier_thousandths(listed, tier);
      line.tier_thousandths = tier_thousandths(*match.price, tier);
    }
    lines.push_back(line);
  }
  return lines;
}

std::string_view service_tier_name(ServiceTier tier) {
  switch (tier) {
    case ServiceTier::kStandard: return "standard";
    case ServiceTier::kBatch: return "batch";
    case ServiceTier::kPriority: return "priority";
    case ServiceTier::kFlex: return "flex";
  }
  return "standard";
}

std::optional<ServiceTier> service_tier_of(std::string_view name) {
  for (const ServiceTier tier :
       {ServiceTier::kStandard, ServiceTier::kBatch, ServiceTier::kPriority, ServiceTier::kFlex}) {
    if (service_tier_name(tier) == name) return tier;
  }
  return std::nullopt;
}

}  // namespace reeve::spend
