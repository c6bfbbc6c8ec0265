#pragma once

// How often something may go wrong, or be done, by one (an address, a browser) and altogether, in a stretch of time. In
// memory, of this node alone.
//
// What all do together never shuts anybody out by itself: whoever floods from many addresses would lock everybody else
// out with it. Once there is a flood, each one has fewer tries instead.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/time.h"

namespace reeve::app {

/// Thread-safe.
class RateLimit {
 public:
  struct Of {
    std::size_t one = 0;       // of each
    std::size_t all = 0;       // altogether, from where on it is a flood
    std::size_t in_flood = 0;  // of each, then
    Duration window{};
  };
  explicit RateLimit(const Of& most) : most_(most) {}

  enum class Answer : std::uint8_t { kYes, kOneTooMany, kFlood };

  /// Counts one; anything but kYes when the limit was reached before it.
  Answer admit(std::string_view who, Moment now) {
    const std::lock_guard lock(mutex_);
    const Answer answer = look(who, now);
    if (answer == Answer::kYes) {
      ++all_;
      ++ones_[std::string(who)];
    }
    return answer;
  }
  /// Whether one more would be admitted; counts nothing.
  Answer would_admit(std::string_view who, Moment now) {
    const std::lock_guard lock(mutex_);
    return look(who, now);
  }

 private:
  static constexpr std::size_t kKnownMax = 100'000;

  Answer look(std::string_view who, Moment now) {
    if (now - begun_ >= most_.window) {
      begun_ = now;
      all_ = 0;
      ones_.clear();
    }
    const auto one = ones_.find(who);
    const std::size_t used = one == ones_.end() ? 0 : one->second;
    if (used >= most_.one) return Answer::kOneTooMany;
    const bool flood = all_ >= most_.all;
    const bool is_full = one == ones_.end() && ones_.size() >= kKnownMax;
    return (flood && used >= most_.in_flood) || is_full ? Answer::kFlood : Answer::kYes;
  }

  const Of most_;
  std::mutex mutex_;
  Moment begun_{};
  std::size_t all_ = 0;
  std::map<std::string, std::size_t, std::less<>> ones_;
};

}  // namespace reeve::app
