#pragma once

// The named checks as one loop sees them: read from the register when its generation has moved, and looked at again
// when the first of the reports gets too old. In between a look costs two comparisons and no lock.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "policy/policy.h"

namespace reeve::gateway {

class CheckSnapshot {
 public:
  /// `checks` may be null: then nothing is ever reported.
  CheckSnapshot(policy::CheckRegister* checks, const Clock& clock) : register_(checks), clock_(&clock) {}

  /// The checks that are reported and not too old at `now`: true for green, false for red. Empty while the register
  /// cannot be read: an older snapshot might call a check green that is red by now. Valid until the next call.
  const std::map<std::string, bool>& at(Instant now);

 private:
  void read(std::uint64_t generation);
  void select(Instant now);

  policy::CheckRegister* register_;
  const Clock* clock_;
  std::vector<policy::CheckState> states_;
  std::optional<std::uint64_t> generation_;  // of states_; none when there is no usable snapshot
  std::optional<std::uint64_t> failed_;      // the generation whose failure was logged
  std::optional<Moment> failed_at_;
  std::map<std::string, bool> current_;
  std::optional<Instant> selected_until_;  // when the first report in current_ gets too old
};

}  // namespace reeve::gateway
