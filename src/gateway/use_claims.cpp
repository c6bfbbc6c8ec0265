#include "gateway/use_claims.h"

namespace reeve::gateway {

UseClaims::~UseClaims() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

UseClaims::Claim UseClaims::take(const policy::ExceptionInfo& exception, std::string once, Executor& executor) {
  auto job = std::make_shared<Job>();
  job->exception = exception.name;
  job->once = std::move(once);
  job->limit = *exception.uses;
  job->executor = &executor;
  return {*this, std::move(job)};
}

/// False: goes on at once, without having waited.
bool UseClaims::Claim::await_suspend(std::coroutine_handle<> handle) {
  const std::lock_guard lock(claims_.mutex_);
  if (claims_.stopping_ || claims_.jobs_.size() >= kWaitingMax) {
    job_->answer = Error{ErrorCode::kUnavailable, "too many calls wait for it"};
    return false;
  }
  job_->waiter = handle;
  claims_.jobs_.push_back(job_);
  claims_.wake_.notify_one();
  return true;
}

UseClaims::Claim::~Claim() {
  const std::lock_guard lock(claims_.mutex_);
  job_->waiter = nullptr;
}

void UseClaims::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!job->waiter) continue;
    lock.unlock();
    Result<bool> answer = shared_.take(job->exception, job->limit, job->once);
    lock.lock();
    if (!job->waiter) continue;
    job->answer = std::move(answer);
    job->executor->resume_later({&job->waiter, 1});
  }
}

}  // namespace reeve::gateway
