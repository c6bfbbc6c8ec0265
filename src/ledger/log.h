#pragma once

// How Log::open() works when the file system is not the machine's own: for tests.

#include <memory>

#include "ledger/file_system.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

/// How often it is tried again whether the log can be written, after a failure.
inline constexpr Duration kProbeInterval = std::chrono::seconds(1);

/// `system` must outlive the log.
Result<std::unique_ptr<Log>> open_log(LogOptions options, FileSystem& system, Duration probe_interval = kProbeInterval);

/// Why the log was stopped; see Log::stop_signing.
std::string contradiction_path(const std::string& ledger_directory);
std::string private_key_path(const std::string& ledger_directory);
std::string verifier_key_path(const std::string& ledger_directory);

}  // namespace reeve::ledger
