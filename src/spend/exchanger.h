#pragma once

// The thread that trades with the shared store, and the calls that wait for it. Private to the spend room.

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "core/task.h"

namespace reeve::spend {

class Exchanger {
 public:
  struct Jobs {
    std::function<void()> round;  // one exchange of what is asked for now
    std::function<void()> look;   // finds what lies idle
  };
  explicit Exchanger(Jobs jobs);
  ~Exchanger();

  /// Ends the thread after its round; calls that still wait are not resumed. More than once is harmless.
  void stop();

  /// Asks for a round soon; calls that run low do not wait for it.
  void nudge();

  /// co_await exchanger.next_round(executor): resumes on the executor after a round that began later than now.
  class Round;
  Round next_round(Executor& executor);

 private:
  struct Waiter {
    std::coroutine_handle<> handle;
    Executor* executor;
    std::uint64_t round;
  };
  void run();

  Jobs jobs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Waiter> waiters_;
  std::uint64_t begun_ = 0;  // rounds
  bool nudged_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

class Exchanger::Round {
 public:
  Round(Exchanger& exchanger, Executor& executor) : exchanger_(exchanger), executor_(executor) {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;
  ~Round();  // also of a call that is given up while it waits
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const noexcept {}

 private:
  Exchanger& exchanger_;
  Executor& executor_;
  std::coroutine_handle<> handle_;
};

}  // namespace reeve::spend
