#include "reeve/notification_thread.h"

#include "core/log.h"

namespace reeve::app {

namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(500);
constexpr Duration kForgetInterval = std::chrono::hours(1);
/// Longer than the longest window of a budget: what is forgotten would be told again after a restart.
constexpr Duration kKeepDelivered = std::chrono::hours(24 * 100);

}  // namespace

NotificationThread::NotificationThread(control::NotificationQueue& queue,
                                       std::vector<control::Destination> destinations)
    : queue_(queue), destinations_(std::move(destinations)), thread_([this] { run(); }) {}

NotificationThread::~NotificationThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  sender_->stop();
  wake_.notify_one();
  thread_.join();
}

void NotificationThread::use(std::vector<control::Destination> destinations) {
  const std::lock_guard lock(mutex_);
  destinations_ = std::move(destinations);
}

void NotificationThread::run() {
  control::Notifier notifier(queue_, *sender_);
  const Clock& clock = system_clock();
  Instant forgotten;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::vector<control::Destination> destinations = destinations_;
    lock.unlock();
    const std::size_t tried = notifier.step(destinations, clock);
    if (clock.now() - forgotten > kForgetInterval) {
      forgotten = clock.now();
      if (auto done = queue_.forget(forgotten - kKeepDelivered); !done) {
        log_error("old notifications cannot be removed", {{"why", done.error().message}});
      }
    }
    lock.lock();
    if (tried == 0) wake_.wait_for(lock, kLookInterval, [this] { return stopping_; });
  }
}

}  // namespace reeve::app
