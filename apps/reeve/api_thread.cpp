#include "reeve/api_thread.h"

namespace reeve::app {

void ApiThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ApiThread::Answer ApiThread::answer(std::function<ApiAnswer()> work, Executor& executor) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->executor = &executor;
  return {*this, std::move(job)};
}

/// False: goes on at once, without having waited.
bool ApiThread::Answer::await_suspend(std::coroutine_handle<> handle) {
  const std::lock_guard lock(thread_.mutex_);
  if (thread_.stopping_ || thread_.jobs_.size() >= kWaitingMax) {
    job_->answer.status = 503;
    return false;
  }
  job_->waiter = handle;
  thread_.jobs_.push_back(job_);
  thread_.wake_.notify_one();
  return true;
}

ApiThread::Answer::~Answer() {
  const std::lock_guard lock(thread_.mutex_);
  job_->waiter = nullptr;
}

void ApiThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!job->waiter) continue;
    lock.unlock();
    ApiAnswer answer = job->work();
    lock.lock();
    if (!job->waiter) continue;
    job->answer = std::move(answer);
    job->executor->resume_later({&job->waiter, 1});
  }
}

}  // namespace reeve::app
