#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "core/time.h"

namespace reeve::app {

/// Events for the main thread: signals, mostly.
class Mailbox {
 public:
  void put(int event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    ready_.notify_one();
  }
  /// The next event, or nothing after `wait`.
  std::optional<int> take(Duration wait) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, wait, [&] { return !events_.empty(); })) return std::nullopt;
    const int event = events_.front();
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<int> events_;
};

}  // namespace reeve::app
