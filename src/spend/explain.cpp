#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "spend/report_text.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;

/// whole * part / of, rounded half away from zero; 0 when there is nothing to divide by.
std::int64_t proportion(std::int64_t whole, std::int64_t part, std::int64_t of) {
  if (of == 0) return 0;
  const Wide product = Wide{whole} * part;
  const Wide half = of / 2;
  return static_cast<std::int64_t>((product >= 0 ? product + half : product - half) / of);
}

std::array<std::int64_t, 4> input_kinds(const TokenUsage& usage) {
  return {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h};
}

/// What the later month's input would have cost beyond what it did, had it been read from and written to caches in the
/// shares of the earlier one; 0 where one of them had no input.
std::int64_t without_change_of_cache(const TokenUsage& before, const TokenUsage& after,
                                     const std::array<std::int64_t, 4>& rates) {
  const std::int64_t total_before = before.input_total();
  const std::int64_t total_after = after.input_total();
  if (total_before <= 0 || total_after <= 0) return 0;
  const auto shares = input_kinds(before);
  const auto kinds = input_kinds(after);
  Wide difference = 0;
  std::int64_t placed = 0;
  for (std::size_t kind = 1; kind < kinds.size(); ++kind) {
    const std::int64_t as_before = proportion(total_after, shares[kind], total_before);
    placed += as_before;
    difference += Wide{as_before - kinds[kind]} * rates[kind];
  }
  difference += Wide{total_after - placed - kinds[0]} * rates[0];
  constexpr Wide kMillion = 1'000'000;
  return static_cast<std::int64_t>((difference >= 0 ? difference + kMillion / 2 : difference - kMillion / 2) /
                                   kMillion);
}

Instant cut(Instant end, const MonthSpan& month, Instant until, const MonthSpan& of) {
  if (until >= of.end) return end;
  return std::min(end, month.begin + (until - of.begin));
}

}  // namespace

MonthComparison::MonthComparison(const Catalogue& catalogue, MonthSpan after, Instant until, std::string dimension)
    : catalogue_(&catalogue), before_(month_before(after)), after_(std::move(after)), dimension_(std::move(dimension)) {
  part_ = until < after_.end;
  const MonthSpan whole = after_;
  before_.end = cut(before_.end, before_, until, whole);
  after_.end = cut(after_.end, after_, until, whole);
}

void MonthComparison::add(const SpendRow& row) {
  const bool is_before = row.time >= before_.begin && row.time < before_.end;
  const bool is_after = row.time >= after_.begin && row.time < after_.end;
  if (!is_before && !is_after) return;
  const std::size_t month = is_after ? 1 : 0;
  const std::string group = dimension_.empty() ? std::string() : key_of(row, {dimension_}).front();
  Cell& cell = cells_[{group, row.model}];
  cell.cost[month].nanos = saturated_sum(cell.cost[month].nanos, row.cost.nanos);
  add_usage(cell.usage[month], row.usage);
  if (!row.priced) return;
  // The same moment of the earlier month, for prices that follow the time of day.
  const Instant at = row.price_time.value_or(row.time);
  const Instant then =
      is_after ? std::min(before_.begin + (at - after_.begin), month_of(before_.begin).end - Duration(1)) : at;
  const auto match = price_of(*catalogue_, row, then);
  const Cost rated = cost_of(*match, row.usage, row.service_tier.value_or(ServiceTier::kStandard));
  cell.rated[month].nanos = saturated_sum(cell.rated[month].nanos, rated.total.nanos);
  if (!is_after) return;
  const Price& price = *match->price;
  const auto rate = [&](std::initializer_list<const std::optional<TieredRate>*> rates) {
    for (const auto* given : rates) {
      if (*given) return (*given)->base.nanos_per_million;
    }
    return std::int64_t{0};
  };
  const std::array<std::int64_t, 4> rates{rate({&price.input}), rate({&price.cache_read, &price.input}),
                                          rate({&price.cache_write_5m, &price.input}),
                                          rate({&price.cache_write_1h, &price.cache_write_5m, &price.input})};
  // Of several the dearest, so that the order of the rows does not matter.
  for (std::size_t i = 0; i < rates.size(); ++i) cell.rates[i] = std::max(cell.rates[i], rates[i]);
}

void MonthComparison::merge(const MonthComparison& other) {
  for (const auto& [key, cell] : other.cells_) {
    Cell& mine = cells_[key];
    for (std::size_t month = 0; month < 2; ++month) {
      mine.cost[month].nanos = saturated_sum(mine.cost[month].nanos, cell.cost[month].nanos);
      mine.rated[month].nanos = saturated_sum(mine.rated[month].nanos, cell.rated[month].nanos);
      add_usage(mine.usage[month], cell.usage[month]);
    }
    for (std::size_t i = 0; i < cell.rates.size(); ++i) mine.rates[i] = std::max(mine.rates[i], cell.rates[i]);
  }
}

MonthComparison::Group MonthComparison::explain(const std::string& name, const std::vector<const Cell*>& cells) const {
  Group group;
  group.name = name;
  std::int64_t rated_before = 0;
  std::int64_t rated_after = 0;
  for (const Cell* cell : cells) {
    group.before.nanos += cell->cost[0].nanos;
    group.after.nanos += cell->cost[1].nanos;
    rated_before += cell->rated[0].nanos;
    rated_after += cell->rated[1].nanos;
    group.tokens_before += tokens_of(cell->usage[0]);
    group.tokens_after += tokens_of(cell->usage[1]);
    group.input_before += cell->usage[0].input_total();
    group.input_after += cell->usage[1].input_total();
    group.cached_before += cell->usage[0].cache_read;
    group.cached_after += cell->usage[1].cache_read;
  }
  // Each step changes one thing, from the earlier month to the later one, so the effects add up by themselves.
  const std::int64_t by_volume =
      group.tokens_before == 0 ? rated_before : proportion(rated_before, group.tokens_after, group.tokens_before);
  std::int64_t by_mix = 0;
  std::int64_t by_shape = 0;
  for (const Cell* cell : cells) {
    const std::int64_t tokens_before = tokens_of(cell->usage[0]);
    const std::int64_t tokens_after = tokens_of(cell->usage[1]);
    const std::int64_t caches_as_before =
        cell->rated[1].nanos + without_change_of_cache(cell->usage[0], cell->usage[1], cell->rates);
    by_shape += caches_as_before;
    // A model that was not there before comes in at its own cost: that is mix.
    by_mix += tokens_before == 0 ? caches_as_before : proportion(cell->rated[0].nanos, tokens_after, tokens_before);
  }
  // Where nothing was asked before, all that came is volume.
  const bool is_new = group.tokens_before == 0;
  group.effects[kVolume] = is_new ? by_shape - rated_before : by_volume - rated_before;
  group.effects[kMix] = is_new ? 0 : by_mix - by_volume;
  group.effects[kShape] = is_new ? 0 : by_shape - by_mix;
  group.effects[kCache] = rated_after - by_shape;
  group.effects[kPrice] = (group.after.nanos - rated_after) - (group.before.nanos - rated_before);
  return group;
}

MonthComparison::Comparison MonthComparison::result() const {
  Comparison result;
  result.before = before_;
  result.after = after_;
  result.part_of_month = part_;
  std::map<std::string, std::vector<const Cell*>> by_group;
  std::map<std::string, Cell> by_model;
  for (const auto& [key, cell] : cells_) {
    by_group[key.first].push_back(&cell);
    Cell& model = by_model[key.second];
    for (std::size_t month = 0; month < 2; ++month) {
      model.cost[month].nanos += cell.cost[month].nanos;
      add_usage(model.usage[month], cell.usage[month]);
    }
  }
  for (const auto& [name, cells] : by_group) {
    result.groups.push_back(explain(name, cells));
    const Group& group = result.groups.back();
    Group& total = result.total;
    total.before.nanos += group.before.nanos;
    total.after.nanos += group.after.nanos;
    total.tokens_before += group.tokens_before;
    total.tokens_after += group.tokens_after;
    total.input_before += group.input_before;
    total.input_after += group.input_after;
    total.cached_before += group.cached_before;
    total.cached_after += group.cached_after;
    for (std::size_t i = 0; i < kEffects; ++i) total.effects[i] += group.effects[i];
  }
  const auto change = [](Money before, Money after) { return std::abs(after.nanos - before.nanos); };
  std::sort(result.groups.begin(), result.groups.end(), [&](const Group& left, const Group& right) {
    return std::tuple(change(right.before, right.after), left.name) <
           std::tuple(change(left.before, left.after), right.name);
  });
  for (const auto& [name, cell] : by_model) {
    result.models.emplace_back(name, tokens_of(cell.usage[0]), tokens_of(cell.usage[1]), cell.cost[0], cell.cost[1]);
  }
  std::sort(result.models.begin(), result.models.end(), [&](const auto& left, const auto& right) {
    return std::tuple(change(std::get<3>(right), std::get<4>(right)), std::get<0>(left)) <
           std::tuple(change(std::get<3>(left), std::get<4>(left)), std::get<0>(right));
  });
  return result;
}

}  // namespace reeve::spend
