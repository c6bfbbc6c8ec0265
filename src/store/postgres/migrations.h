#pragma once

// The schema that nodes share, as steps; it lies in the schema `reeve` of the database. Nodes of the version before may
// be running while a step is taken: a step keeps what they call.

#include <span>

#include "core/result.h"
#include "store/postgres/connection.h"
#include "store/schema_steps.h"

namespace reeve::store {

/// Every step this program knows, in order.
std::span<const Migration> postgres_migrations();

/// Connects, with patience for other nodes that take steps meanwhile, and brings the schema up to date.
Result<void> migrate_shared_schema(const PostgresOptions& options);

/// Takes the steps that the database lacks, all in one transaction, while other nodes that want the same wait. Errors
/// as of migrate() for SQLite.
Result<void> migrate(PostgresConnection& connection, std::span<const Migration> migrations);

}  // namespace reeve::store
