#pragma once

// What the tests of this room share.

#include <gtest/gtest.h>

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/bytes.h"
#include "core/crypto.h"
#include "ledger/index.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(base() / ("reeve-ledger-test-" + to_hex(random_bytes(8)))) {
    std::filesystem::create_directories(path_);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path path() const { return path_; }
  std::filesystem::path ledger() const { return path_ / "ledger"; }

 private:
  /// In memory where that is possible: these tests sync thousands of times.
  static std::filesystem::path base() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }
  std::filesystem::path path_;
};

/// Of the log in directory.ledger(), beside it.
inline IndexOptions index_options_in(const TemporaryDirectory& directory) {
  IndexOptions options;
  options.ledger = directory.ledger();
  options.directory = directory.path() / "index";
  options.library = index_library();
  return options;
}

/// An executor with a thread of its own, as an event loop is one.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this] { run(); }) {}
  ~ThreadExecutor() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void resume_later(std::span<const std::coroutine_handle<>> handles) override {
    // Told under the lock: whoever sees the last handle resumed may destroy this at once.
    const std::scoped_lock lock(mutex_);
    handles_.insert(handles_.end(), handles.begin(), handles.end());
    changed_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !handles_.empty(); });
      if (handles_.empty()) return;
      const std::coroutine_handle<> handle = handles_.front();
      handles_.pop_front();
      lock.unlock();
      handle.resume();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::coroutine_handle<>> handles_;
  bool stopping_ = false;
  std::thread thread_;
};

inline LogOptions test_options(const std::filesystem::path& directory) {
  LogOptions options;
  options.directory = directory;
  options.origin = "reeve.example.com/test";
  options.node = "test";
  options.segment_bytes = 256UL << 10U;
  options.checkpoint_interval = std::chrono::milliseconds(5);
  return options;
}

inline std::unique_ptr<Log> open_or_die(const LogOptions& options) {
  auto log = Log::open(options);
  if (!log) {
    ADD_FAILURE() << log.error().message;
    std::abort();
  }
  return *std::move(log);
}

/// An entry with a given request, so that a test finds it again.
inline Entry test_entry(std::string_view kind, std::string_view request_id, std::int64_t attempt = 1) {
  Entry entry;
  entry.kind = kind;
  entry.request_id = request_id;
  entry.attempt = attempt;
  entry.principal.id = "dev@example.com";
  entry.model.asked = "claude-opus-4-6";
  return entry;
}

inline std::vector<std::string> all_entries(const Log& log, std::uint64_t from = 0) {
  std::vector<std::string> entries;
  const auto read = log.read(from, [&](const StoredEntry& entry) {
    EXPECT_EQ(entry.index, from + entries.size());
    entries.emplace_back(entry.bytes);
    return true;
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
  return entries;
}

}  // namespace reeve::ledger
