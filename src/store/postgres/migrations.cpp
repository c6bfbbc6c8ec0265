#include "store/postgres/migrations.h"

#include <algorithm>
#include <array>

#include "core/log.h"
#include "core/time.h"
#include "store/postgres/agent_schema.h"
#include "store/postgres/budget_schema.h"
#include "store/postgres/directory_schema.h"
#include "store/postgres/exception_use_schema.h"
#include "store/postgres/governed_register_schema.h"
#include "store/postgres/grant_schema.h"
#include "store/postgres/grant_steps.h"
#include "store/postgres/kill_switch_schema.h"
#include "store/postgres/register_schema.h"
#include "store/postgres/slice_schema.h"

namespace reeve::store {

namespace {

constexpr std::array<Migration, 10> kMigrations = {{{1, "slices of budgets", kSliceSchema},
                                                    {2, "budgets that are written while servers run", kBudgetSchema},
                                                    {3, "the kill switch", kKillSwitchSchema},
                                                    {4, "people who are signed in", kGrantSchema},
                                                    {5, "people and groups", kDirectorySchema},
                                                    {6, "keys, exceptions and notifications", kRegisterSchema},
                                                    {7, "sign-ins by folded name", kSignInLogins},
                                                    {8, "agents", kAgentSchema},
                                                    {9, "uses of exceptions", kExceptionUseSchema},
                                                    {10, "inventory and intakes", kGovernedRegisterSchema}}};

// Other nodes may be taking a step meanwhile.
constexpr Duration kMigrationTimeout = std::chrono::minutes(2);

// "Reeve" in ASCII. Any program may lock any number of a database, so it should not be a common one.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(x'5265657665'::bigint)";

constexpr const char* kRecords = R"sql(
CREATE TABLE schema_migration (
  version  bigint PRIMARY KEY,
  name     text NOT NULL,
  checksum text NOT NULL,
  applied  text NOT NULL -- RFC 3339, UTC
);
)sql";

/// Makes the schema with its table of steps, or refuses one that somebody else made.
Result<void> claim(PostgresConnection& connection) {
  const auto found = connection.run(
      "SELECT to_regnamespace('reeve') IS NOT NULL, to_regclass('reeve.schema_migration') IS NOT NULL, "
      "EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('reeve'))");
  if (!found) return found.error();
  const bool has_schema = found->truth(0, 0);
  if (found->truth(0, 1)) return {};
  if (found->truth(0, 2)) {
    return Error{ErrorCode::kInvalid, "the schema reeve in " + connection.where() +
                                          " belongs to another program; give Reeve a database of its own"};
  }
  if (!has_schema) {
    if (auto made = connection.execute("CREATE SCHEMA reeve"); !made) return made;
  }
  return connection.execute(kRecords);
}

/// How many of `migrations` the database has.
Result<std::size_t> count_taken(PostgresConnection& connection, std::span<const Migration> migrations) {
  const auto rows = connection.run("SELECT version, checksum FROM schema_migration ORDER BY version");
  if (!rows) return rows.error();
  for (std::size_t taken = 0; taken < rows->size(); ++taken) {
    const auto checked =
        check_taken(migrations, taken, rows->integer(taken, 0), rows->bytes(taken, 1), connection.where());
    if (!checked) return checked.error();
  }
  return rows->size();
}

Result<void> take(PostgresConnection& connection, const Migration& migration) {
  if (auto applied = connection.execute(migration.sql); !applied) {
    return with_context(applied.error(), std::string("schema step \"") + migration.name + "\"");
  }
  const std::string sum = checksum(migration);
  const std::string now = format_time(system_clock().now());
  const auto recorded =
      connection.run("INSERT INTO schema_migration VALUES ($1::bigint, $2::text, $3::text, $4::text)",
                     PostgresParameters().integer(migration.version).bytes(migration.name).bytes(sum).bytes(now));
  if (!recorded) return recorded.error();
  log_info("database schema", {{"step", migration.version}, {"name", migration.name}});
  return {};
}

}  // namespace

std::span<const Migration> postgres_migrations() { return kMigrations; }

Result<void> migrate(PostgresConnection& connection, std::span<const Migration> migrations) {
  auto transaction = PostgresTransaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  if (auto locked = connection.execute(kLock); !locked) return locked;
  if (auto claimed = claim(connection); !claimed) return claimed;
  const auto taken = count_taken(connection, migrations);
  if (!taken) return taken.error();
  for (const Migration& migration : migrations.subspan(*taken)) {
    if (auto done = take(connection, migration); !done) return done;
  }
  return transaction->commit();
}

Result<void> migrate_shared_schema(const PostgresOptions& options) {
  PostgresOptions patient = options;
  patient.call_timeout = std::max(options.call_timeout, kMigrationTimeout);
  auto connection = PostgresConnection::open(patient);
  if (!connection) return std::move(connection).error();
  return migrate(*connection, postgres_migrations());
}

}  // namespace reeve::store
