#pragma once

// Says in the ledger, every minute or so, that the ledger is being kept: so that the times when it was not can be told
// from those when nothing happened.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "ledger/ledger.h"

namespace reeve::app {

/// Compares the wall clock with the monotonic one. A jump of one against the other is a step: somebody set the clock,
/// or the machine slept. What remains is drift.
class ClockWatch {
 public:
  explicit ClockWatch(const Clock& clock);
  /// By how much the wall clock was stepped since the last look; nothing when it was not. Wants to be called several
  /// times a second: slow corrections then stay below what counts as a step.
  std::optional<Duration> look();
  /// How far the wall clock ran ahead of the monotonic one since the last call, without steps.
  Duration take_drift();

 private:
  Duration ahead() const;

  const Clock& clock_;
  Duration last_;
  Duration drift_base_;
};

/// One thread.
class Heartbeat {
 public:
  /// Writes an entry of a kind with a detail; nothing when that is not possible.
  using Record = std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)>;
  Heartbeat(ledger::Log& log, Duration interval, const Clock& clock, Record record);

  /// Records what is due. To be called several times a second.
  void look();
  /// The detail of service.stopped: how far the numbers go that were given.
  std::string last_words() const;

 private:
  struct Counts {
    std::uint64_t taken = 0, refused = 0, lost = 0;
  };
  std::string detail();

  ledger::Log& log_;
  const Duration interval_;
  const Clock& clock_;
  const Record record_;
  ClockWatch clock_watch_;
  Moment due_;
  bool late_ = false;                                // the one that was due could not be written
  std::map<std::string, Counts, std::less<>> told_;  // in the last one, by producer
};

}  // namespace reeve::app
