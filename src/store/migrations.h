#pragma once

// The schema of the embedded database, as numbered steps that are never edited once released: a database records the
// number and the checksum of every step it has taken.

#include <cstdint>
#include <span>

#include "core/result.h"
#include "store/sqlite.h"

namespace reeve::store {

struct Migration {
  std::int64_t version;  // 1, 2, 3, ...
  const char* name;
  const char* sql;
};

/// Every step this program knows, in order.
std::span<const Migration> embedded_migrations();

/// Takes the steps that `database` lacks, all in one transaction. kInvalid when it has steps that are not among
/// `migrations` (made by a newer Reeve) or belongs to another program; kCorrupt when a step it has is not the step of
/// that number here.
Result<void> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace reeve::store
