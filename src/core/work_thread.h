#pragma once

// Threads for work that may block, asked for by coroutines that wait for its answer on their executors: no loop waits
// for a database or a disk.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/task.h"

namespace reeve {

/// Takes work up in the order in which it comes; with one thread, which is usual, one piece at a time. `Answer` can be
/// copied.
template <typename Answer>
class WorkThread {
 public:
  /// At most `waiting_max` wait; who comes then, or after the end, has `refusal` at once.
  WorkThread(std::size_t waiting_max, Answer refusal, std::size_t threads = 1)
      : waiting_max_(waiting_max), refusal_(std::move(refusal)) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~WorkThread() { stop(); }
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  /// Waits for the work that is under way; who waits behind it is never resumed. More than once is harmless.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  class Wait;
  /// co_await thread.answer(work, executor): runs `work` here and resumes on the executor. What `work` refers to must
  /// outlive the thread, not only the coroutine: one that is destroyed while it waits leaves work behind that may run.
  Wait answer(std::function<Answer()> work, Executor& executor) {
    return {*this, std::make_shared<Job>(Job{std::move(work), &executor, {}, refusal_})};
  }

 private:
  struct Job {
    std::function<Answer()> work;
    Executor* executor;
    std::coroutine_handle<> waiter;  // null: given up
    Answer answer;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      const std::shared_ptr<Job> job = std::move(jobs_.front());
      jobs_.pop_front();
      if (!job->waiter) continue;
      lock.unlock();
      Answer answer = job->work();
      lock.lock();
      if (!job->waiter) continue;
      job->answer = std::move(answer);
      job->executor->resume_later({&job->waiter, 1});
    }
  }

  const std::size_t waiting_max_;
  const Answer refusal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

template <typename Answer>
class WorkThread<Answer>::Wait {
 public:
  Wait(WorkThread& thread, std::shared_ptr<Job> job) : thread_(thread), job_(std::move(job)) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() {
    const std::lock_guard lock(thread_.mutex_);
    job_->waiter = nullptr;
  }
  bool await_ready() const noexcept { return false; }
  /// False: goes on at once, without having waited.
  bool await_suspend(std::coroutine_handle<> handle) {
    const std::lock_guard lock(thread_.mutex_);
    if (thread_.stopping_ || thread_.jobs_.size() >= thread_.waiting_max_) return false;
    job_->waiter = handle;
    thread_.jobs_.push_back(job_);
    thread_.wake_.notify_one();
    return true;
  }
  Answer await_resume() { return std::move(job_->answer); }

 private:
  WorkThread& thread_;
  std::shared_ptr<Job> job_;
};

}  // namespace reeve
