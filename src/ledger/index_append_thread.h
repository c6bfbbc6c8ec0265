#pragma once

// A thread beside the one that reads entries: it hands finished rows to DuckDB, which compresses them there.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "core/result.h"

namespace reeve::ledger {

/// Does what it is given, in order. After the first failure nothing more is done, and everybody who asks is told that
/// failure. Thread-safe. At the end of its life it does what is left.
class AppendThread {
 public:
  AppendThread();
  ~AppendThread();
  AppendThread(const AppendThread&) = delete;
  AppendThread& operator=(const AppendThread&) = delete;

  /// Never waits; whoever gives work bounds it by wait_for(). The number counts from 1.
  std::uint64_t put(std::function<Result<void>()> work);
  /// Returns once everything up to `number` is done, 0 at once.
  Result<void> wait_for(std::uint64_t number);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable has_work_, has_done_;
  std::deque<std::function<Result<void>()>> work_;
  std::uint64_t given_ = 0;
  std::uint64_t done_ = 0;
  Result<void> outcome_;
  bool ends_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace reeve::ledger
