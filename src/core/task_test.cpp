#include "core/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace reeve {
namespace {

/// Suspends whoever awaits it until open() is called, as a socket would.
class Gate {
 public:
  bool await_ready() const noexcept { return open_; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  void await_resume() const noexcept {}
  void open() {
    open_ = true;
    if (waiting_) std::exchange(waiting_, {}).resume();
  }

 private:
  bool open_ = false;
  std::coroutine_handle<> waiting_;
};

/// Counts how many of it are alive.
struct Counted {
  explicit Counted(int& counter) : alive(&counter) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (alive != nullptr) --*alive;
  }
  int* alive;
};

Task<int> give(int value) { co_return value; }
Task<std::unique_ptr<std::string>> give_text(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}
Task<int> add(int left, int right) { co_return co_await give(left) + co_await give(right); }

Task<void> store(int& out) { out = co_await add(20, 22); }

TEST(Task, GivesItsValueToWhoAwaitsIt) {
  int out = 0;
  start_detached(store(out));
  EXPECT_EQ(out, 42);
}

Task<void> store_text(std::string& out) { out = *co_await give_text("moved"); }

TEST(Task, CarriesValuesThatOnlyMove) {
  std::string out;
  start_detached(store_text(out));
  EXPECT_EQ(out, "moved");
}

Task<void> mark(bool& ran, Counted counted) {
  ran = counted.alive != nullptr;
  co_return;
}

TEST(Task, DoesNothingBeforeItIsAwaited) {
  int alive = 0;
  bool ran = false;
  {
    Task<void> task = mark(ran, Counted(alive));
    EXPECT_EQ(alive, 1);
    Task<void> other = std::move(task);
    task = Task<void>();
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(alive, 0) << "a task that never ran frees what it holds";
}

Task<void> wait_at(Gate& gate, Counted, std::vector<int>& log, int number) {
  log.push_back(number);
  co_await gate;
  log.push_back(-number);
}

TEST(Task, SuspendsAndGoesOn) {
  int alive = 0;
  Gate gate;
  std::vector<int> log;
  start_detached(wait_at(gate, Counted(alive), log, 7));
  log.push_back(0);
  EXPECT_EQ(alive, 1);
  gate.open();
  EXPECT_EQ(log, (std::vector<int>{7, 0, -7}));
  EXPECT_EQ(alive, 0) << "a detached task frees itself at its end";
}

Task<std::int64_t> sum_up_to(std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 1; i <= count; ++i) sum += co_await give(static_cast<int>(i));
  co_return sum;
}

Task<void> store_sum(std::int64_t& out, std::int64_t count) { out = co_await sum_up_to(count); }

TEST(Task, ManyAwaitsDoNotDeepenTheStack) {
#ifdef __OPTIMIZE__
  constexpr std::int64_t kCount = 300'000;
#else
  constexpr std::int64_t kCount = 1000;  // unoptimised code need not turn the hand-over between coroutines into a jump
#endif
  std::int64_t out = 0;
  start_detached(store_sum(out, kCount));
  EXPECT_EQ(out, kCount * (kCount + 1) / 2);
}

TEST(DetachedTasks, DestroysWhatIsStillSuspended) {
  int alive = 0;
  Gate never;
  Gate soon;
  std::vector<int> log;
  {
    DetachedTasks tasks;
    DetachedTasks::set_current(&tasks);
    start_detached(wait_at(never, Counted(alive), log, 1));
    start_detached(wait_at(soon, Counted(alive), log, 2));
    Gate also_never;
    start_detached(wait_at(also_never, Counted(alive), log, 3));
    DetachedTasks::set_current(nullptr);
    EXPECT_EQ(alive, 3);
    soon.open();
    EXPECT_EQ(alive, 2) << "one that ends takes itself off the list";
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3, -2}));
}

TEST(Frames, AreRecycledAndMayCrossThreads) {
  for (const std::size_t size : {1UL, 127UL, 128UL, 129UL, 4000UL, 4096UL, 100'000UL}) {
    std::vector<void*> frames;
    for (int i = 0; i < 200; ++i) {
      void* frame = allocate_frame(size);
      std::fill_n(static_cast<char*>(frame), size, 'x');
      frames.push_back(frame);
    }
    std::thread([&] {
      for (void* frame : frames) free_frame(frame, size);
    }).join();
    void* again = allocate_frame(size);
    std::fill_n(static_cast<char*>(again), size, 'y');
    free_frame(again, size);
  }
}

/// Frees a frame when the thread ends, after the thread's cache of frames is gone.
struct LateFree {
  void* frame = nullptr;
  ~LateFree() { free_frame(frame, 200); }
};

TEST(Frames, MayBeFreedWhileTheThreadEnds) {
  std::thread([] {
    static thread_local LateFree late;  // made before the cache is, hence destroyed after it
    late.frame = allocate_frame(200);
    free_frame(allocate_frame(200), 200);
  }).join();
}

}  // namespace
}  // namespace reeve
