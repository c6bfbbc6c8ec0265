// Sets coming in force, approved extras, the view of all counters, and the sweeping of what is over.

#include <algorithm>

#include "spend/admission_call.h"
#include "spend/books_impl.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;
constexpr std::size_t kPastSets = 16;
// How long after its end a window is kept: for calls that began in it, and for a clock that is set back.
constexpr Duration kGrace = std::chrono::hours(25);
/// A counter in which nothing was spent. Callers name sessions: what they invent must not take memory for long. More
/// than a minute, for limits of one.
constexpr std::int64_t kEmptyIdleSeconds = 120;
constexpr std::int64_t kIdleSeconds = 3'600;
constexpr std::int64_t kSessionIdleSeconds = 7 * 86'400;

std::uint16_t passed_thresholds(const Budget& budget, const Amounts& spent) {
  unsigned bits = 0;
  for (std::size_t t = 0; t < budget.thresholds.size(); ++t) {
    for (std::size_t q = 0; q < kAmounts; ++q) {
      if (!budget.limits[q]) continue;
      const bool passed = Wide{amount_of(spent, q)} * 100 >= Wide{*budget.limits[q]} * budget.thresholds[t].percent;
      if (passed) bits |= 1U << t;
    }
  }
  return static_cast<std::uint16_t>(bits);
}

}  // namespace

/// Whether the counters of a lane are those of this budget.
bool LocalBudgets::goes_on(const Lane& lane, const Budget& budget) {
  return lane.budget != nullptr && lane.budget->name == budget.name && lane.shape == shape_of(budget);
}

/// The lane that goes on for this budget, or a new one.
Lane& LocalBudgets::lane_for(const std::shared_ptr<const BudgetSet>& set, std::size_t index,
                             std::vector<Lane*>& fresh) {
  const Budget& budget = set->list()[index];
  for (const auto& lane : lanes_) {
    if (goes_on(*lane, budget)) return *lane;
  }
  Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
  lane.id = static_cast<std::uint32_t>(lanes_.size() - 1);
  lane.name = budget.name;
  lane.shape = shape_of(budget);
  lane.set = set;
  lane.budget = &budget;
  lane.rule = &LoadedBudgets::of(*set).window_rule(index);
  fresh.push_back(&lane);
  return lane;
}

/// A piece of the books at a time, so that admissions go on between: nobody finds these counters yet.
void LocalBudgets::seed(Lane& lane, const Budget& budget, const Books& books) {
  const Books::Impl& impl = books.impl();
  const auto budgets = impl.set->list();
  const Budget* same = impl.set->find(budget.name);
  if (same == nullptr || shape_of(*same) != lane.shape) return;
  const auto index = static_cast<std::uint32_t>(same - budgets.data());
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    const std::lock_guard lock(mutex_);
    const auto touched = static_cast<std::uint32_t>(uptime_seconds());
    impl.table.visit(piece, [&](const Counter& counter) {
      if (counter.lane != index) return;
      Counter& own = table_.make(lane.id, counter.key(), table_.hash_of(lane.id, counter.key()));
      own.touched = touched;
      counter.each_cell([&](const Cell& cell) {
        if (cell.spent == Amounts{}) return;
        Cell& copy = own.at(cell.begin);
        copy.spent = cell.spent;
        copy.notified = passed_thresholds(budget, cell.spent);
      });
      own.at(counter.current.begin);
    });
  }
}

/// Calls `function` with each new counter that a call falls under, its lane and its window.
template <typename Function>
void LocalBudgets::each_fresh(const Generation& generation, const std::vector<Lane*>& fresh, std::string_view packed,
                              Instant time, Function&& function) {
  const LoadedBudgets& set = LoadedBudgets::of(*generation.set);
  std::vector<std::uint32_t> found;
  std::vector<std::string> groups;
  std::string key;
  const CallScope scope = unpack_scope(packed, groups);
  set.matching(scope, found);
  for (const std::uint32_t index : found) {
    Lane* lane = generation.lanes[index];
    if (std::find(fresh.begin(), fresh.end(), lane) == fresh.end()) continue;
    key.clear();
    append_key(key, set.list()[index], scope);
    const std::uint64_t hash = table_.hash_of(lane->id, key);
    Counter* counter = table_.find(lane->id, key, hash);
    if (counter == nullptr) counter = &table_.make(lane->id, key, hash);
    const bool by_day = set.list()[index].period == Period::kSession && scope[Dimension::kSession].empty();
    function(*lane, *counter, by_day ? lane->rule->day_at(time).begin : lane->rule->at(time).begin);
  }
}

/// Budgets that are new count what the books do not have yet, whatever the limits say: calls under way hold what they
/// hold, and those that ended since prepare() have come to what they came to.
void LocalBudgets::adopt(const Generation& generation, const std::vector<Lane*>& fresh, const Books& books) {
  const auto& told = books.impl().seen;
  const std::int64_t uptime = uptime_seconds();
  for (Reservation::Held* held = first_held_; held != nullptr; held = held->next) {
    if (told.contains(held->attempt)) continue;
    each_fresh(generation, fresh, held->scope, held->time, [&](Lane& lane, Counter& counter, Instant begin) {
      held->parts.push_back(hold_on(lane, counter, begin, held->amounts, held->minute, uptime));
    });
  }
  for (const Ended& ended : ended_) {
    if (told.contains(ended.attempt)) continue;
    each_fresh(generation, fresh, ended.scope, ended.time, [&](Lane&, Counter& counter, Instant begin) {
      add_to(counter.at(begin).spent, ended.amounts);
      counter.touched = static_cast<std::uint32_t>(uptime_seconds());
    });
  }
}

bool LocalBudgets::prepare(const BudgetSet& set) {
  const std::lock_guard lock(mutex_);
  preparing_ = true;
  ended_.clear();
  return !std::all_of(set.list().begin(), set.list().end(), [this](const Budget& budget) {
    return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) { return goes_on(*lane, budget); });
  });
}

void LocalBudgets::abandon() {
  const std::lock_guard lock(mutex_);
  preparing_ = false;
  ended_.clear();
}

void LocalBudgets::publish(std::shared_ptr<const BudgetSet> set, const Books& books) {
  const std::lock_guard publishing(publish_mutex_);
  auto next = std::make_shared<Generation>();
  next->set = set;
  std::vector<Lane*> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < set->list().size(); ++i) {
      next->lanes.push_back(&lane_for(set, i, fresh));
    }
  }
  for (std::size_t i = 0; i < next->lanes.size(); ++i) {
    Lane* lane = next->lanes[i];
    if (std::find(fresh.begin(), fresh.end(), lane) != fresh.end()) seed(*lane, set->list()[i], books);
  }
  const std::scoped_lock lock(mutex_, generation_mutex_);
  for (const auto& lane : lanes_) lane->budget = nullptr;
  for (std::size_t i = 0; i < next->lanes.size(); ++i) {
    next->lanes[i]->set = set;
    next->lanes[i]->budget = &set->list()[i];
    next->lanes[i]->rule = &LoadedBudgets::of(*set).window_rule(i);
    next->lanes[i]->window = {};  // looked up again: what is needed with it may have changed
  }
  adopt(*next, fresh, books);
  current_ = next.get();
  past_.push_back(std::exchange(generation_, std::move(next)));
  if (past_.size() > kPastSets) past_.erase(past_.begin());
  share_out_allowances();
  published_ = true;
  preparing_ = false;
  ended_.clear();
}

void LocalBudgets::share_out_allowances() {
  for (const auto& lane : lanes_) {
    lane->allowances.clear();
    if (lane->budget == nullptr) continue;
    for (const Allowance& allowance : allowances_) {
      if (allowance.budget == lane->budget->name) lane->allowances.push_back(allowance);
    }
  }
}

void LocalBudgets::allow(std::vector<Allowance> allowances) {
  const std::lock_guard lock(mutex_);
  allowances_ = std::move(allowances);
  share_out_allowances();
}

/// Forgets the windows of a counter that are over, but for the current one.
void LocalBudgets::prune(Lane& lane, Counter& counter, Instant now) {
  if (counter.extra == nullptr || lane.budget == nullptr) return;
  const Period period = lane.rule->period();
  std::erase_if(counter.extra->cells, [&](const Cell& cell) {
    if (cell.reserved != Amounts{}) return false;
    if (period == Period::kSession && cell.begin.nanoseconds == 0) return false;
    Instant over;  // from then on nothing that is now asks for it
    if (period == Period::kRolling) {
      over = cell.begin + lane.rule->rolling() + 2 * lane.rule->step();
    } else if (period == Period::kSession) {
      over = lane.rule->day_at(cell.begin).end;
    } else {
      over = lane.rule->at(cell.begin).end;
    }
    if (over + kGrace > now) return false;
    const bool carries = lane.budget->carry_over_percent > 0 && cell.begin == lane.previous.begin;
    if (carries) return false;
    lane.swept_until = std::max(lane.swept_until, over);
    return true;
  });
  const bool empty = counter.extra->cells.empty() && counter.extra->minute < 0 && counter.extra->shares.empty();
  if (empty) counter.extra.reset();
}

/// Whether a counter may still be asked for.
bool LocalBudgets::stays(Counter& counter, Instant now) {
  if (counter.holds > 0) return true;
  // A share goes first, once the others have been told.
  if (counter.extra != nullptr && !counter.extra->shares.empty()) return true;
  Lane& lane = *lanes_[counter.lane];
  if (lane.budget == nullptr) return false;
  prune(lane, counter, now);
  const std::int64_t idle = uptime_seconds() - counter.touched;
  const bool empty = counter.current.empty() && (counter.extra == nullptr || counter.extra->cells.empty());
  if (idle < (empty ? kEmptyIdleSeconds : kIdleSeconds)) return true;
  if (counter.extra != nullptr && !counter.extra->cells.empty()) return true;
  if (counter.current.empty()) return false;
  const Period period = lane.rule->period();
  const Instant begin = counter.current.begin;
  if (period == Period::kSession && begin.nanoseconds == 0) return idle < kSessionIdleSeconds;
  Instant over;
  if (period == Period::kRolling) {
    over = begin + lane.rule->rolling() + 2 * lane.rule->step();
  } else if (period == Period::kSession) {
    over = lane.rule->day_at(begin).end;
  } else {
    over = lane.rule->at(begin).end;
    if (lane.budget->carry_over_percent > 0) over = lane.rule->at(over).end;  // the next window asks for it
  }
  if (over + kGrace > now) return true;
  lane.swept_until = std::max(lane.swept_until, over);
  return false;
}

void LocalBudgets::sweep_some(std::size_t count) {
  const Instant now = options_.clock->now();
  table_.visit_some(count, [&](Counter& counter) { return stays(counter, now); });
}

std::optional<CounterView> LocalBudgets::view_of(const Counter& counter, Instant now) const {
  Lane& lane = *lanes_[counter.lane];
  if (lane.budget == nullptr) return std::nullopt;
  const Budget& budget = *lane.budget;
  CounterView view;
  view.values = values_of_key(budget, counter.key());
  const bool by_day =
      budget.period == Period::kSession && std::any_of(view.values.begin(), view.values.end(), [](const auto& value) {
        return value.first == Dimension::kSession && value.second.empty();
      });
  const Instant begin = begin_of(lane, by_day, now);
  const Usage usage = usage_of(lane, &counter, begin);
  if (usage.spent == Amounts{} && usage.reserved == Amounts{} && counter.holds == 0) return std::nullopt;
  view.budget = budget.name;
  view.title = budget.title;
  view.scope = scope_of_key(budget, counter.key());
  const Window window = by_day ? lane.day : lane.window;
  view.window_begin = budget.period == Period::kRolling ? now - budget.rolling : window.begin;
  view.window_end = budget.period == Period::kRolling ? now : window.end;
  const bool this_minute = counter.extra != nullptr && counter.extra->minute == uptime_seconds() / 60;
  for (std::size_t q = 0; q < kQuantities; ++q) {
    if (!budget.limits[q]) continue;
    const Limit limit = limit_of(lane, &counter, counter.key(), begin, q, now);
    CounterView::Line line{static_cast<Quantity>(q), limit.written, limit.carried, limit.allowed, 0, 0};
    switch (line.quantity) {
      case Quantity::kConcurrent: line.reserved = counter.holds; break;
      case Quantity::kTokensPerMinute: line.spent = this_minute ? counter.extra->minute_tokens : 0; break;
      case Quantity::kRequestsPerMinute: line.spent = this_minute ? counter.extra->minute_requests : 0; break;
      default:
        line.spent = add_capped(amount_of(usage.spent, q), spent_elsewhere(lane, counter, begin, q));
        line.reserved = amount_of(usage.reserved, q);
    }
    view.lines.push_back(line);
  }
  return view;
}

std::vector<CounterView> LocalBudgets::counters(std::string_view budget) {
  std::vector<CounterView> views;
  const Instant now = options_.clock->now();
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    const std::lock_guard lock(mutex_);
    std::as_const(table_).visit(piece, [&](const Counter& counter) {
      const Lane& lane = *lanes_[counter.lane];
      if (lane.budget == nullptr || (!budget.empty() && lane.budget->name != budget)) return;
      if (auto view = view_of(counter, now)) views.push_back(std::move(*view));
    });
  }
  std::sort(views.begin(), views.end(), [](const CounterView& a, const CounterView& b) {
    return std::tie(a.budget, a.scope) < std::tie(b.budget, b.scope);
  });
  return views;
}

std::unique_ptr<Budgets> Budgets::create(BudgetsOptions options) {
  return std::make_unique<LocalBudgets>(std::move(options));
}

}  // namespace reeve::spend
