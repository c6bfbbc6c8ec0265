#pragma once

// How a coroutine waits for one event of its loop. Private to the room; loop thread only.

#include <coroutine>
#include <utility>

namespace reeve::net {

enum class Wake {
  kReady,    // what was waited for happened
  kTimeout,  // its deadline passed first
  kAborted,  // the connection was closed underneath
};

/// A place where at most one coroutine waits until somebody calls wake(). A coroutine that is destroyed while it waits
/// leaves the slot by itself.
class WaitSlot {
 public:
  WaitSlot() = default;
  WaitSlot(const WaitSlot&) = delete;
  WaitSlot& operator=(const WaitSlot&) = delete;

  class Awaiter {
   public:
    explicit Awaiter(WaitSlot& slot) : slot_(slot) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (suspended_) slot_.waiter_ = {};
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      suspended_ = true;
      slot_.waiter_ = waiter;
    }
    Wake await_resume() noexcept {
      suspended_ = false;
      return slot_.wake_;
    }

   private:
    WaitSlot& slot_;
    bool suspended_ = false;
  };

  Awaiter wait() { return Awaiter(*this); }
  bool waiting() const { return waiter_ != nullptr; }
  /// Resumes the waiting coroutine, inside this call; nothing when none waits.
  void wake(Wake how) {
    if (!waiter_) return;
    wake_ = how;
    std::exchange(waiter_, {}).resume();
  }

 private:
  std::coroutine_handle<> waiter_;
  Wake wake_ = Wake::kReady;
};

}  // namespace reeve::net
