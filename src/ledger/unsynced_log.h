#pragma once

// A log that is not made durable entry by entry: for data that can be made again, and that nobody answers for, such as
// demonstration data. Part of the ledger room's face.

#include <memory>

#include "ledger/ledger.h"

namespace reeve::ledger {

/// As Log::open(), but nothing is synced: what is "durable" has merely been written, and a power cut may tear it
/// anywhere. Whoever wants to keep it syncs the file system once the log is closed. Never for a log of real calls.
Result<std::unique_ptr<Log>> open_unsynced_log(LogOptions options);

}  // namespace reeve::ledger
