#pragma once

// The body of a witness's add-checkpoint call (c2sp.org/tlog-witness): old size, consistency proof, checkpoint.

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/note.h"

namespace reeve::ledger {

/// As the specification has it.
inline constexpr std::size_t kConsistencyHashesMax = 63;

struct AddCheckpoint {
  std::uint64_t old_size = 0;
  HashPath proof;          // from the old size to that of the checkpoint
  std::string_view note;   // the signed checkpoint: a view into the request
  std::string_view lines;  // everything before it, for evidence
};

std::string encode_add_checkpoint(std::uint64_t old_size, const HashPath& proof, std::string_view note);
/// kInvalid with what is wrong. The note is not looked at.
Result<AddCheckpoint> parse_add_checkpoint(std::string_view body);
/// The size in the body of a 409.
std::optional<std::uint64_t> size_in_conflict(std::string_view body);

}  // namespace reeve::ledger
