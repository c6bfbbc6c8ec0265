#pragma once

// Evidence packs of a witness: what shows a third person that a log told two stories.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

/// Two checkpoints of one log that do not go together.
struct Contradiction {
  std::string origin;
  std::string log_keys;    // vkeys, one a line
  std::string seen;        // the signed note that was cosigned before
  std::string submitted;   // the signed note that came now
  std::string_view lines;  // the old size and the proof that came with it
  bool certain = false;    // two roots for one size; otherwise a proof that fails, which may be the sender's fault
  std::uint64_t seen_size = 0;
  std::uint64_t submitted_size = 0;
};

/// The folder of packs. Whoever has two signed checkpoints can send them any number of times, so each pair makes one
/// pack, and there is an end to their number.
class EvidenceFolder {
 public:
  EvidenceFolder(FileSystem& system, std::string directory);
  /// Writes the pack, durably, and its path; nothing when it was there already or there are too many. An error in
  /// the log of the process either way the first time.
  std::optional<std::string> keep(const Contradiction& contradiction, Instant now);

 private:
  FileSystem& system_;
  const std::string directory_;
};

}  // namespace reeve::ledger
