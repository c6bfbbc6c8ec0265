#pragma once

// Opening a log after whatever happened to it. docs/ledger-format.md tells the rules and why they are safe.

#include <memory>
#include <string>
#include <vector>

#include "ledger/follower.h"
#include "ledger/publisher.h"

namespace reeve::ledger {

struct Recovered {
  std::unique_ptr<Follower> follower;  // at the end of the log
  std::uint64_t tail_offset = 0;       // where the frames of the last segment end
  Instant last_time;                   // of the last entry
  std::vector<OpenIntent> open_intents;
};

/// Segment files behind the last one that has begun must be unused. kCorrupt when one is not: something before it was
/// lost.
Result<void> check_unbegun(FileSystem& system, const SegmentList& segments);

/// The offset behind the last byte of the file, from `offset` on, that is not zero; `offset` when there is none.
Result<std::uint64_t> dirty_end(FileSystem& system, const File& file, const std::string& path, std::uint64_t offset);

/// Finds the durable end of the log, makes everything up to it durable again, and clears what a torn write left behind
/// it. `segments` must have been discovered, `checkpoints` loaded.
Result<Recovered> recover(FileSystem& system, const SegmentList& segments, const CheckpointStore& checkpoints);

}  // namespace reeve::ledger
