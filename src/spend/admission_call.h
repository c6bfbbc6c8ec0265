#pragma once

// One admission under way: the budgets that apply, and what was found about them under the lock. Private to the spend
// room.

#include <string>
#include <vector>

#include "spend/local_budgets.h"

namespace reeve::spend {

struct LocalBudgets::Call {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Passed {
    std::size_t applied, threshold;
    bool newly;
  };

  std::shared_ptr<const Generation> generation;
  std::vector<std::uint32_t> found;
  std::vector<Applied> applied;
  std::string keys;  // of all of them, one after another
  bool maximum = false;
  Instant now, minute_ends;
  std::int64_t uptime = 0;  // seconds
  std::int64_t minute = 0;  // of the uptime

  std::vector<Lacking> lacking;  // no limit is passed, but this node's share
  std::vector<Passed> reached;
  std::size_t fullest = kNone;
  double fullest_share = 0;
  int fullest_percent = 0;
  Instant fullest_resets;

  void reset() {
    reached.clear();
    lacking.clear();
    maximum = false;
    fullest = kNone;
  }
  std::string_view key(const Applied& one) const { return std::string_view(keys).substr(one.key_begin, one.key_size); }
};

/// All values of a scope in one string, and back; the views point into it.
std::string pack_scope(const CallScope& scope);
CallScope unpack_scope(std::string_view packed, std::vector<std::string>& groups);

}  // namespace reeve::spend
