#include "spend/local_budgets.h"

#include <algorithm>

#include "spend/admission_call.h"
#include "spend/books_impl.h"
#include "spend/refusal_text.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;
constexpr Quantity quantity_at(std::size_t index) { return static_cast<Quantity>(index); }

/// More of these than anybody has calls; each costs memory that a caller may ask for by inventing sessions.
constexpr std::size_t kCountersMax = 4'000'000;

}  // namespace

LocalBudgets::LocalBudgets(BudgetsOptions options) : options_(std::move(options)), start_(options_.clock->steady()) {
  auto none = std::make_shared<Generation>();
  none->set = std::make_shared<LoadedBudgets>(std::vector<Budget>{});
  current_ = none.get();
  generation_ = std::move(none);
  if (options_.slices == nullptr) return;
  exchanger_ = std::make_unique<Exchanger>(Exchanger::Jobs{[this] { exchange_round(); }, [this] { look_for_idle(); }});
}

LocalBudgets::~LocalBudgets() = default;

std::shared_ptr<const LocalBudgets::Generation> LocalBudgets::generation() const {
  const std::lock_guard lock(generation_mutex_);
  return generation_;
}

std::int64_t LocalBudgets::uptime_seconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(options_.clock->steady() - start_).count();
}

void LocalBudgets::find_applied(const CallScope& scope, Call& call) const {
  const LoadedBudgets& set = LoadedBudgets::of(*call.generation->set);
  set.matching(scope, call.found);
  call.keys.clear();
  call.applied.clear();
  for (const std::uint32_t index : call.found) {
    const Budget& budget = set.list()[index];
    Applied applied{};
    applied.budget = index;
    applied.lane = call.generation->lanes[index];
    applied.key_begin = static_cast<std::uint32_t>(call.keys.size());
    append_key(call.keys, budget, scope);
    applied.key_size = static_cast<std::uint32_t>(call.keys.size()) - applied.key_begin;
    applied.by_day = budget.period == Period::kSession && scope[Dimension::kSession].empty();
    applied.hash = table_.hash_of(applied.lane->id, call.key(applied));
    call.maximum = call.maximum || budget.reserve == Budget::Reserve::kMaximum;
    call.applied.push_back(applied);
  }
}

void LocalBudgets::move_to(Lane& lane, Instant now) {
  const Instant at = std::max(now, lane.swept_until);
  if (lane.window.contains(at)) return;
  lane.window = lane.rule->at(at);
  if (lane.budget->carry_over_percent > 0) lane.previous = lane.rule->before(lane.window);
}

Instant LocalBudgets::begin_of(Lane& lane, bool by_day, Instant now) {
  if (!by_day) {
    move_to(lane, now);
    return lane.window.begin;
  }
  const Instant at = std::max(now, lane.swept_until);
  if (!lane.day.contains(at)) lane.day = lane.rule->day_at(at);
  return lane.day.begin;
}

/// Finds the counters, in three rounds so that the processor waits for memory once and not for each of them.
void LocalBudgets::locate(Call& call) {
  for (const Applied& applied : call.applied) table_.prefetch(applied.hash);
  for (Applied& applied : call.applied) {
    applied.counter = table_.find(applied.lane->id, call.key(applied), applied.hash);
  }
  for (Applied& applied : call.applied) applied.begin = begin_of(*applied.lane, applied.by_day, call.now);
}

LocalBudgets::Usage LocalBudgets::usage_of(const Lane& lane, const Counter* counter, Instant begin) {
  Usage usage;
  if (counter == nullptr) return usage;
  if (lane.rule->period() != Period::kRolling) {
    if (const Cell* cell = counter->find(begin)) usage = {cell->spent, cell->reserved};
    return usage;
  }
  // All that shares a window with the step, also windows that end after now: the clock may have been set back.
  const Instant from = begin - lane.rule->rolling() - lane.rule->step();
  const Instant until = begin + lane.rule->rolling() + lane.rule->step();
  counter->each_cell([&](const Cell& cell) {
    if (cell.begin <= from || cell.begin >= until) return;
    add_to(usage.spent, cell.spent);
    add_to(usage.reserved, cell.reserved);
  });
  return usage;
}

LocalBudgets::Limit LocalBudgets::limit_of(const Lane& lane, const Counter* counter, std::string_view key,
                                           Instant begin, std::size_t quantity, Instant now) const {
  const Budget& budget = *lane.budget;
  Limit limit;
  limit.written = *budget.limits[quantity];
  if (quantity >= kAmounts) return limit;
  if (budget.carry_over_percent > 0 && counter != nullptr) {
    // A window in which nothing was spent leaves nothing over: otherwise a new person would begin with a rest.
    const Window before = begin == lane.window.begin ? lane.previous : lane.rule->before({begin, begin});
    const Cell* cell = counter->find(before.begin);
    if (cell != nullptr && cell->spent != Amounts{}) {
      std::int64_t used = add_capped(amount_of(cell->spent, quantity), amount_of(cell->reserved, quantity));
      if (exchanger_ != nullptr) {
        // What the others hold of it counts as spent; until that is known, nothing is left over.
        Share* share = counter->extra == nullptr ? nullptr : counter->extra->find_share(before.begin);
        const Share::Line* line = share == nullptr ? nullptr : share->find(quantity_at(quantity));
        used = line == nullptr ? limit.written : std::max(used, line->granted_all);
      }
      const auto most = static_cast<std::int64_t>(Wide{limit.written} * budget.carry_over_percent / 100);
      limit.carried = std::clamp<std::int64_t>(limit.written - std::min(used, limit.written), 0, most);
    }
  }
  if (lane.allowances.empty()) return limit;
  const auto values = values_of_key(budget, key);
  for (const Allowance& allowance : lane.allowances) {
    if (now < allowance.from || now >= allowance.until) continue;
    const bool applies = std::all_of(allowance.scope.begin(), allowance.scope.end(), [&](const auto& wanted) {
      return std::any_of(values.begin(), values.end(), [&](const auto& value) {
        return value.first == wanted.first && value.second == wanted.second;
      });
    });
    if (applies) limit.allowed = add_capped(limit.allowed, amount_of(allowance.extra, quantity));
  }
  return limit;
}

Instant LocalBudgets::resets_at(const Lane& lane, const Counter* counter, bool by_day, Instant now) {
  if (lane.rule->period() == Period::kSession) return by_day ? lane.day.end : kFarFuture;
  if (lane.rule->period() != Period::kRolling) return lane.window.end;
  // When the first step that has something in it leaves.
  Instant first = now + lane.rule->rolling();
  if (counter != nullptr) {
    counter->each_cell([&](const Cell& cell) {
      const Instant leaves = cell.begin + lane.rule->step() + lane.rule->rolling();
      if (!cell.empty() && leaves > now) first = std::min(first, leaves);
    });
  }
  return first;
}

bool LocalBudgets::fits_rates(Call& call, std::size_t index, const Amounts& hold, bool starts, Short& worst) const {
  const Applied& applied = call.applied[index];
  const Counter* counter = applied.counter;
  const bool same = counter != nullptr && counter->extra != nullptr && counter->extra->minute == call.minute;
  const auto check = [&](Quantity quantity, std::int64_t used, std::int64_t asked, Instant resets) {
    const auto& limit = applied.lane->budget->limits[static_cast<std::size_t>(quantity)];
    if (!limit || asked == 0) return true;
    if (add_capped(used, asked) <= *limit) {
      note_share(call, index, quantity, used + asked);
      return true;
    }
    const bool concurrent = quantity == Quantity::kConcurrent;
    worst.keep({index, quantity, *limit, concurrent ? 0 : used, concurrent ? used : 0, asked, resets});
    return false;
  };
  const bool tokens =
      check(Quantity::kTokensPerMinute, same ? counter->extra->minute_tokens : 0, hold.tokens, call.minute_ends);
  const bool requests =
      check(Quantity::kRequestsPerMinute, same ? counter->extra->minute_requests : 0, starts ? 1 : 0, call.minute_ends);
  const bool concurrent = check(Quantity::kConcurrent, counter == nullptr ? 0 : counter->holds, starts ? 1 : 0, {});
  return tokens && requests && concurrent;
}

bool LocalBudgets::fits(Call& call, const Amounts& hold, bool starts, Short& worst) const {
  bool all = true;
  for (std::size_t i = 0; i < call.applied.size(); ++i) {
    const Applied& applied = call.applied[i];
    const Lane& lane = *applied.lane;
    if (lane.budget == nullptr) continue;  // taken out of force while the call is under way
    const Usage usage = usage_of(lane, applied.counter, applied.begin);
    for (std::size_t q = 0; q < kAmounts; ++q) {
      const std::int64_t asked = amount_of(hold, q);
      if (!lane.budget->limits[q] || asked == 0) continue;
      const std::int64_t spent = amount_of(usage.spent, q);
      const std::int64_t reserved = amount_of(usage.reserved, q);
      const std::int64_t limit = limit_of(lane, applied.counter, call.key(applied), applied.begin, q, call.now).total();
      const std::int64_t needed = add_capped(add_capped(spent, reserved), asked);
      if (needed <= limit) {
        note_share(call, i, quantity_at(q), needed);
        continue;
      }
      worst.keep({i, quantity_at(q), limit, spent, reserved, asked,
                  resets_at(lane, applied.counter, applied.by_day, call.now)});
      all = false;
    }
    all = fits_rates(call, i, hold, starts, worst) && all;
  }
  return all && (!starts || call.applied.empty() || table_.size() + call.applied.size() <= kCountersMax);
}

Reservation::Held::Part LocalBudgets::hold_on(Lane& lane, Counter& counter, Instant begin, const Amounts& hold,
                                              std::int64_t minute, std::int64_t uptime) {
  const bool moves = counter.current.begin != begin;
  add_to(counter.at(begin).reserved, hold);
  if (moves && counter.extra != nullptr) prune(lane, counter, options_.clock->now());
  counter.touched = static_cast<std::uint32_t>(uptime);
  ++counter.holds;
  const auto& limits = lane.budget->limits;
  const bool rates = limits[static_cast<std::size_t>(Quantity::kTokensPerMinute)] ||
                     limits[static_cast<std::size_t>(Quantity::kRequestsPerMinute)];
  if (rates) counter.more().count_in_minute(minute, {{}, hold.tokens, 1});
  return {&counter, &lane, begin, rates};
}

std::unique_ptr<Reservation::Held> LocalBudgets::take(Call& call, const Amounts& hold, const CallScope& scope,
                                                      std::string packed) {
  auto held = std::make_unique<Reservation::Held>(this);
  held->amounts = hold;
  held->time = call.now;
  held->minute = call.minute;
  held->attempt = attempt_hash(scope.request_id, scope.attempt);
  held->scope = std::move(packed);
  held->parts.reserve(call.applied.size());
  std::size_t made = 0;
  for (Applied& applied : call.applied) {
    if (applied.counter == nullptr) {
      applied.counter = &table_.make(applied.lane->id, call.key(applied), applied.hash);
      made += 8;
    }
    held->parts.push_back(hold_on(*applied.lane, *applied.counter, applied.begin, hold, call.minute, call.uptime));
    if (exchanger_ != nullptr) look_at_room(applied);
  }
  enlist(*held);
  // Now that all of them are held: memory grows only here, and so is freed here in step.
  if (made > 0) sweep_some(made);
  return held;
}

void LocalBudgets::look_at_thresholds(Call& call, const Amounts& hold, bool admitted) const {
  for (std::size_t i = 0; i < call.applied.size(); ++i) {
    const Applied& applied = call.applied[i];
    const Budget& budget = *applied.lane->budget;
    Usage usage = usage_of(*applied.lane, applied.counter, applied.begin);
    if (!admitted) add_to(usage.reserved, hold);
    std::int64_t used_most = 0;
    std::int64_t limit_most = 0;
    for (std::size_t q = 0; q < kAmounts; ++q) {
      if (!budget.limits[q]) continue;
      const std::int64_t limit =
          limit_of(*applied.lane, applied.counter, call.key(applied), applied.begin, q, call.now).total();
      std::int64_t used = add_capped(amount_of(usage.spent, q), amount_of(usage.reserved, q));
      if (exchanger_ != nullptr && applied.counter != nullptr) {
        used = add_capped(used, spent_elsewhere(*applied.lane, *applied.counter, applied.begin, q));
      }
      const bool fuller = limit_most == 0 || Wide{used} * limit_most > Wide{used_most} * limit;
      if (limit > 0 && fuller) std::tie(used_most, limit_most) = std::tie(used, limit);
    }
    if (limit_most == 0) continue;
    const double share = static_cast<double>(used_most) / static_cast<double>(limit_most);
    if (call.fullest == Call::kNone || share > call.fullest_share) {
      call.fullest = i;
      call.fullest_share = share;
      call.fullest_percent = static_cast<int>(std::min<Wide>(Wide{used_most} * 100 / limit_most, 1'000));
      call.fullest_resets = resets_at(*applied.lane, applied.counter, applied.by_day, call.now);
    }
    for (std::size_t t = 0; t < budget.thresholds.size(); ++t) {
      if (Wide{used_most} * 100 < Wide{limit_most} * budget.thresholds[t].percent) break;
      const auto bit = static_cast<std::uint16_t>(1U << t);
      bool newly = false;
      if (Cell* cell = admitted ? applied.counter->find(applied.begin) : nullptr) {
        newly = (cell->notified & bit) == 0;
        cell->notified |= bit;
      }
      call.reached.push_back({i, t, newly});
    }
  }
}

Admission LocalBudgets::decide(const CallScope& scope, const Amounts& likely, const Amounts& maximum, bool last) {
  static thread_local Call call;  // its buffers are kept from call to call
  std::string packed = pack_scope(scope);
  Admission admission;
  Short worst;
  for (call.generation = generation();; call.generation = generation()) {
    call.reset();
    find_applied(scope, call);
    // What no budget counts is held for those that come in force meanwhile; it is not asked again as it grows.
    const Amounts& hold = call.maximum || call.applied.empty() ? maximum : likely;
    call.now = options_.clock->now();
    call.uptime = uptime_seconds();
    call.minute = call.uptime / 60;
    call.minute_ends = call.now + std::chrono::seconds(60 - call.uptime % 60);
    const std::lock_guard lock(mutex_);
    if (call.generation.get() != current_) continue;
    if (++admissions_ % 16 == 0) sweep_some(8);
    locate(call);
    const bool within = fits(call, hold, true, worst);
    const bool admitted = within && call.lacking.empty();
    if (admitted) {
      admission.reservation = Reservation(take(call, hold, scope, std::move(packed)));
    } else if (within && !last && may_ask(call, hold, worst)) {
      ask_for(call);
      admission.verdict = Admission::Verdict::kAsk;
      break;
    } else {
      admission.verdict = Admission::Verdict::kRefused;
      if (within && !worst.found)
        worst = {.applied = call.lacking[0].applied,
                 .quantity = call.lacking[0].quantity,
                 .limit = 0,
                 .found = true,
                 .shared = true};
    }
    look_at_thresholds(call, hold, admitted);
    break;
  }
  describe(call, admission);
  if (admission.verdict == Admission::Verdict::kRefused) {
    describe_refusal(call, worst, admission.refusal.emplace());
  }
  call.generation.reset();
  return admission;
}

Admission LocalBudgets::look(const CallScope& scope) {
  Call call;
  Admission admission;
  for (call.generation = generation();; call.generation = generation()) {
    call.reset();
    find_applied(scope, call);
    if (call.applied.empty()) break;
    call.now = options_.clock->now();
    const std::lock_guard lock(mutex_);
    if (call.generation.get() != current_) continue;
    locate(call);
    look_at_thresholds(call, {}, false);
    break;
  }
  describe(call, admission);
  return admission;
}

Admission LocalBudgets::admit_now(const CallScope& call, const Amounts& likely, const Amounts& maximum) {
  return decide(call, likely, maximum, false);
}

}  // namespace reeve::spend
