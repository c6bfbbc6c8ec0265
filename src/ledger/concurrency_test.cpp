// Many producers, readers and commands at once; run under ThreadSanitizer as well.

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "ledger/log.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

Task<void> append_one_by_one(Log& log, Executor& executor, int producer, int count, std::atomic<int>& running,
                             std::atomic<std::uint64_t>& acknowledged) {
  for (int i = 0; i < count; ++i) {
    const std::string request = "req_" + std::to_string(producer) + "_" + std::to_string(i);
    const auto placed = co_await log.append(test_entry("model.intent", request), executor);
    if (placed.ok()) ++acknowledged;
    log.append_later(test_entry("model.outcome", request));
  }
  --running;
}

TEST(Concurrency, EveryEntryHasOnePlace) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.checkpoint_interval = std::chrono::milliseconds(1);
  const auto log = open_or_die(options);
  constexpr int kProducers = 12;
  constexpr int kEach = 100;
  std::atomic<int> running = kProducers;
  std::atomic<std::uint64_t> acknowledged = 0;
  std::vector<std::unique_ptr<ThreadExecutor>> executors;
  for (int i = 0; i < 3; ++i) executors.push_back(std::make_unique<ThreadExecutor>());
  for (int i = 0; i < kProducers; ++i) {
    start_detached(
        append_one_by_one(*log, *executors[static_cast<std::size_t>(i % 3)], i, kEach, running, acknowledged));
  }
  std::thread blocking([&] {
    for (int i = 0; i < kEach; ++i) EXPECT_TRUE(log->append_and_wait(test_entry("policy.changed", "")).ok());
  });
  std::thread reading([&] {
    const auto reader = LogReader::open(directory.ledger());
    ASSERT_TRUE(reader.ok());
    while (running > 0) {
      const std::uint64_t size = log->size();
      EXPECT_GE(all_entries(*log).size(), size);
      EXPECT_LE((*reader)->size(), log->size());
      EXPECT_TRUE(open_checkpoint(log->checkpoint(), log->verifier_key()).ok());
      const auto report = verify(directory.ledger());
      ASSERT_TRUE(report.ok());
      EXPECT_THAT(report->problems, ::testing::IsEmpty());
    }
  });
  blocking.join();
  while (running > 0) std::this_thread::yield();
  reading.join();
  log->close();
  EXPECT_EQ(acknowledged, static_cast<std::uint64_t>(kProducers * kEach));
  const auto entries = all_entries(*log);
  EXPECT_EQ(entries.size(), static_cast<std::size_t>(kProducers * kEach * 2 + kEach));
  EXPECT_EQ(log->stats().entries, entries.size());
  std::set<std::string> distinct(entries.begin(), entries.end());
  EXPECT_EQ(distinct.size(), entries.size());
  const auto report = verify(directory.ledger());
  EXPECT_THAT(report->problems, ::testing::IsEmpty());
  EXPECT_EQ(report->intents_without_outcome, 0U);
}

TEST(Concurrency, ClosingAnswersEverybody) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryDirectory directory;
    const auto log = open_or_die(test_options(directory.ledger()));
    std::atomic<std::uint64_t> acknowledged = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        while (true) {
          const auto placed = log->append_and_wait(test_entry("a", ""));
          if (!placed) {
            EXPECT_EQ(placed.error().code, ErrorCode::kClosed);
            return;
          }
          ++acknowledged;
        }
      });
    }
    while (log->size() < 20) std::this_thread::yield();
    std::thread other([&] { log->close(); });
    log->close();
    other.join();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->size(), acknowledged);
  }
}

/// Keeps the handles it is given and never resumes them, as a loop does that stops.
class StoppedExecutor final : public Executor {
 public:
  void resume_later(std::span<const std::coroutine_handle<>> handles) override { kept += handles.size(); }
  std::atomic<std::size_t> kept = 0;
};

/// A coroutine whose owner can destroy it while it is suspended.
struct Owned {
  struct promise_type {
    Owned get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
Owned append_owned(Log& log, Executor& executor) {
  const auto placed = co_await log.append(test_entry("model.intent", "req_gone"), executor);
  ADD_FAILURE() << "resumed with " << placed.ok();
}

TEST(Concurrency, AWaiterMayGoAwayAtAnyTime) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  StoppedExecutor executor;
  for (int i = 0; i < 300; ++i) {
    const Owned waiting = append_owned(*log, executor);
    if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i));
    waiting.handle.destroy();
  }
  // Their entries are kept all the same.
  ASSERT_TRUE(log->append_and_wait(test_entry("a", "")).ok());
  EXPECT_EQ(log->size(), 301U);
}

}  // namespace
}  // namespace reeve::ledger
