#pragma once

// How often something may go wrong, or be done, from one address and altogether, in a stretch of time. In memory, of
// this node alone.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/time.h"

namespace reeve::app {

/// Thread-safe.
class RateLimit {
 public:
  RateLimit(std::size_t of_one_max, std::size_t of_all_max, Duration window)
      : of_one_max_(of_one_max), of_all_max_(of_all_max), window_(window) {}

  /// Counts one; false when the limit was reached before it.
  bool admit(std::string_view who, Moment now) {
    const std::lock_guard lock(mutex_);
    return is_open(who, now) && count(who);
  }
  /// Whether one more would be admitted; counts nothing.
  bool would_admit(std::string_view who, Moment now) {
    const std::lock_guard lock(mutex_);
    return is_open(who, now);
  }

 private:
  bool is_open(std::string_view who, Moment now) {
    if (now - begun_ >= window_) {
      begun_ = now;
      all_ = 0;
      ones_.clear();
    }
    const auto one = ones_.find(who);
    return all_ < of_all_max_ && (one == ones_.end() || one->second < of_one_max_);
  }
  bool count(std::string_view who) {
    ++all_;
    ++ones_[std::string(who)];  // no more of them than of_all_max_
    return true;
  }

  const std::size_t of_one_max_, of_all_max_;
  const Duration window_;
  std::mutex mutex_;
  Moment begun_{};
  std::size_t all_ = 0;
  std::map<std::string, std::size_t, std::less<>> ones_;
};

}  // namespace reeve::app
