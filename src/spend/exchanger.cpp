#include "spend/exchanger.h"

#include <algorithm>
#include <chrono>

namespace reeve::spend {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Calls that run low gather for so long, so that one round serves many counters.
constexpr auto kGather = std::chrono::seconds(1);
constexpr auto kLookEvery = std::chrono::seconds(5);

}  // namespace

Exchanger::Exchanger(Jobs jobs) : jobs_(std::move(jobs)), thread_([this] { run(); }) {}

Exchanger::~Exchanger() { stop(); }

void Exchanger::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Exchanger::nudge() {
  const std::lock_guard lock(mutex_);
  nudged_ = true;
}

Exchanger::Round Exchanger::next_round(Executor& executor) { return {*this, executor}; }

void Exchanger::Round::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  Exchanger& exchanger = exchanger_;  // the coroutine may be resumed, and this be gone, before the end
  {
    const std::lock_guard lock(exchanger.mutex_);
    exchanger.waiters_.push_back({handle, &executor_, exchanger.begun_ + 1});
  }
  exchanger.wake_.notify_all();
}

Exchanger::Round::~Round() {
  if (!handle_) return;
  const std::lock_guard lock(exchanger_.mutex_);
  exchanger_.waiters_.remove_if([this](const Waiter& waiter) { return waiter.handle == handle_; });
}

void Exchanger::run() {
  auto next_look = SteadyClock::now() + kLookEvery;
  auto next_gathered = SteadyClock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto until = std::min(next_look, next_gathered + kGather);
    wake_.wait_until(lock, until, [this] { return stopping_ || !waiters_.empty(); });
    if (stopping_) return;
    const auto now = SteadyClock::now();
    const bool gathered = now >= next_gathered + kGather;
    if (gathered) next_gathered = now;
    const bool looks = now >= next_look;
    if (waiters_.empty() && !looks && !(gathered && nudged_)) continue;
    nudged_ = false;
    const std::uint64_t round = ++begun_;
    lock.unlock();
    if (looks) {
      next_look = now + kLookEvery;
      jobs_.look();
    }
    jobs_.round();
    lock.lock();
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
      if (waiter->round > round) {
        ++waiter;
        continue;
      }
      const std::coroutine_handle<> handle = waiter->handle;
      waiter->executor->resume_later({&handle, 1});
      waiter = waiters_.erase(waiter);
    }
  }
}

}  // namespace reeve::spend
