#pragma once

// The thread on which answers of the control API are made, and the exchanges that wait for it.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/task.h"

namespace reeve::app {

struct ApiAnswer {
  int status = 200;
  std::string body;  // JSON; a problem (RFC 9457) from 400 on
  std::string etag;  // of what the body tells of; empty: none
  std::string location = {};
  std::filesystem::path file = {};  // not empty: the answer is this file, under `file_name`, and the body is nothing
  std::string file_name = {};
  std::int64_t retry_after = 0;  // seconds until the next request is taken; 0: not said
};

class ApiThread {
 public:
  ApiThread() : thread_([this] { run(); }) {}
  ~ApiThread() { stop(); }
  ApiThread(const ApiThread&) = delete;
  void stop();

  class Answer;
  /// co_await thread.answer(work, executor): runs `work` on the thread and resumes on the executor. What `work` refers
  /// to must outlive the thread, not only the exchange. 503 when too many wait.
  Answer answer(std::function<ApiAnswer()> work, Executor& executor);

 private:
  struct Job {
    std::function<ApiAnswer()> work;
    Executor* executor = nullptr;
    std::coroutine_handle<> waiter;  // null: given up
    ApiAnswer answer;
  };
  static constexpr std::size_t kWaitingMax = 32;
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

class ApiThread::Answer {
 public:
  Answer(ApiThread& thread, std::shared_ptr<Job> job) : thread_(thread), job_(std::move(job)) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer();
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  ApiAnswer await_resume() { return std::move(job_->answer); }

 private:
  ApiThread& thread_;
  std::shared_ptr<Job> job_;
};

}  // namespace reeve::app
