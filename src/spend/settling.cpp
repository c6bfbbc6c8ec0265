// What happens to a reservation after its admission: more is held, it is settled or let go.

#include <algorithm>

#include "spend/admission_call.h"
#include "spend/refusal_text.h"

namespace reeve::spend {

namespace {
/// As many as books remember: what is older they cannot be asked about.
constexpr std::size_t kEndedMax = 100'000;
}  // namespace

Reservation::Reservation() = default;
Reservation::Reservation(std::unique_ptr<Held> held) : held_(std::move(held)) {}
Reservation::Reservation(Reservation&&) noexcept = default;
Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    if (held_ != nullptr) held_->owner->drop(*held_);
    held_ = std::move(other.held_);
  }
  return *this;
}
Reservation::~Reservation() {
  if (held_ != nullptr) held_->owner->drop(*held_);
}
const Amounts& Reservation::amounts() const {
  static constexpr Amounts kNothing;
  return held_ == nullptr ? kNothing : held_->amounts;
}
bool Reservation::counted() const { return held_ != nullptr && held_->owner->counts(*held_); }
Instant Reservation::time() const { return held_ == nullptr ? Instant{} : held_->time; }

std::string pack_scope(const CallScope& scope) {
  std::size_t size = 0;
  for (const std::string_view value : scope.values) size += value.size() + 2;
  for (const std::string& group : scope.groups) size += group.size() + 2;
  std::string packed;
  packed.reserve(size);
  const auto add = [&packed](std::string_view value) {
    value = value.substr(0, kValueBytesMax);
    packed += static_cast<char>(value.size() & 0xFF);
    packed += static_cast<char>(value.size() >> 8);
    packed += value;
  };
  for (const std::string_view value : scope.values) add(value);
  for (const std::string& group : scope.groups) add(group);
  return packed;
}

CallScope unpack_scope(std::string_view packed, std::vector<std::string>& groups) {
  CallScope scope;
  groups.clear();
  for (std::size_t i = 0; packed.size() >= 2; ++i) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(packed[0])) +
                      static_cast<std::size_t>(static_cast<unsigned char>(packed[1])) * 256;
    const std::string_view value = packed.substr(2, size);
    if (i < kDimensions) {
      scope.values[i] = value;
    } else {
      groups.emplace_back(value);
    }
    packed.remove_prefix(2 + value.size());
  }
  scope.groups = groups;
  return scope;
}

void LocalBudgets::Short::keep(const Short& other) {
  if (found && resets_at >= other.resets_at) return;
  *this = other;
  found = true;
}

void LocalBudgets::describe_refusal(const Call& call, const Short& why, BudgetRefusal& refusal) const {
  if (!why.found) {  // no room for another counter
    refusal.sentence = "There are more people, sessions and other scopes in budgets than this server can count.";
    return;
  }
  const Applied& applied = call.applied[why.applied];
  const Budget& budget = call.generation->set->list()[applied.budget];
  refusal.budget = budget.name;
  refusal.scope = scope_of_key(budget, call.key(applied));
  refusal.quantity = why.quantity;
  refusal.limit = why.limit;
  refusal.spent = why.spent;
  refusal.reserved = why.reserved;
  refusal.asked = why.asked;
  if (why.resets_at != kFarFuture && why.quantity != Quantity::kConcurrent) refusal.resets_at = why.resets_at;
  refusal.message = budget.message;
  if (why.shared && why.limit == 0) {
    refusal.sentence = "What this server may use of the budget '" + budget.name + "' is used up for the moment.";
  } else {
    refusal.sentence = refusal_sentence(budget, refusal);
  }
  if (why.away) refusal.sentence += " The servers that share this budget cannot be reached to ask for more.";
}

void LocalBudgets::describe(const Call& call, Admission& admission) const {
  const auto budgets = call.applied.empty() ? std::span<const Budget>() : call.generation->set->list();
  for (const Threshold::Action action : {Threshold::Action::kDegrade, Threshold::Action::kNotify}) {
    for (const Call::Passed& passed : call.reached) {
      const Applied& applied = call.applied[passed.applied];
      const Budget& budget = budgets[applied.budget];
      const Threshold& threshold = budget.thresholds[passed.threshold];
      if (threshold.action != action) continue;
      admission.reached.push_back({&budget, &threshold, scope_of_key(budget, call.key(applied)), passed.newly});
    }
  }
  if (call.fullest == Call::kNone || call.applied.empty()) return;
  const Applied& applied = call.applied[call.fullest];
  const Budget& budget = budgets[applied.budget];
  Standing& standing = admission.fullest.emplace();
  standing.budget = budget.name;
  standing.scope = scope_of_key(budget, call.key(applied));
  standing.percent = call.fullest_percent;
  if (call.fullest_resets != kFarFuture) standing.resets_at = call.fullest_resets;
}

void LocalBudgets::enlist(Reservation::Held& held) {
  held.next = first_held_;
  if (first_held_ != nullptr) first_held_->previous = &held;
  first_held_ = &held;
}

void LocalBudgets::delist(Reservation::Held& held) {
  (held.previous != nullptr ? held.previous->next : first_held_) = held.next;
  if (held.next != nullptr) held.next->previous = held.previous;
  held.previous = held.next = nullptr;
}

/// The texts are made from the set that is in force now.
void LocalBudgets::describe_growth(Call& call, const Short& worst, BudgetRefusal& refusal) const {
  call.generation = generation();
  const auto& lanes = call.generation->lanes;
  for (Applied& applied : call.applied) {
    const auto found = std::find(lanes.begin(), lanes.end(), applied.lane);
    if (found != lanes.end()) applied.budget = static_cast<std::uint32_t>(found - lanes.begin());
  }
  describe_refusal(call, worst, refusal);
}

LocalBudgets::Grown LocalBudgets::grow(Reservation::Held& held, const Amounts& more, bool last,
                                       BudgetRefusal* refusal) {
  Call call;
  Short worst;
  {
    const std::lock_guard lock(mutex_);
    call.now = options_.clock->now();
    const std::int64_t uptime = uptime_seconds();
    call.minute = uptime / 60;
    call.minute_ends = call.now + std::chrono::seconds(60 - uptime % 60);
    for (const Reservation::Held::Part& part : held.parts) {
      Applied applied{};
      applied.lane = part.lane;
      applied.counter = part.counter;
      applied.begin = part.begin;
      applied.key_begin = static_cast<std::uint32_t>(call.keys.size());
      applied.key_size = part.counter->key_size;
      call.keys += part.counter->key();
      call.applied.push_back(applied);
    }
    const bool within = fits(call, more, false, worst);
    if (within && call.lacking.empty()) {
      for (const Reservation::Held::Part& part : held.parts) {
        add_to(part.counter->at(part.begin).reserved, more);
        if (part.rates) part.counter->more().count_in_minute(call.minute, more);
      }
      add_to(held.amounts, more);
      return Grown::kDone;
    }
    if (within && !last && may_ask(call, more, worst)) {
      ask_for(call);
      return Grown::kAsk;
    }
    if (within && !worst.found) {
      worst = {.applied = call.lacking[0].applied,
               .quantity = call.lacking[0].quantity,
               .limit = 0,
               .found = true,
               .shared = true};
    }
  }
  if (refusal != nullptr) describe_growth(call, worst, *refusal);
  return Grown::kRefused;
}

bool LocalBudgets::top_up(Reservation& reservation, const Amounts& more, BudgetRefusal* refusal) {
  if (!reservation) return false;
  Reservation::Held& held = *reservation.held_;
  const Grown grown = grow(held, more, false, refusal);
  if (grown != Grown::kAsk) return grown == Grown::kDone;
  // It cannot wait for the others; the next answer may find more here.
  exchanger_->nudge();
  if (refusal != nullptr) return grow(held, more, true, refusal) == Grown::kDone;
  return false;
}

Task<bool> LocalBudgets::top_up(Reservation& reservation, Amounts more, BudgetRefusal& refusal, Executor& executor) {
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    if (!reservation) co_return false;
    const Grown grown = grow(*reservation.held_, more, round + 1 == kRounds, &refusal);
    if (grown != Grown::kAsk) co_return grown == Grown::kDone;
    co_await exchanger_->next_round(executor);
  }
  co_return false;
}

/// What a provider charged beyond what was held and beyond the limit.
void LocalBudgets::count_overshoot(const Reservation::Held::Part& part, const Reservation::Held& held,
                                   const Amounts& actual) {
  const std::int64_t beyond = actual.money.nanos - held.amounts.money.nanos;
  if (beyond <= 0 || part.lane->budget == nullptr || !part.lane->budget->limits[0]) return;
  const Instant now = options_.clock->now();
  const Usage usage = usage_of(*part.lane, part.counter, part.begin);
  const std::int64_t used = add_capped(usage.spent.money.nanos, usage.reserved.money.nanos);
  const std::int64_t limit = limit_of(*part.lane, part.counter, part.counter->key(), part.begin, 0, now).total();
  if (used > limit) overshoot_ = add_capped(overshoot_, std::min(beyond, used - limit));
}

void LocalBudgets::let_go(Reservation::Held& held, const Amounts* actual) {
  const std::lock_guard lock(mutex_);
  const std::int64_t uptime = uptime_seconds();
  for (const Reservation::Held::Part& part : held.parts) {
    Counter& counter = *part.counter;
    Cell* cell = counter.find(part.begin);
    if (cell == nullptr) cell = &counter.at(part.begin);  // it was pruned because nothing was held: an empty call
    cell->reserved.money.nanos -= held.amounts.money.nanos;
    cell->reserved.tokens -= held.amounts.tokens;
    cell->reserved.requests -= held.amounts.requests;
    if (actual != nullptr) add_to(cell->spent, *actual);
    --counter.holds;
    counter.touched = static_cast<std::uint32_t>(uptime);
    if (part.rates) {
      // What was sent counts as a request of its minute, also where it cost nothing.
      const std::int64_t sent = actual == nullptr ? 0 : 1;
      const Amounts was{{}, held.amounts.tokens, 1};
      counter.more().correct(held.minute, uptime / 60, was, {{}, actual == nullptr ? 0 : actual->tokens, sent});
    }
    if (actual != nullptr) count_overshoot(part, held, *actual);
  }
  delist(held);
  if (!preparing_ || actual == nullptr) return;
  if (ended_.size() >= kEndedMax) ended_.pop_front();
  ended_.push_back({std::move(held.scope), held.time, held.attempt, *actual});
}

bool LocalBudgets::counts(const Reservation::Held& held) const {
  const std::lock_guard lock(mutex_);
  return !held.parts.empty();
}

void LocalBudgets::drop(Reservation::Held& held) { let_go(held, nullptr); }

void LocalBudgets::settle(Reservation reservation, const Amounts& actual) {
  if (!reservation) return;
  const Amounts counted{{std::max<std::int64_t>(0, actual.money.nanos)},
                        std::max<std::int64_t>(0, actual.tokens),
                        std::max<std::int64_t>(0, actual.requests)};
  let_go(*reservation.held_, &counted);
  reservation.held_.reset();
}

void LocalBudgets::release(Reservation reservation) {
  // Its end lets go.
  const Reservation dropped = std::move(reservation);
}

std::size_t LocalBudgets::live_counters() const {
  const std::lock_guard lock(mutex_);
  return table_.size();
}

Money LocalBudgets::overshoot() const {
  const std::lock_guard lock(mutex_);
  return {overshoot_};
}

}  // namespace reeve::spend
