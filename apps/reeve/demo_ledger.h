#pragma once

// The clock of demonstration data, and the ledger that goes by it.

#include <atomic>
#include <memory>

#include "ledger/ledger.h"
#include "reeve/command_notes.h"
#include "reeve/unrecorded_changes.h"
#include "store/store.h"

namespace reeve::app {

/// Stands where it is set. Thread-safe.
class DemoClock final : public Clock {
 public:
  explicit DemoClock(Instant at) : now_(at.nanoseconds) {}
  Instant now() const override { return {now_.load()}; }
  Moment steady() const override { return Moment(Duration(now_.load())); }
  /// Never back.
  void set(Instant at) { now_ = std::max(now_.load(), at.nanoseconds); }

 private:
  std::atomic<std::int64_t> now_;
};

/// Entries that come within `quantum` are written together and have its beginning's time: to wait for each would take
/// hours. Which these are follows from their times alone, so the same history has the same entries.
class DemoLedger {
 public:
  DemoLedger(std::unique_ptr<ledger::Log> log, store::Store& store, DemoClock& clock, Duration quantum);
  ~DemoLedger() { log_->close(); }
  DemoLedger(const DemoLedger&) = delete;
  DemoLedger& operator=(const DemoLedger&) = delete;

  /// What happens at `at`; the next thing does at `next`.
  void go_to(Instant at, Instant next);
  /// Where the entry will stand.
  std::uint64_t append(const ledger::Entry& entry);
  /// Records what the store has to tell.
  void record_notes();
  /// Nothing failed so far.
  const Result<void>& state() const { return state_; }
  std::uint64_t entries() const { return appended_; }

 private:
  static constexpr std::uint64_t kTogetherMax = 2'000;
  std::size_t record(std::span<store::Note> notes);

  std::unique_ptr<ledger::Log> log_;
  DemoClock& clock_;
  const Duration quantum_;
  CommandNotes notes_;
  KeyChanges keys_;
  Instant next_;
  std::uint64_t appended_ = 0, waiting_ = 0;
  Result<void> state_;
};

}  // namespace reeve::app
