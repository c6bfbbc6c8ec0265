#pragma once

// Uses of exceptions that several nodes take of the same limit: asked of the shared storage on a thread of its own, so
// that no loop waits for a database. Private to the gateway room.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/task.h"
#include "policy/policy.h"

namespace reeve::gateway {

class UseClaims {
 public:
  /// `shared` outlives it.
  explicit UseClaims(policy::SharedUses& shared) : shared_(shared), thread_([this] { run(); }) {}
  ~UseClaims();
  UseClaims(const UseClaims&) = delete;
  UseClaims& operator=(const UseClaims&) = delete;

  class Claim;
  /// co_await claims.take(exception, once, executor): as SharedUses::take, and resumes on the executor. kUnavailable
  /// when too many wait. A call that is given up while it waits may have taken its use.
  Claim take(const policy::ExceptionInfo& exception, std::string once, Executor& executor);

 private:
  struct Job {
    std::string exception, once;
    std::uint64_t limit = 0;
    Executor* executor = nullptr;
    std::coroutine_handle<> waiter;  // null: given up
    Result<bool> answer = false;
  };
  static constexpr std::size_t kWaitingMax = 1'000;
  void run();

  policy::SharedUses& shared_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

class UseClaims::Claim {
 public:
  Claim(UseClaims& claims, std::shared_ptr<Job> job) : claims_(claims), job_(std::move(job)) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim();
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  Result<bool> await_resume() { return std::move(job_->answer); }

 private:
  UseClaims& claims_;
  std::shared_ptr<Job> job_;
};

}  // namespace reeve::gateway
