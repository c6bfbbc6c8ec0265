#include "core/work_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <string>

namespace reeve {
namespace {

/// Resumes what is given to it on the thread that calls run_until().
class QueueExecutor final : public Executor {
 public:
  void resume_later(std::span<const std::coroutine_handle<>> handles) override {
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.end(), handles.begin(), handles.end());
    wake_.notify_one();
  }
  template <typename Condition>
  void run_until(const Condition& condition) {
    while (!condition()) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !waiting_.empty(); });
      const auto handles = std::exchange(waiting_, {});
      lock.unlock();
      for (const auto handle : handles) handle.resume();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::coroutine_handle<>> waiting_;
};

/// Work that waits until somebody opens.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void until_inside(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

struct Asking {
  WorkThread<std::string>& thread;
  QueueExecutor& executor;
  std::vector<std::string> answers = {};

  Task<void> ask(std::function<std::string()> work) {
    answers.push_back(co_await thread.answer(std::move(work), executor));
  }
};

TEST(WorkThread, AnswersInTheOrderOfTheQuestions) {
  QueueExecutor executor;
  WorkThread<std::string> thread(10, "full");
  Asking asking{thread, executor};
  for (const char* word : {"a", "b", "c"}) {
    start_detached(asking.ask([word] { return std::string(word); }));
  }
  executor.run_until([&] { return asking.answers.size() == 3; });
  EXPECT_EQ(asking.answers, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(WorkThread, RefusesAtOnceWhoIsTooMany) {
  QueueExecutor executor;
  Gate gate;
  WorkThread<std::string> thread(1, "full");
  Asking asking{thread, executor};
  const auto work = [&gate] {
    gate.wait();
    return std::string("done");
  };
  start_detached(asking.ask(work));
  gate.until_inside(1);  // it is taken up, and waits no more
  for (int i = 0; i < 2; ++i) start_detached(asking.ask(work));
  EXPECT_EQ(asking.answers, std::vector<std::string>{"full"});
  gate.open();
  executor.run_until([&] { return asking.answers.size() == 3; });
  EXPECT_EQ(asking.answers, (std::vector<std::string>{"full", "done", "done"}));
}

TEST(WorkThread, SeveralThreadsWorkAtOnce) {
  QueueExecutor executor;
  Gate gate;
  WorkThread<std::string> thread(10, "full", 3);
  Asking asking{thread, executor};
  for (int i = 0; i < 3; ++i) {
    start_detached(asking.ask([&gate] {
      gate.wait();
      return std::string("done");
    }));
  }
  gate.until_inside(3);
  gate.open();
  executor.run_until([&] { return asking.answers.size() == 3; });
}

TEST(WorkThread, WhoGivesUpIsNotResumed) {
  QueueExecutor executor;
  Gate gate;
  WorkThread<std::string> thread(10, "full");
  Asking asking{thread, executor};
  {
    DetachedTasks tasks;
    DetachedTasks::set_current(&tasks);
    start_detached(asking.ask([&gate] {
      gate.wait();
      return std::string("nobody hears it");
    }));
    DetachedTasks::set_current(nullptr);
    gate.until_inside(1);
  }
  gate.open();
  thread.stop();
  EXPECT_TRUE(asking.answers.empty());
  start_detached(asking.ask([] { return std::string("too late"); }));
  EXPECT_EQ(asking.answers, std::vector<std::string>{"full"});
}

}  // namespace
}  // namespace reeve
