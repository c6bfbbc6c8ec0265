#pragma once

// What the stores of virtual keys have in common: what a row must look like, and what a ledger tells of a change.

#include <cstring>
#include <string>

#include "core/bytes.h"
#include "core/json.h"
#include "store/store.h"

namespace reeve::store {

inline Error damaged_key(std::string_view id) {
  return {ErrorCode::kCorrupt,
          "the stored key " + printable(id) + " is damaged; restore the database from a backup, or delete that row"};
}

/// The hash of a row; false when it has another length.
inline bool read_hash(std::string_view bytes, Sha256& hash) {
  if (bytes.size() != hash.size()) return false;
  std::memcpy(hash.data(), bytes.data(), bytes.size());
  return true;
}

inline std::optional<std::int64_t> to_integer(const std::optional<Instant>& at) {
  return at ? std::optional(at->nanoseconds) : std::nullopt;
}

}  // namespace reeve::store
