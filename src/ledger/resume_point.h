#pragma once

// Where to look for intents without outcome after a crash. Only a hint, in a file beside the log: without it, or with
// an old one, recovery looks further back. So it is written without a sync.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

/// An intent that has no outcome yet: its index in the log, and its key as of `IntentStep`.
struct WaitingIntent {
  std::uint64_t index = 0;
  std::uint64_t key = 0;
  bool operator==(const WaitingIntent&) const = default;
};

/// Every intent below entry `size` has its outcome there, too, except those that wait.
struct ResumePoint {
  std::uint64_t size = 0;
  std::vector<WaitingIntent> waiting;  // by index; all below size
  bool operator==(const ResumePoint&) const = default;
};

/// More are not written down; the hint then stays as it was.
inline constexpr std::size_t kWaitingIntentsMax = 1UL << 16U;

std::string resume_path(const std::string& ledger_directory);
/// Not synced.
Result<void> write_resume_point(FileSystem& system, const std::string& ledger_directory, const ResumePoint& point);
/// kNotFound where there is none, kCorrupt where it is not what was written.
Result<ResumePoint> read_resume_point(FileSystem& system, const std::string& ledger_directory);

}  // namespace reeve::ledger
