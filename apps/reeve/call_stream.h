#pragma once

// Recorded calls of some time, read once and looked at by several threads: what replays and reports over many entries
// share.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "ledger/ledger.h"

namespace reeve::app {

/// From `since` up to `until`, both included.
struct CallWindow {
  Instant since;
  Instant until;
  bool open_end = true;  // nothing was said of the end: `until` is now

  /// From --since and --until; empty for the latter means now.
  static Result<CallWindow> parse(const std::string& since, const std::string& until);
  std::string length() const;  // "30 days", "12 hours"
};

/// When an entry was made, as it says itself: members of its members are not looked at. Nothing where it has no time.
std::optional<Instant> entry_time(std::string_view entry);

/// How many threads take() is called on, beside the one that reads.
std::size_t call_stream_workers();

/// Reads the entries about calls from `window.since` on and hands each to `take` on one of the worker threads: all
/// entries about a call on the same one, in their order. Also hands on those of a day after `window.until`, as what a
/// call cost is written when it ends; decisions among them are not in the window. Holds a bounded number of entries at
/// a time. `progress`: tells on standard error how far it is, when that is a terminal.
Result<void> stream_calls(ledger::LogReader& reader, const CallWindow& window, bool progress,
                          const std::function<void(std::size_t worker, std::string_view entry)>& take);

}  // namespace reeve::app
