#include "ledger/index_append_thread.h"

#include <sys/prctl.h>

namespace reeve::ledger {

AppendThread::AppendThread() : thread_([this] { run(); }) {}

AppendThread::~AppendThread() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

std::uint64_t AppendThread::put(std::function<Result<void>()> work) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    number = ++given_;
  }
  has_work_.notify_one();
  return number;
}

Result<void> AppendThread::wait_for(std::uint64_t number) {
  std::unique_lock lock(mutex_);
  has_done_.wait(lock, [&] { return done_ >= number; });
  return outcome_;
}

void AppendThread::run() {
  ::prctl(PR_SET_NAME, "index-append");
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return ends_ || !work_.empty(); });
    if (work_.empty()) return;
    const auto work = std::move(work_.front());
    work_.pop_front();
    if (outcome_) {
      lock.unlock();
      auto outcome = work();
      lock.lock();
      outcome_ = std::move(outcome);
    }
    ++done_;
    has_done_.notify_all();
  }
}

}  // namespace reeve::ledger
