#pragma once

// The schema of the embedded database, as steps.

#include <span>

#include "core/result.h"
#include "store/schema_steps.h"
#include "store/sqlite.h"

namespace reeve::store {

/// Every step this program knows, in order.
std::span<const Migration> embedded_migrations();

/// Takes the steps that `database` lacks, all in one transaction. kInvalid when it has steps that are not among
/// `migrations` (made by a newer Reeve) or belongs to another program; kCorrupt when a step it has is not the step of
/// that number here.
Result<void> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace reeve::store
