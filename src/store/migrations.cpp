#include "store/migrations.h"

#include <array>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/time.h"

namespace reeve::store {

namespace {

// "Reev" in ASCII; SQLite keeps it in the file's header for programs that ask whose database this is.
constexpr std::int64_t kApplicationId = 0x52656576;

// Lists of names are JSON arrays: they are read and written whole, with their key.
constexpr const char* kVirtualKeys = R"sql(
CREATE TABLE virtual_key (
  id          TEXT PRIMARY KEY NOT NULL,
  secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
  hint        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  team        TEXT NOT NULL,
  type        TEXT NOT NULL,
  group_names TEXT NOT NULL,
  scopes      TEXT NOT NULL,
  created     INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  expires     INTEGER,
  revoked     INTEGER,
  note        TEXT NOT NULL
) STRICT;

CREATE TABLE change_counter (
  subject TEXT PRIMARY KEY NOT NULL,
  value   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO change_counter VALUES ('virtual_key', 1);

-- Triggers, so that no writer can forget: also a person with a database shell.
CREATE TRIGGER virtual_key_inserted AFTER INSERT ON virtual_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'virtual_key'; END;
CREATE TRIGGER virtual_key_updated AFTER UPDATE ON virtual_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'virtual_key'; END;
CREATE TRIGGER virtual_key_deleted AFTER DELETE ON virtual_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'virtual_key'; END;
)sql";

// Not columns of virtual_key: that a change was recorded is no change of the key.
constexpr const char* kKeyEntries = R"sql(
CREATE TABLE key_entry (
  key_id  TEXT NOT NULL,
  revoked INTEGER NOT NULL, -- 0: that the key was made, 1: that it was ended
  entry   INTEGER NOT NULL, -- of the ledger
  PRIMARY KEY (key_id, revoked)
) STRICT, WITHOUT ROWID;
)sql";

// Numbers grow and are never used twice, so the newest report of a name has the highest.
constexpr const char* kCheckReports = R"sql(
CREATE TABLE check_report (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL,
  green       INTEGER NOT NULL CHECK (green IN (0, 1)),
  reason      TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  reported_at INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  until       INTEGER NOT NULL,
  entry       INTEGER           -- of the ledger, once it is recorded there
) STRICT;
CREATE INDEX check_report_by_name ON check_report (name, number);
CREATE INDEX check_report_unrecorded ON check_report (number) WHERE entry IS NULL;

INSERT INTO change_counter VALUES ('check_report', 1);
CREATE TRIGGER check_report_inserted AFTER INSERT ON check_report
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'check_report'; END;
-- Not for entry: that a report was recorded is no change of the check.
CREATE TRIGGER check_report_updated
AFTER UPDATE OF number, name, green, reason, reported_by, reported_at, until ON check_report
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'check_report'; END;
CREATE TRIGGER check_report_deleted AFTER DELETE ON check_report
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'check_report'; END;
)sql";

// Sealed under keys that are not in the database. The scope's first half is the principal's.
constexpr const char* kPlaceholders = R"sql(
CREATE TABLE placeholder (
  scope   BLOB NOT NULL CHECK (length(scope) = 32),
  name    TEXT NOT NULL CHECK (length(name) = 20),
  sealed  BLOB NOT NULL,
  expires INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  PRIMARY KEY (scope, name)
) STRICT;
CREATE INDEX placeholder_by_expiry ON placeholder (expires);
)sql";

constexpr const char* kNotes = R"sql(
CREATE TABLE note (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind   TEXT NOT NULL,
  detail TEXT NOT NULL, -- canonical JSON
  entry  INTEGER        -- of the ledger, once it is recorded there
) STRICT;
CREATE INDEX note_unrecorded ON note (number) WHERE entry IS NULL;
)sql";

constexpr std::array<Migration, 5> kMigrations = {{{1, "virtual keys", kVirtualKeys},
                                                   {2, "ledger entries of key changes", kKeyEntries},
                                                   {3, "reports of checks", kCheckReports},
                                                   {4, "originals behind placeholders", kPlaceholders},
                                                   {5, "notes of commands for the ledger", kNotes}}};

std::string checksum(const Migration& migration) { return to_hex(as_bytes(sha256(migration.sql))); }

/// Refuses databases of other programs before anything is written to them; marks an empty one as ours.
Result<void> claim(Database& database) {
  const auto id = database.integer("PRAGMA application_id");
  if (!id) return id.error();
  if (*id == kApplicationId) return {};
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*id != 0 || *tables != 0) {
    return Error{ErrorCode::kInvalid, database.path() + " belongs to another program; choose another data directory"};
  }
  if (auto marked = database.execute("PRAGMA application_id = " + std::to_string(kApplicationId)); !marked) {
    return marked;
  }
  return database.execute(
      "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT "
      "NULL, applied TEXT NOT NULL) STRICT");
}

/// How many of `migrations` the database has.
Result<std::size_t> count_taken(Database& database, std::span<const Migration> migrations) {
  auto rows = database.prepare("SELECT version, checksum FROM schema_migration ORDER BY version");
  if (!rows) return std::move(rows).error();
  std::size_t taken = 0;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return taken;
    const std::int64_t version = rows->integer(0);
    if (taken >= migrations.size()) {
      return Error{ErrorCode::kInvalid, database.path() + " was made by a newer Reeve (its schema is version " +
                                            std::to_string(version) + ", this program knows version " +
                                            std::to_string(migrations.size()) + "); run that version or a later one"};
    }
    if (version != migrations[taken].version || rows->bytes(1) != checksum(migrations[taken])) {
      return Error{ErrorCode::kCorrupt, "step " + std::to_string(version) + " of the schema of " + database.path() +
                                            " is not the one this program carries; it was "
                                            "made by a different build of Reeve, or changed by hand"};
    }
    ++taken;
  }
}

Result<void> take(Database& database, const Migration& migration) {
  if (auto applied = database.execute(migration.sql); !applied) {
    return with_context(applied.error(), std::string("schema step \"") + migration.name + "\"");
  }
  auto record = database.prepare("INSERT INTO schema_migration VALUES (?, ?, ?, ?)");
  if (!record) return std::move(record).error();
  const std::string sum = checksum(migration);
  const std::string now = format_time(system_clock().now());
  return record->bind(1, migration.version)
      .bind(2, std::string_view(migration.name))
      .bind(3, std::string_view(sum))
      .bind(4, std::string_view(now))
      .run();
}

}  // namespace

std::span<const Migration> embedded_migrations() { return kMigrations; }

Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (auto claimed = claim(database); !claimed) return claimed;
  const auto taken = count_taken(database, migrations);
  if (!taken) return taken.error();
  for (const Migration& migration : migrations.subspan(*taken)) {
    if (auto done = take(database, migration); !done) return done;
  }
  return transaction->commit();
}

}  // namespace reeve::store
