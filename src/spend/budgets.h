#pragma once

// Budgets: what may still be spent, decided before the call leaves. The part of the spend room's face on limits.
//
// A budget has a scope ("team payments", "each person of the contractors"), a window ("this month in Berlin") and
// limits. Each value of its `each` dimensions in each window has a counter of what was spent and what is reserved. A
// call is admitted when it fits under every limit of every counter that it falls under, all or none of them, and
// holds its estimate there until it is settled with what it really cost.
//
// Truth is in the ledger: counters are what the outcomes of calls add up to (Books), plus the reservations of calls
// under way. After a crash they are made from it again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "core/token_usage.h"
#include "core/yaml.h"

namespace reeve::spend {

// ---- Scopes ----

/// By what calls are told apart. A call may belong to several groups, and to one of everything else.
enum class Dimension : std::uint8_t {
  kOrganisation,  // always there: the whole house
  kTeam,
  kGroup,  // only to match, never `each`
  kPerson,
  kAgent,
  kClient,
  kSession,
  kRepo,
  kFeature,
  kWorkItem,
  kProvider,
  kModel,
};
inline constexpr std::size_t kDimensions = 12;
/// The value of kOrganisation: each call's.
inline constexpr std::string_view kWholeOrganisation = "org";
std::string_view dimension_name(Dimension dimension);  // "org", "team", "group", "person", ..., "work_item", ...
std::optional<Dimension> dimension_from_name(std::string_view name);

/// One call as budgets see it. Views; they need to live during the call that takes them only. Empty: not known.
struct CallScope {
  std::array<std::string_view, kDimensions> values;
  std::span<const std::string> groups;
  /// Name the attempt as its entries in the ledger do, so that what the ledger and this process say of it is counted
  /// once. Empty: not known.
  std::string_view request_id;
  std::int64_t attempt = 0;
  std::string_view operator[](Dimension dimension) const { return values[static_cast<std::size_t>(dimension)]; }
  std::string_view& operator[](Dimension dimension) { return values[static_cast<std::size_t>(dimension)]; }
};

// ---- Amounts ----

/// What is counted in a window. None is ever negative.
struct Amounts {
  Money money;
  std::int64_t tokens = 0;    // input of all kinds and output
  std::int64_t requests = 0;  // attempts that were sent
  bool operator==(const Amounts&) const = default;
};

enum class Quantity : std::uint8_t {
  kMoney,
  kTokens,
  kRequests,
  kConcurrent,         // calls under way at once
  kTokensPerMinute,    // in a minute of the uptime clock, which never steps
  kRequestsPerMinute,  // the same
};
inline constexpr std::size_t kQuantities = 6;
std::string_view quantity_name(Quantity quantity);  // "money", "tokens", ..., "requests_per_minute"

// ---- Budgets as written ----

enum class Period : std::uint8_t { kSession, kHour, kDay, kWeek, kMonth, kQuarter, kRolling };
std::string_view period_name(Period period);  // "session", "hour", ...

struct Threshold {
  int percent = 0;  // of money, tokens or requests, whichever is nearest to its limit; 1 to 100
  enum class Action : std::uint8_t { kNotify, kDegrade } action = Action::kNotify;
  std::string ladder;  // of kDegrade
};

/// A `kind: Budget` document. docs/budgets.md describes every key.
struct Budget {
  std::string name;     // a to z, digits, hyphens; how exceptions and refusals name it
  std::string title;    // for people
  std::string owner;    // whom to ask
  std::string message;  // how a refusal goes on after the figures: where to ask for more
  /// Dimensions it is about, each with patterns (glob_match); a call matches when every one of them does.
  std::vector<std::pair<Dimension, std::vector<std::string>>> match;
  /// One counter for each value of these. A call that has none of a dimension here falls under the value "".
  std::vector<Dimension> each;
  Period period = Period::kMonth;
  Duration rolling{};                                           // of kRolling: one minute to 92 days
  std::string time_zone = "UTC";                                // of calendar windows; a name of the tz database
  std::array<std::optional<std::int64_t>, kQuantities> limits;  // money in nano-dollars
  int carry_over_percent = 0;         // of the limit: at most so much of what a window left over is added to the next
  std::vector<Threshold> thresholds;  // ascending
  /// How much a call holds until its cost is known. kMaximum never spends past a limit; kLearned may, by what one
  /// answer's next piece costs, and lets a budget be used to its end (docs/budgets.md has both).
  enum class Reserve : std::uint8_t { kLearned, kMaximum } reserve = Reserve::kLearned;
  std::string file;  // where it stands
  std::size_t line = 0;
};

inline constexpr std::size_t kBudgetsMax = 1'000;  // of a set

/// All budgets in force. Immutable, shared by all threads.
class BudgetSet {
 public:
  /// Reads `kind: Budget` documents; others are left alone. Null when there is an error among the complaints.
  static std::shared_ptr<const BudgetSet> build(const std::vector<YamlValue>& documents,
                                                std::vector<Diagnostic>& complaints);
  virtual ~BudgetSet() = default;
  virtual std::span<const Budget> list() const = 0;  // by name
  virtual const Budget* find(std::string_view name) const = 0;
  /// The window that `now` falls into: [first, second). kSession windows have no bounds: {0, far future}.
  virtual std::pair<Instant, Instant> window_at(const Budget& budget, Instant now) const = 0;
};

/// An approved exception that raises one counter for a time.
struct Allowance {
  std::string exception;  // its id
  std::string budget;
  std::map<Dimension, std::string> scope;  // values of the budget's `each` dimensions that it is for; others: any
  Amounts extra;
  Instant from, until;
};

// ---- Admission ----

/// Why a call does not fit.
struct BudgetRefusal {
  std::string budget;  // name
  std::string scope;   // "team payments, person mara@example.com"
  Quantity quantity = Quantity::kMoney;
  std::int64_t limit = 0, spent = 0, reserved = 0, asked = 0;  // in the quantity's unit
  std::optional<Instant> resets_at;  // when the window ends; none for sessions and concurrency
  /// One sentence with the figures, for the person: "The team payments has spent $1,999.20 of $2,000.00 this month."
  std::string sentence;
  std::string message;  // the budget's own
};

/// A threshold that a counter of the call stands at or past, the call's own estimate included.
struct Reached {
  const Budget* budget = nullptr;  // lives as long as the set that was in force
  const Threshold* threshold = nullptr;
  std::string scope;
  bool newly = false;  // the first time in this window: notify now
};

/// How full the fullest counter of the call is: for usage headers.
struct Standing {
  std::string budget, scope;
  int percent = 0;  // spent and reserved, of the limit
  std::optional<Instant> resets_at;
};

/// What one attempt holds. Move-only; one that is dropped is released: nothing was sent. Not to outlive its Budgets.
class Reservation {
 public:
  Reservation();
  Reservation(Reservation&&) noexcept;
  Reservation& operator=(Reservation&&) noexcept;
  ~Reservation();
  explicit operator bool() const { return held_ != nullptr; }
  const Amounts& amounts() const;  // held now, top-ups included
  /// Whether a budget counts it. One that none counts is held all the same, for budgets that come in force meanwhile.
  bool counted() const;
  /// When it was admitted: the attempt counts in the windows of this time, whenever it ends, and SettledCall::time has
  /// to be the same.
  Instant time() const;
  struct Held;

 private:
  friend class LocalBudgets;
  explicit Reservation(std::unique_ptr<Held> held);
  std::unique_ptr<Held> held_;
};

struct Admission {
  enum class Verdict : std::uint8_t {
    kAdmitted,
    kRefused,
    kAsk  // this node's share is used up: ask the others with admit()
  } verdict = Verdict::kAdmitted;
  Reservation reservation;               // kAdmitted
  std::optional<BudgetRefusal> refusal;  // kRefused
  std::vector<Reached> reached;          // degrade thresholds first
  std::optional<Standing> fullest;       // empty when no budget applies
};

/// One counter as people see it.
struct CounterView {
  std::string budget, title, scope;
  std::vector<std::pair<Dimension, std::string>> values;
  Instant window_begin, window_end;
  struct Line {
    Quantity quantity;
    std::int64_t limit, carried, allowed, spent, reserved;  // limit as written; what came with it; approved extra
  };
  std::vector<Line> lines;
};

class Books;
class SliceStore;  // slices.h

struct BudgetsOptions {
  const Clock* clock = &system_clock();
  SliceStore* slices = nullptr;  // null: this node is alone, and the whole limit is its share
  std::string node;              // of `slices`
};

/// The budgets in force and their counters. Thread-safe.
class Budgets {
 public:
  static std::unique_ptr<Budgets> create(BudgetsOptions options);
  virtual ~Budgets() = default;

  /// Before publish() of a set: whether counters will begin anew in it. From then on what calls come to is kept, so
  /// that those which end while the books are read are in the new counters, too. Books have to hold every attempt that
  /// was settled before.
  virtual bool prepare(const BudgetSet& set) = 0;
  /// The set that was prepared is not published after all.
  virtual void abandon() = 0;
  /// Puts a set in force. Counters of budgets that were there before go on; new ones begin with what `books` holds of
  /// their window, what calls came to since prepare() and what calls under way hold. `books` has followed the same set.
  virtual void publish(std::shared_ptr<const BudgetSet> set, const Books& books) = 0;
  /// The approved extras, all of them: replaces those of before. Effective for the next admission.
  virtual void allow(std::vector<Allowance> allowances) = 0;

  /// Decides at once, without I/O. `likely` is what the call will hardly pass, `maximum` the most that it can cost,
  /// both with requests = 1. Holds the maximum where one of the budgets that apply reserves it or none applies, else
  /// what is likely.
  virtual Admission admit_now(const CallScope& call, const Amounts& likely, const Amounts& maximum) = 0;
  /// The same where other nodes' shares may have to be asked for; resumes on `executor`. Never kAsk. When the others
  /// cannot be reached, it refuses: an overspent budget is worse than a call not made.
  virtual Task<Admission> admit(CallScope call, Amounts likely, Amounts maximum, Executor& executor) = 0;
  /// The thresholds that a call of this scope stands at before it costs anything, and its fullest budget. Holds and
  /// changes nothing.
  virtual Admission look(const CallScope& call) = 0;
  /// Adds to what a reservation holds, for an answer that grows past its estimate: all of it or nothing. When false,
  /// the answer has to end. `refusal`, when given, says why.
  virtual bool top_up(Reservation& reservation, const Amounts& more, BudgetRefusal* refusal = nullptr) = 0;
  /// The same where other nodes' shares may have to be asked for; resumes on `executor`. Both have to outlive it.
  virtual Task<bool> top_up(Reservation& reservation, Amounts more, BudgetRefusal& refusal, Executor& executor) = 0;
  /// Replaces what is held by what it really was. May be more than was held, when the provider says so: it is counted,
  /// and overshoot() tells.
  virtual void settle(Reservation reservation, const Amounts& actual) = 0;
  /// Nothing was sent: frees what is held.
  virtual void release(Reservation reservation) = 0;

  /// Gives the others what this node holds of limits and does not use. Blocks for an exchange with the store or some;
  /// for a node that stops, once its calls have ended. When the store cannot be reached, the shares stay until it can.
  virtual void give_back() = 0;

  /// Counters with something in them, of the current windows; `budget` empty for all.
  virtual std::vector<CounterView> counters(std::string_view budget) = 0;
  virtual std::size_t live_counters() const = 0;
  /// Money settled beyond what was held and beyond a limit, since the start, over all counters' limits: 0 unless a
  /// provider charged more than the most a call could cost.
  virtual Money overshoot() const = 0;
};

// ---- What the ledger says ----

/// One settled attempt, as its outcome entry tells it.
struct SettledCall {
  std::string request_id;
  std::int64_t attempt = 0;
  Instant time;     // of the admission (Reservation::time)
  CallScope scope;  // views into the entry
  Amounts amounts;
};

/// What outcomes add up to, by counter. Follows the ledger from its beginning or from a snapshot; one thread.
class Books {
 public:
  explicit Books(std::shared_ptr<const BudgetSet> set);
  ~Books();
  Books(Books&&) noexcept;
  Books& operator=(Books&&) noexcept;

  /// Entries have to come in order. An attempt that was already counted is not counted again (the last 100,000 are
  /// remembered).
  void add(const SettledCall& call);
  /// Where windows of this set begin at the earliest, seen from `now`: older entries need not be read.
  Instant needed_from(Instant now) const;

  /// A snapshot: everything up to ledger entry `next` (exclusive), as one JSON document, bound to the budgets by name
  /// and shape so that a changed budget's part is not taken from an old snapshot.
  std::string snapshot(std::uint64_t next) const;
  /// Takes a snapshot's parts that still fit this set. Returns the entry from which on the ledger has to be read: 0 or
  /// needed_from() when a budget is new or changed. kCorrupt for what is no snapshot.
  Result<std::uint64_t> restore(std::string_view snapshot);

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// ---- How much a call may cost ----

/// What is known of a call before it runs.
struct CallShape {
  std::string_view model, client;  // of the model that will really run
  std::int64_t input_tokens = 0;   // estimated
  std::size_t body_bytes = 0;
  std::optional<std::int64_t> output_max;  // tokens, of all answers together; none: the model's own for each
  std::int64_t choices = 1;                // answers that are asked for
  bool streamed = false;
  ServiceTier tier = ServiceTier::kStandard;  // as asked
  std::size_t messages = 0;                   // phase of the session: the first calls differ from later ones
  bool tools = false;                         // are offered: the provider adds words of its own
  bool input_elsewhere = false;               // the provider adds input that is not in the body
  std::int64_t context_window = 0;            // of the model, where the price does not tell; 0: not known
};

struct PriceMatch;

/// Learns what calls cost and estimates the next. Thread-safe, bounded memory.
class HoldEstimator {
 public:
  HoldEstimator();
  ~HoldEstimator();
  /// The most that the call can cost: every byte that is text a token, or the model's whole window where the provider
  /// adds input; output to its maximum; at the dearest rates.
  static Amounts maximum(const CallShape& shape, const PriceMatch& price);
  /// The 95th percentile of calls of the same model, client and phase of session, scaled to this input and bounded by
  /// maximum(); until 20 were seen every byte of text a token and 4,096 tokens of output. maximum() for answers that
  /// cannot be ended early (not streamed).
  Amounts learned(const CallShape& shape, const PriceMatch& price) const;
  void learn(const CallShape& shape, std::int64_t input_tokens, std::int64_t output_tokens);
  std::string snapshot() const;  // JSON
  Result<void> restore(std::string_view snapshot);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::spend
