#pragma once

// What Books hold. Private to the spend room.

#include <deque>
#include <unordered_set>

#include "spend/budget_set.h"
#include "spend/counter_table.h"

namespace reeve::spend {

/// The same in every process, because snapshots keep it; 0 for an attempt without a name. Request ids are ours: nobody
/// else chooses them.
std::uint64_t attempt_hash(std::string_view request_id, std::int64_t attempt);

struct Books::Impl {
  std::shared_ptr<const BudgetSet> set;
  CounterTable table;           // lanes are the budgets' places in the set; touched: seconds since 1970
  std::vector<Window> windows;  // of each budget, that its last call fell into

  std::deque<std::uint64_t> seen_in_order;  // attempts, by hash
  std::unordered_set<std::uint64_t> seen;

  /// Every so many entries what is past is forgotten. "Past" is seen from the earliest time among those entries, so
  /// that a clock which leapt ahead for a while costs nothing.
  Instant earliest{kFarFuture};
  std::size_t since_sweep = 0;

  // Buffers of add().
  std::vector<std::uint32_t> found;
  std::string key;

  bool count_attempt(const SettledCall& call);
  void remember(std::uint64_t attempt);
  Instant begin_of(std::size_t budget, const CallScope& scope, Instant time);
  void sweep();
};

}  // namespace reeve::spend
