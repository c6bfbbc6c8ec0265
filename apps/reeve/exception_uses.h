#pragma once

// How often each exception was used, across restarts. The ledger is the truth: every decision that used one says so.
// A small file keeps the counts up to some entry, so that a start reads only what came after it.

#include <filesystem>

#include "core/result.h"
#include "ledger/ledger.h"
#include "policy/policy.h"

namespace reeve::app {

/// Before the first decision. Counts what the ledger holds beyond the kept counts.
Result<void> restore_exception_uses(const ledger::Log& log, const std::filesystem::path& data_directory,
                                    policy::UseCounter& uses);
/// At the end, when no decision is under way. A failure costs time at the next start and is logged.
void keep_exception_uses(const ledger::Log& log, const std::filesystem::path& data_directory,
                         const policy::UseCounter& uses);

}  // namespace reeve::app
