#pragma once

// A schema as numbered steps that are never edited once released: a database records the number and the checksum of
// every step it has taken. The same for every storage; migrations.h and postgres/migrations.h take them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve::store {

struct Migration {
  std::int64_t version;  // 1, 2, 3, ...
  const char* name;
  const char* sql;
};

/// What is recorded of a step beside its number and name.
std::string checksum(const Migration& migration);

/// Checks what the database `where` recorded of its step at `position` (0 is the first) against the steps of this
/// program. kInvalid when it is beyond them (made by a newer Reeve), kCorrupt when it is another step.
Result<void> check_taken(std::span<const Migration> migrations, std::size_t position, std::int64_t version,
                         std::string_view recorded_checksum, const std::string& where);

}  // namespace reeve::store
