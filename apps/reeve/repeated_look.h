#pragma once

// A thread that looks at something again and again, for what may be slow or away, such as a shared database: so neither
// the main thread nor a loop waits for it.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/time.h"

namespace reeve::app {

class RepeatedLook {
 public:
  /// Looks at once, and then so long after the end of each look. Last among the members of what `look` refers to.
  RepeatedLook(Duration pause, std::function<void()> look)
      : pause_(pause), look_(std::move(look)), thread_([this] { run(); }) {}
  /// Waits for the look that is under way.
  ~RepeatedLook() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  RepeatedLook(const RepeatedLook&) = delete;
  RepeatedLook& operator=(const RepeatedLook&) = delete;

  /// For looks that take long.
  bool is_stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      look_();
      lock.lock();
      wake_.wait_for(lock, pause_, [this] { return stopping_; });
    }
  }

  const Duration pause_;
  const std::function<void()> look_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace reeve::app
