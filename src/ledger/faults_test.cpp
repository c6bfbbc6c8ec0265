// What happens when the file system fails: each call in turn, for a while, at opening, and when the power goes.

#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <thread>

#include "core/json.h"
#include "ledger/fault_file_system.h"
#include "ledger/log.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using Call = FaultFileSystem::Call;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Duration kProbe = std::chrono::milliseconds(2);

/// Appends one after the other and remembers what was acknowledged.
class Recorder {
 public:
  bool append(Log& log, std::size_t reason_bytes = 3'000) {
    const std::string request = "req_" + std::to_string(next_++);
    const std::string reason(reason_bytes, 'r');
    Entry entry = test_entry("policy.changed", request);
    entry.decision.reason = reason;
    const auto placed = log.append_and_wait(entry);
    if (!placed) {
      last_error_ = placed.error();
      return false;
    }
    acknowledged_.emplace_back(placed->index, request);
    return true;
  }

  void expect_all_in(const Log& log) const {
    const auto entries = all_entries(log);
    for (const auto& [index, request] : acknowledged_) {
      ASSERT_LT(index, entries.size());
      EXPECT_THAT(entries[index], HasSubstr("\"" + request + "\""));
    }
  }
  std::size_t acknowledged() const { return acknowledged_.size(); }
  const Error& last_error() const { return last_error_; }

 private:
  int next_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> acknowledged_;
  Error last_error_;
};

void expect_clean(const std::filesystem::path& directory) {
  const auto report = verify(directory);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_THAT(report->problems, IsEmpty());
}

std::unique_ptr<Log> open_on(FaultFileSystem& system, const std::filesystem::path& directory) {
  auto log = open_log(test_options(directory), system, kProbe);
  EXPECT_TRUE(log.ok()) << log.error().message;
  return log ? *std::move(log) : nullptr;
}

bool append_until_it_works(Recorder& recorder, Log& log) {
  for (int i = 0; i < 5'000; ++i) {
    if (recorder.append(log)) return true;
    EXPECT_EQ(recorder.last_error().code, ErrorCode::kUnavailable) << recorder.last_error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class FailingWith : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Reasons, FailingWith, ::testing::Values(ENOSPC, EIO, EROFS));

TEST_P(FailingWith, EachCallInTurnLosesNothing) {
  for (std::uint64_t failing = 1;; failing += 1 + failing / 8) {
    const TemporaryDirectory directory;
    FaultFileSystem system(static_cast<unsigned>(failing));
    Recorder recorder;
    bool done = false;
    std::uint64_t count = 0;  // outlives the log, whose threads go on calling until it is gone
    {
      const auto log = open_on(system, directory.ledger());
      system.set_fault([&, reason = GetParam()](Call, const std::string&) { return ++count == failing ? reason : 0; });
      for (int i = 0; i < 120; ++i) recorder.append(*log);
      EXPECT_TRUE(append_until_it_works(recorder, *log));
      EXPECT_GE(recorder.acknowledged(), 1U);
      done = system.calls() < failing;
      log->close();
      recorder.expect_all_in(*log);
    }
    recorder.expect_all_in(*open_or_die(test_options(directory.ledger())));
    expect_clean(directory.ledger());
    if (done) break;
  }
}

TEST_P(FailingWith, EachCallOfOpeningInTurnHarmsNothing) {
  const TemporaryDirectory directory;
  Recorder recorder;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    for (int i = 0; i < 300; ++i) recorder.append(*log, 100);
  }
  for (std::uint64_t failing = 1;; ++failing) {
    FaultFileSystem system;
    std::uint64_t count = 0;
    std::atomic<bool> failed = false;
    system.set_fault([&, reason = GetParam()](Call, const std::string&) {
      failed = failed || ++count == failing;
      return failed ? reason : 0;
    });
    auto log = open_log(test_options(directory.ledger()), system, kProbe);
    const bool reached = failed;
    system.set_fault({});
    if (!log) EXPECT_EQ(log.error().code, ErrorCode::kUnavailable) << log.error().message;
    if (log) EXPECT_TRUE(append_until_it_works(recorder, **log));
    if (log) (*log)->close();
    recorder.expect_all_in(*open_or_die(test_options(directory.ledger())));
    expect_clean(directory.ledger());
    if (!reached) break;
  }
  // And of the very first opening.
  for (std::uint64_t failing = 1;; ++failing) {
    const TemporaryDirectory fresh;
    FaultFileSystem system;
    std::uint64_t count = 0;
    std::atomic<bool> failed = false;
    system.set_fault([&, reason = GetParam()](Call, const std::string&) {
      failed = failed || ++count == failing;
      return failed ? reason : 0;
    });
    auto first = open_log(test_options(fresh.ledger()), system, kProbe);
    const bool reached = failed;
    EXPECT_TRUE(first.ok() || reached);
    if (first) (*first)->close();
    system.set_fault({});
    EXPECT_TRUE(open_or_die(test_options(fresh.ledger()))->append_and_wait(test_entry("a", "")).ok());
    expect_clean(fresh.ledger());
    if (!reached) break;
  }
}

TEST_P(FailingWith, RefusesSaysWhyAndResumes) {
  const TemporaryDirectory directory;
  FaultFileSystem system;
  const auto log = open_on(system, directory.ledger());
  Recorder recorder;
  ASSERT_TRUE(recorder.append(*log));
  system.set_fault([reason = GetParam()](Call call, const std::string&) { return call == Call::kRename ? 0 : reason; });
  EXPECT_FALSE(recorder.append(*log));
  EXPECT_EQ(recorder.last_error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(recorder.last_error().message, HasSubstr("the ledger cannot be written: cannot write"));
  EXPECT_THAT(recorder.last_error().message, HasSubstr(std::strerror(GetParam())));
  EXPECT_THAT(recorder.last_error().message, HasSubstr("writing resumes by itself"));
  EXPECT_FALSE(log->writable());
  EXPECT_FALSE(log->stats().writable);
  EXPECT_GE(log->stats().failures, 1U);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(log->append_later(test_entry("model.outcome", "req_lost", 0)));
    EXPECT_FALSE(recorder.append(*log));
  }
  system.set_fault({});
  ASSERT_TRUE(append_until_it_works(recorder, *log));
  EXPECT_TRUE(log->writable());
  log->close();
  recorder.expect_all_in(*log);
  // The lost records are accounted for, once.
  std::vector<std::int64_t> gaps;
  for (const std::string& entry : all_entries(*log)) {
    const auto document = JsonDocument::parse(entry);
    if (document->root()["kind"].string_or("") != "ledger.gap") continue;
    gaps.push_back(document->root().at("detail.lost").int_or(0));
    EXPECT_TRUE(parse_time(document->root().at("detail.since").string_or("")).ok());
  }
  EXPECT_THAT(gaps, ::testing::ElementsAre(10));
  expect_clean(directory.ledger());
}

TEST(Faults, AFullDiskWithRoomInTheSegmentStillTakesEntries) {
  const TemporaryDirectory directory;
  FaultFileSystem system;
  const auto log = open_on(system, directory.ledger());
  Recorder recorder;
  ASSERT_TRUE(recorder.append(*log));
  // As a file system does it that has the space of the segment reserved: only new files fail.
  system.set_fault([](Call call, const std::string& path) {
    const bool reserved = path.ends_with("00000000.seg") || path.ends_with("00000001.seg");
    const bool takes_space = call == Call::kOpenToWrite || call == Call::kAllocate || call == Call::kWrite;
    return takes_space && !reserved ? ENOSPC : 0;
  });
  int written = 0;
  while (recorder.append(*log)) ++written;
  EXPECT_GT(written, 50);
  EXPECT_THAT(recorder.last_error().message, ::testing::AnyOf(HasSubstr("make room for"), HasSubstr("open")));
  EXPECT_THAT(recorder.last_error().message, HasSubstr("free space"));
  system.set_fault({});
  ASSERT_TRUE(append_until_it_works(recorder, *log));
  log->close();
  recorder.expect_all_in(*log);
  expect_clean(directory.ledger());
}

TEST(Faults, AFullQueueRefusesAtOnce) {
  const TemporaryDirectory directory;
  FaultFileSystem system;
  LogOptions options = test_options(directory.ledger());
  options.queue_bytes_max = 10'000;
  auto opened = open_log(options, system, kProbe);
  ASSERT_TRUE(opened.ok());
  Log& log = **opened;
  // The disk stops answering.
  std::mutex disk;
  system.set_fault([&](Call call, const std::string& path) {
    if (call == Call::kWrite && path.ends_with(".seg")) const std::scoped_lock wait(disk);
    return 0;
  });
  std::unique_lock stuck(disk);
  std::uint64_t queued = 0;
  std::uint64_t refused = 0;
  for (int i = 0; i < 200; ++i) {
    (log.append_later(test_entry("policy.changed", "req_" + std::to_string(i))) ? queued : refused) += 1;
  }
  EXPECT_GT(queued, 20U);
  EXPECT_LT(queued, 100U);
  EXPECT_EQ(log.stats().refused, refused);
  const auto placed = log.append_and_wait(test_entry("policy.changed", "req"));
  ASSERT_FALSE(placed.ok());
  EXPECT_EQ(placed.error().code, ErrorCode::kUnavailable);
  stuck.unlock();
  log.close();
  const auto entries = all_entries(log);
  // One gap or more: the committer may have begun to write while others were still refused.
  std::uint64_t kept = 0;
  std::int64_t lost = 0;
  for (const std::string& text : entries) {
    const auto entry = JsonDocument::parse(text);
    ASSERT_TRUE(entry.ok());
    const bool gap = entry->root()["kind"].string_or("") == "ledger.gap";
    lost += gap ? entry->root().at("detail.lost").int_or(0) : 0;
    kept += gap ? 0 : 1;
  }
  EXPECT_EQ(kept, queued);
  EXPECT_EQ(lost, static_cast<std::int64_t>(refused));
}

TEST(Faults, WhatIsAppendedTogetherIsKeptUpToTheFirstThatIsRefused) {
  const TemporaryDirectory directory;
  FaultFileSystem system;
  LogOptions options = test_options(directory.ledger());
  options.queue_bytes_max = 4'000;
  auto opened = open_log(options, system, kProbe);
  ASSERT_TRUE(opened.ok());
  Log& log = **opened;
  std::mutex disk;
  system.set_fault([&](Call call, const std::string& path) {
    if (call == Call::kWrite && path.ends_with(".seg")) const std::scoped_lock wait(disk);
    return 0;
  });
  const std::vector<Entry> entries(200, test_entry("person.added", "req"));
  PlacedEntries placed;
  {
    std::unique_lock stuck(disk);
    std::thread appends([&] { placed = log.append_all_and_wait(entries); });
    for (int i = 0; i < 20'000 && log.stats().refused == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    stuck.unlock();
    appends.join();
  }
  ASSERT_TRUE(placed.error.has_value());
  EXPECT_GT(placed.places.size(), 5U);
  EXPECT_LT(placed.places.size(), 100U);
  EXPECT_EQ(log.stats().refused, 1U) << "what follows is not tried";
  ASSERT_TRUE(log.append_and_wait(test_entry("policy.changed", "req_last")).ok());
  log.close();
  EXPECT_EQ(placed.places.back().index + 1, placed.places.size());
  expect_clean(directory.ledger());
}

TEST(Faults, ADiskThatDoesNotAnswerMakesNobodyElseWait) {
  const TemporaryDirectory directory;
  FaultFileSystem system;
  LogOptions options = test_options(directory.ledger());
  options.stall_max = std::chrono::milliseconds(20);
  auto opened = open_log(options, system, kProbe);
  ASSERT_TRUE(opened.ok());
  Log& log = **opened;
  std::mutex disk;
  system.set_fault([&](Call call, const std::string& path) {
    if (call == Call::kWrite && path.ends_with(".seg")) const std::scoped_lock wait(disk);
    return 0;
  });
  std::unique_lock stuck(disk);
  EXPECT_TRUE(log.writable());
  const auto given_up = log.append_and_wait(test_entry("policy.changed", "req_first"));
  EXPECT_FALSE(given_up.ok());
  EXPECT_FALSE(log.writable());
  const auto refused = log.append_and_wait(test_entry("policy.changed", "req_refused"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("disk does not answer"));
  EXPECT_TRUE(log.append_later(test_entry("policy.changed", "req_later")));
  stuck.unlock();
  for (int i = 0; i < 5'000 && !log.writable(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(log.append_and_wait(test_entry("policy.changed", "req_last")).ok());
  EXPECT_TRUE(log.writable());
  log.close();
  const auto entries = all_entries(log);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_THAT(entries.front(), HasSubstr("req_first"));
  expect_clean(directory.ledger());
}

TEST(Faults, InterruptedAndShortWritesAreNotFailures) {
  class Interrupting final : public FileSystem {
   public:
    ssize_t pwrite(int file, const char* from, std::size_t size, std::uint64_t offset) override {
      if (++calls_ % 3 == 0) {
        errno = EINTR;
        return -1;
      }
      return FileSystem::pwrite(file, from, std::min<std::size_t>(size, 1 + calls_ % 1000), offset);
    }
    ssize_t pread(int file, char* into, std::size_t size, std::uint64_t offset) override {
      if (++calls_ % 3 == 0) {
        errno = EINTR;
        return -1;
      }
      return FileSystem::pread(file, into, std::min<std::size_t>(size, 1 + calls_ % 5000), offset);
    }

   private:
    std::atomic<std::uint64_t> calls_ = 0;
  };
  const TemporaryDirectory directory;
  Interrupting system;
  Recorder recorder;
  {
    auto log = open_log(test_options(directory.ledger()), system, kProbe);
    ASSERT_TRUE(log.ok()) << log.error().message;
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(recorder.append(**log));
    EXPECT_EQ((*log)->stats().failures, 0U);
  }
  auto log = open_log(test_options(directory.ledger()), system, kProbe);
  ASSERT_TRUE(log.ok()) << log.error().message;
  recorder.expect_all_in(**log);
  expect_clean(directory.ledger());
}

/// Several threads append until the disk is gone; what was acknowledged must be there afterwards.
void append_until_the_end(Log& log, FaultFileSystem& system, std::uint64_t calls, std::mt19937& random,
                          std::vector<std::pair<std::uint64_t, std::string>>& acknowledged, bool power) {
  std::mutex mutex;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t, reason = std::string(random() % 2'000, 'r')] {
      for (int i = 0; !stop; ++i) {
        const std::string request = "req_" + std::to_string(t) + "_" + std::to_string(i);
        Entry entry = test_entry("policy.changed", request);
        entry.decision.reason = reason;
        const auto placed = log.append_and_wait(entry);
        if (!placed) continue;
        const std::scoped_lock lock(mutex);
        acknowledged.emplace_back(placed->index, request);
      }
    });
  }
  const std::uint64_t end = system.calls() + calls;
  while (system.calls() < end) std::this_thread::yield();
  if (power) {
    system.cut_power();
  } else {
    system.stop();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

void run_crashes(bool power, bool failing_syncs, int rounds, unsigned seed) {
  const TemporaryDirectory directory;
  std::mt19937 random(seed);
  std::vector<std::pair<std::uint64_t, std::string>> acknowledged;
  FaultFileSystem system(seed);
  for (int round = 0; round < rounds; ++round) {
    auto log = open_on(system, directory.ledger());
    ASSERT_TRUE(log) << "round " << round << " seed " << seed;
    const auto entries = all_entries(*log);
    for (const auto& [index, request] : acknowledged) {
      ASSERT_LT(index, entries.size()) << "round " << round << " seed " << seed;
      ASSERT_THAT(entries[index], HasSubstr("\"" + request + "\""));
    }
    if (failing_syncs) {
      system.set_fault([fate = std::mt19937(static_cast<unsigned>(random()))](Call call, const std::string&) mutable {
        return call == Call::kSync && fate() % 10 == 0 ? EIO : 0;
      });
    }
    append_until_the_end(*log, system, 1 + random() % 150, random, acknowledged, power || round % 3 == 2);
    log->close();
    log.reset();
    system.restart();
  }
  {
    const auto log = open_on(system, directory.ledger());
  }
  expect_clean(directory.ledger());
}

// --gtest_shuffle --gtest_repeat=N tries others each time.
unsigned first_seed() { return 1 + static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()) * 10; }

TEST(Crash, NothingAcknowledgedIsLostWhenThePowerGoes) {
  for (unsigned seed = first_seed(); seed % 10 < 4; ++seed) run_crashes(true, false, 8, seed);
}

TEST(Crash, NothingAcknowledgedIsLostWhenSyncsFailBeforeTheProcessAndThenThePowerGoes) {
  for (unsigned seed = first_seed(); seed % 10 < 4; ++seed) run_crashes(false, true, 8, seed);
}

}  // namespace
}  // namespace reeve::ledger
