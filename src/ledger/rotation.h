#pragma once

// Rotating the key that a log signs with. A part of ledger.h.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::ledger {

struct KeyRotation {
  std::string reason, by;                          // for people; recorded
  Duration both_for = std::chrono::hours(24 * 7);  // so long checkpoints are signed by the old key, too
  std::string old_key;                             // the verifier key that is to be replaced; empty: whichever it is
};

struct RotatedKey {
  std::string old_key, new_key;  // vkeys
  Instant both_until;
  std::uint64_t entry = 0;  // index of the ledger.key_rotated
};

/// The verifier keys of a log from `vkey` on, which somebody was given once, to the one that signs now: each checked
/// against the statement of the one before. kNotFound when `vkey` is none of the log's.
Result<std::vector<std::string>> follow_keys(const std::filesystem::path& ledger_directory, std::string_view vkey);

/// Whether a process has the log open for writing.
bool has_writer(const std::filesystem::path& ledger_directory);

}  // namespace reeve::ledger
