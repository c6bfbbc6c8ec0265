#include "spend/sums.h"

#include <algorithm>

namespace reeve::spend {

namespace {

/// A call is priced when it ends, shortly before it is recorded.
constexpr Duration kPricedBefore = std::chrono::minutes(1);

bool is_same(const PriceMatch& left, const PriceMatch& right) {
  return left.price == right.price && left.known == right.known && left.adjustments == right.adjustments;
}

/// What calls cost together under another price than theirs, from the sum of their usage: where each token costs a
/// whole number of nano-dollars, whatever the size of its call, no call is rounded.
std::optional<Money> cost_of_calls(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier,
                                   std::uint64_t calls) {
  const Price& price = *match.price;
  if (tier != ServiceTier::kStandard || !match.adjustments.empty()) return std::nullopt;
  // Parts that are bounded by their whole are so call by call, and counts that no call can have are cut.
  constexpr std::int64_t kCountMax = 1'000'000'000;
  if (usage.input_audio != 0 || usage.output_audio != 0 || (usage.reasoning != 0 && price.reasoning)) {
    return std::nullopt;
  }
  if (usage.input_total() > kCountMax || usage.output > kCountMax) return std::nullopt;
  for (const auto* rate : {&price.input, &price.output, &price.cache_read, &price.cache_write_5m, &price.cache_write_1h,
                           &price.reasoning, &price.input_audio, &price.output_audio}) {
    if (*rate && (!(*rate)->tiers.empty() || (*rate)->base.nanos_per_million % 1'000'000 != 0)) return std::nullopt;
  }
  Money cost = cost_of(match, usage, tier).total;
  cost.nanos += price.nanos_per_request.value_or(0) * (static_cast<std::int64_t>(calls) - 1);
  return cost;
}

/// A price with the same base rates, under which the usage costs `cost`: the rest is by the piece.
Price price_that_makes(const Price& price, const TokenUsage& usage, Money cost) {
  Price made = price;
  for (auto* rate : {&made.input, &made.output, &made.cache_read, &made.cache_write_5m, &made.cache_write_1h,
                     &made.reasoning, &made.input_audio, &made.output_audio}) {
    if (*rate) (*rate)->tiers.clear();
  }
  made.batch_thousandths = made.priority_thousandths = made.flex_thousandths = 1000;
  made.nanos_per_request = 0;
  PriceMatch match;
  match.price = &made;
  made.nanos_per_request = cost.nanos - cost_of(match, usage, ServiceTier::kStandard).total.nanos;
  return made;
}

}  // namespace

Instant PricesOfSums::month_earlier(Instant at) const {
  return std::min(earlier_.begin + (at - later_begin_), earlier_.end - Duration(1));
}

PriceMatch PricesOfSums::find(std::string_view provider, std::string_view model, Instant when,
                              std::string_view region) const {
  if (!of_sum_) return prices_.find(provider, model, when, region);
  PriceMatch match;
  match.price = &*of_sum_;
  return match;
}

bool PricesOfSums::add_to(MonthComparison& comparison, const SummedRow& sum) {
  const SpendRow& row = sum.row;
  if (!row.priced) {
    comparison.add(row);
    return true;
  }
  if (!row.service_tier) return false;
  const bool is_later = sum.first >= later_begin_;
  const auto price_at = [&](Instant at) { return price_of(prices_, row, at); };
  const auto then = [&](Instant at) { return is_later ? month_earlier(at) : at; };
  const auto match = price_at(then(sum.first - kPricedBefore));
  if (!is_same(*match, *price_at(then(sum.last)))) return false;
  // Calls whose price is the one that they had cost what they cost.
  const bool kept = is_same(*match, *price_at(sum.first - kPricedBefore)) && is_same(*match, *price_at(sum.last)) &&
                    cost_of(*match, {}, *row.service_tier).price_version == row.price_version;
  const auto rated = kept ? std::optional(row.cost) : cost_of_calls(*match, row.usage, *row.service_tier, sum.calls);
  if (!rated) return false;
  of_sum_ = price_that_makes(*match->price, row.usage, *rated);
  comparison.add(row);
  of_sum_.reset();
  return true;
}

}  // namespace reeve::spend
