#pragma once

// The budgets of this process: what is in force, the counters, and admission under one lock. Private to the spend room.
//
// What happens outside of the lock: which budgets a call falls under, the keys of its counters and their hashes, and
// all texts. Under it: the counters are found, every limit is compared, and all of them take the hold or none does.
//
// Clocks. Windows follow the wall clock, which may step: each window keeps its own counter, so going back continues
// where it was left. A window that was swept away does not begin anew: a call in it counts in the first one after it
// that was kept. Minutes of rates, and how long something lies idle, follow the uptime clock.

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "spend/budget_set.h"
#include "spend/counter_table.h"
#include "spend/exchanger.h"
#include "spend/slices.h"

namespace reeve::spend {

class LocalBudgets;

/// A budget in force, for as long as its name and shape stay the same.
struct Lane {
  std::uint32_t id = 0;
  std::string name, shape;
  std::shared_ptr<const BudgetSet> set;  // that `rule` is of, also when it is no longer in force
  const Budget* budget = nullptr;        // of the set in force; null once it is in none
  const WindowRule* rule = nullptr;      // of `set`
  std::vector<Allowance> allowances;
  /// Counters of windows before this may be gone.
  Instant swept_until{std::numeric_limits<std::int64_t>::min()};
  Window window{}, previous{}, day{};  // where the last call fell
  /// As it is, or was before it was taken out of force.
  const Budget& last() const { return *set->find(name); }
};

struct Reservation::Held {
  struct Part {
    Counter* counter;
    Lane* lane;
    Instant begin;  // of the window that it counts in
    bool rates;     // also counted in its minute
  };
  explicit Held(LocalBudgets* budgets) : owner(budgets) {}
  LocalBudgets* owner;
  Amounts amounts;
  Instant time;
  std::int64_t minute = 0;
  std::uint64_t attempt = 0;  // attempt_hash(); 0: not known
  std::vector<Part> parts;
  std::string scope;         // packed, for budgets that come in force while the call is under way
  Held* previous = nullptr;  // the list of all reservations
  Held* next = nullptr;
};

class LocalBudgets final : public Budgets {
 public:
  explicit LocalBudgets(BudgetsOptions options);
  ~LocalBudgets() override;

  bool prepare(const BudgetSet& set) override;
  void abandon() override;
  void publish(std::shared_ptr<const BudgetSet> set, const Books& books) override;
  void allow(std::vector<Allowance> allowances) override;
  Admission admit_now(const CallScope& call, const Amounts& likely, const Amounts& maximum) override;
  Admission look(const CallScope& call) override;
  Task<Admission> admit(CallScope call, Amounts likely, Amounts maximum, Executor& executor) override;
  bool top_up(Reservation& reservation, const Amounts& more, BudgetRefusal* refusal) override;
  Task<bool> top_up(Reservation& reservation, Amounts more, BudgetRefusal& refusal, Executor& executor) override;
  void give_back() override;
  void settle(Reservation reservation, const Amounts& actual) override;
  void release(Reservation reservation) override;
  std::vector<CounterView> counters(std::string_view budget) override;
  std::size_t live_counters() const override;
  Money overshoot() const override;

  /// Frees what a reservation held that nobody settled.
  void drop(Reservation::Held& held);
  bool counts(const Reservation::Held& held) const;

 private:
  /// A set in force and the lanes of its budgets, in the same order. Immutable.
  struct Generation {
    std::shared_ptr<const BudgetSet> set;
    std::vector<Lane*> lanes;
  };
  /// One budget that a call falls under.
  struct Applied {
    std::uint32_t budget;  // in the set
    std::uint32_t key_begin, key_size;
    std::uint64_t hash;
    bool by_day;  // a session budget, and the call has no session
    Lane* lane;
    Counter* counter;
    Instant begin;
  };
  struct Call;  // one admission under way
  /// What a call came to that was settled since prepare().
  struct Ended {
    std::string scope;  // packed
    Instant time;       // of its admission
    std::uint64_t attempt;
    Amounts amounts;
  };
  struct Usage {
    Amounts spent, reserved;
  };
  struct Limit {
    std::int64_t written = 0, carried = 0, allowed = 0;
    std::int64_t total() const { return add_capped(add_capped(written, carried), allowed); }
  };
  /// Figures of a limit that does not let a call pass.
  struct Short {
    std::size_t applied = 0;
    Quantity quantity = Quantity::kMoney;
    std::int64_t limit = 0, spent = 0, reserved = 0, asked = 0;
    Instant resets_at;  // kFarFuture: never by itself
    bool found = false;
    bool shared = false;  // what this node may use is used up
    bool away = false;    // and the others cannot be asked
    /// Of several the one that lasts longest is told: waiting for another would not help.
    void keep(const Short& other);
  };

  std::shared_ptr<const Generation> generation() const;
  void find_applied(const CallScope& scope, Call& call) const;
  Admission decide(const CallScope& scope, const Amounts& likely, const Amounts& maximum, bool last);
  void describe_refusal(const Call& call, const Short& why, BudgetRefusal& refusal) const;
  void describe(const Call& call, Admission& admission) const;
  std::int64_t uptime_seconds() const;

  // Under the lock:
  void locate(Call& call);
  static void move_to(Lane& lane, Instant now);
  static Instant begin_of(Lane& lane, bool by_day, Instant now);
  static Usage usage_of(const Lane& lane, const Counter* counter, Instant begin);
  Limit limit_of(const Lane& lane, const Counter* counter, std::string_view key, Instant begin, std::size_t quantity,
                 Instant now) const;
  bool fits(Call& call, const Amounts& hold, bool starts, Short& worst) const;
  bool fits_rates(Call& call, std::size_t index, const Amounts& hold, bool starts, Short& worst) const;
  static Instant resets_at(const Lane& lane, const Counter* counter, bool by_day, Instant now);
  std::unique_ptr<Reservation::Held> take(Call& call, const Amounts& hold, const CallScope& scope, std::string packed);
  Reservation::Held::Part hold_on(Lane& lane, Counter& counter, Instant begin, const Amounts& hold, std::int64_t minute,
                                  std::int64_t uptime);
  enum class Grown : std::uint8_t { kDone, kRefused, kAsk };
  Grown grow(Reservation::Held& held, const Amounts& more, bool last, BudgetRefusal* refusal);
  void describe_growth(Call& call, const Short& worst, BudgetRefusal& refusal) const;
  void look_at_thresholds(Call& call, const Amounts& hold, bool admitted) const;
  void let_go(Reservation::Held& held, const Amounts* actual);
  void count_overshoot(const Reservation::Held::Part& part, const Reservation::Held& held, const Amounts& actual);
  void enlist(Reservation::Held& held);
  void delist(Reservation::Held& held);
  // Sharing with other nodes, under the lock:
  struct Row {
    Counter* counter;  // has the share, and so stays
    Instant begin;
    Quantity quantity;
  };
  /// A limit that this node's share is too small for.
  struct Lacking {
    std::size_t applied;
    Quantity quantity;
    std::int64_t needed;
  };
  static Instant row_of(const Lane& lane, Quantity quantity, Instant begin);
  std::int64_t used_of(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const;
  std::int64_t spent_of(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const;
  static std::int64_t spent_elsewhere(const Lane& lane, const Counter& counter, Instant begin, std::size_t quantity);
  void note_share(Call& call, std::size_t index, Quantity quantity, std::int64_t needed) const;
  bool may_ask(const Call& call, const Amounts& hold, Short& worst) const;
  void queue(Counter& counter, Instant row, Share::Line& line);
  void ask_for(Call& call);
  void look_at_room(const Applied& applied);
  std::int64_t limit_of_row(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const;
  SliceRequest request_for(const Row& row, Share::Line& line);
  void take_answer(const Row& row, const SliceRequest& request, std::int64_t needed, const Slice& slice);
  bool look_at_shares(Counter& counter);
  bool close_shares(Counter& counter);
  bool take_up(const SliceRequest& row);
  void note_away(const std::string& why);
  // Without it, on the exchanger's thread:
  void exchange_round();
  void look_for_idle();
  bool settle_held();
  bool trade(const std::vector<Row>& rows);
  // Sweeping, under the lock:
  void sweep_some(std::size_t count);
  bool stays(Counter& counter, Instant now);
  static void prune(Lane& lane, Counter& counter, Instant now);
  // Publishing:
  static bool goes_on(const Lane& lane, const Budget& budget);
  Lane& lane_for(const std::shared_ptr<const BudgetSet>& set, std::size_t index, std::vector<Lane*>& fresh);
  void seed(Lane& lane, const Budget& budget, const Books& books);
  void adopt(const Generation& generation, const std::vector<Lane*>& fresh, const Books& books);
  template <typename Function>
  void each_fresh(const Generation& generation, const std::vector<Lane*>& fresh, std::string_view packed, Instant time,
                  Function&& function);
  void share_out_allowances();
  std::optional<CounterView> view_of(const Counter& counter, Instant now) const;

  const BudgetsOptions options_;
  const Moment start_;

  std::mutex publish_mutex_;  // one set after the other
  mutable std::mutex generation_mutex_;
  std::shared_ptr<const Generation> generation_;  // under generation_mutex_

  mutable std::mutex mutex_;  // all that follows
  CounterTable table_;
  std::vector<std::unique_ptr<Lane>> lanes_;             // by id
  const Generation* current_ = nullptr;                  // what generation_ points to
  std::vector<std::shared_ptr<const Generation>> past_;  // the last few: texts of theirs may still be looked at
  std::vector<Allowance> allowances_;
  Reservation::Held* first_held_ = nullptr;
  std::deque<Ended> ended_;  // while a set is prepared
  bool preparing_ = false;
  std::int64_t overshoot_ = 0;
  std::uint64_t admissions_ = 0;
  bool published_ = false;
  // Of sharing:
  std::vector<Row> queue_;
  bool held_settled_ = false;
  std::chrono::steady_clock::time_point away_until_{};  // the store could not be reached
  std::chrono::milliseconds backoff_{0};
  std::unique_ptr<Exchanger> exchanger_;  // last: its thread uses all of the above
};

}  // namespace reeve::spend
