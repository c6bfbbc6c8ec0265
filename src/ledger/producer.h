#pragma once

// Whoever makes records numbers them, so that one that is missing shows: the numbers in the ledger go up by one, and
// where they do not, a ledger.gap entry has to name what is missing and why. A part of ledger.h.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve::ledger {

/// Numbers its records from 1, anew with each process, whose first record is service.started. Records of one producer
/// must be appended by one thread at a time: their numbers then stand in the ledger in order. The log owns it. Counts
/// may be read from any thread.
class Producer {
 public:
  explicit Producer(std::string name) : name_(std::move(name)) {}
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  const std::string& name() const { return name_; }
  /// Takes the next number, whatever becomes of the record.
  std::uint64_t take() { return numbers_.fetch_add(1, std::memory_order_relaxed) + 1; }
  std::uint64_t taken() const { return numbers_.load(std::memory_order_relaxed); }
  /// Records that could not be written and whose maker was told so: it did not do what it would have recorded.
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  /// Records that could not be written, of things that had happened.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  void count_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }
  void count_lost() { lost_.fetch_add(1, std::memory_order_relaxed); }

 private:
  const std::string name_;
  std::atomic<std::uint64_t> numbers_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> lost_{0};
};

/// Those of a log, by name; for as long as the log lives. Thread-safe.
class ProducerSet {
 public:
  Producer& of(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    auto known = producers_.find(name);
    if (known == producers_.end()) known = producers_.try_emplace(std::string(name), std::string(name)).first;
    return known->second;
  }
  std::vector<const Producer*> all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<const Producer*> found;
    found.reserve(producers_.size());
    for (const auto& [name, producer] : producers_) found.push_back(&producer);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Producer, std::less<>> producers_;
};

/// A record's place in the numbers of who made it; number 0: nobody counts it.
struct ProducerNumber {
  std::string_view name;
  std::uint64_t number = 0;
};

}  // namespace reeve::ledger
