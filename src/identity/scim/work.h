#pragma once

// How much a request may have looked at. What it costs to look through a list is counted before it is done, so that a
// thousand conditions over a group of a hundred thousand are refused, and do not keep everybody else waiting.

#include <cstddef>

#include "identity/scim/schema.h"

namespace reeve::identity::scim {

/// Of values, each counted once for each term of a condition on it. Some seconds on a slow machine.
inline constexpr std::size_t kWorkMax = 5'000'000;

class Work {
 public:
  explicit Work(std::size_t most = kWorkMax) : left_(most) {}

  /// False when that is more than is left; nothing is left then.
  bool spend(std::size_t values) {
    if (values > left_) {
      left_ = 0;
      return false;
    }
    left_ -= values;
    return true;
  }

 private:
  std::size_t left_;
};

inline Problem too_much_work() {
  return {400, "tooMany",
          "this looks at more values than one request may; ask for less, name values by userName, displayName or id, "
          "or send the rest in another request"};
}

}  // namespace reeve::identity::scim
