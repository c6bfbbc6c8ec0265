#include "reeve/register_follower.h"

#include "core/log.h"

namespace reeve::app {

namespace {
/// How long one waits for word from the database before it is asked anyway.
constexpr Duration kWaitForWord = std::chrono::milliseconds(200);
constexpr Duration kRetryAfter = std::chrono::milliseconds(250);
}  // namespace

RegisterFollower::RegisterFollower(store::SharedRegisters& registers, identity::KeyTable& keys,
                                   std::function<void()> besides)
    : registers_(registers), keys_(keys), besides_(std::move(besides)), thread_([this] { run(); }) {}

RegisterFollower::~RegisterFollower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  registers_.stop_waiting();
  thread_.join();
}

/// That the database is away is told once.
void RegisterFollower::run() {
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    auto followed = registers_.wait_for_change(kWaitForWord);
    if (followed) followed = keys_.look();
    if (!followed && !away) {
      log_error("keys and exceptions of all nodes cannot be followed; they serve as they were for a while",
                {{"why", followed.error().message}});
    } else if (followed && away) {
      log_info("keys and exceptions of all nodes can be followed again");
    }
    away = !followed;
    if (followed) besides_();
    lock.lock();
    if (away) wake_.wait_for(lock, kRetryAfter, [this] { return stopping_; });
  }
}

}  // namespace reeve::app
