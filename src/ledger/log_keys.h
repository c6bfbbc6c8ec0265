#pragma once

// The signing keys of a log that is opened, and of one that rotates them.

#include <string>

#include "ledger/key_rotation.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"

namespace reeve::ledger {

inline constexpr std::string_view kKeyRotatedKind = "ledger.key_rotated";

/// The checkpoints of a log with the keys that they are signed by. The key is made on the first opening only: a log
/// that has segments or a checkpoint must have one.
Result<CheckpointStore> open_checkpoints(FileSystem& system, const LogOptions& options, const std::string& directory,
                                         bool fresh);

/// Finishes a rotation that was cut short, when its entry is in the log of `size` entries; drops it otherwise.
Result<void> finish_rotation(FileSystem& system, const std::string& directory, const SegmentList& segments,
                             std::uint64_t size, CheckpointStore& checkpoints);

struct PreparedRotation {
  KeyStatement statement;
  NoteSigner signer;   // that is to take over
  std::string detail;  // of the entry
};
/// Makes the new key and the statement, and keeps both beside the old.
Result<PreparedRotation> begin_rotation(FileSystem& system, const std::string& directory, const std::string& origin,
                                        const KeyRotation& request, Instant now);

}  // namespace reeve::ledger
