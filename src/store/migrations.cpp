#include "store/migrations.h"

#include <array>

#include "core/time.h"
#include "store/directory_schema.h"
#include "store/key_schema.h"
#include "store/register_schema.h"

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

// Of what must be told to the ledger once only, however often it is told here.
constexpr const char* kNoteKeys = R"sql(
CREATE TABLE note_key (
  kind   TEXT NOT NULL,
  key    TEXT NOT NULL,
  note   INTEGER NOT NULL REFERENCES note (number),
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
)sql";

// What people decide by is in the document; id and version are for finding it and for changing it once.
constexpr const char* kExceptionRequests = R"sql(
CREATE TABLE exception_request (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  id       TEXT NOT NULL UNIQUE,
  version  INTEGER NOT NULL CHECK (version > 0),
  document TEXT NOT NULL -- canonical JSON
) STRICT;

INSERT INTO change_counter VALUES ('exception_request', 1);
CREATE TRIGGER exception_request_inserted AFTER INSERT ON exception_request
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'exception_request'; END;
CREATE TRIGGER exception_request_updated AFTER UPDATE ON exception_request
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'exception_request'; END;
CREATE TRIGGER exception_request_deleted AFTER DELETE ON exception_request
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'exception_request'; END;

CREATE TABLE notification_event (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  key    TEXT NOT NULL UNIQUE,
  kind   TEXT NOT NULL,
  time   INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  detail TEXT NOT NULL,    -- JSON
  routed INTEGER NOT NULL DEFAULT 0 CHECK (routed IN (0, 1))
) STRICT;
CREATE INDEX notification_event_unrouted ON notification_event (number) WHERE routed = 0;

-- Numbers grow, so the lowest that waits is a destination's next.
CREATE TABLE notification_delivery (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  event       INTEGER NOT NULL,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)), -- waiting, delivered, dead
  attempts    INTEGER NOT NULL DEFAULT 0,
  next        INTEGER NOT NULL, -- when it is tried; when it ended
  last_error  TEXT NOT NULL DEFAULT '',
  UNIQUE (event, destination)
) STRICT;
CREATE INDEX notification_delivery_waiting ON notification_delivery (destination, number) WHERE state = 0;
)sql";

// Answers are kept so that a request that is repeated under its idempotency key gets the same.
constexpr const char* kBudgets = R"sql(
CREATE TABLE budget (
  name       TEXT PRIMARY KEY NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  document   TEXT NOT NULL,   -- canonical JSON
  written_by TEXT NOT NULL,
  written_at INTEGER NOT NULL -- nanoseconds since 1970, UTC
) STRICT, WITHOUT ROWID;

INSERT INTO change_counter VALUES ('budget', 1);
CREATE TRIGGER budget_inserted AFTER INSERT ON budget
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'budget'; END;
CREATE TRIGGER budget_updated AFTER UPDATE ON budget
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'budget'; END;
CREATE TRIGGER budget_deleted AFTER DELETE ON budget
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'budget'; END;

CREATE TABLE kept_answer (
  who     TEXT NOT NULL,
  key     TEXT NOT NULL,
  request TEXT NOT NULL,    -- digest
  status  INTEGER NOT NULL,
  body    TEXT NOT NULL,
  etag    TEXT NOT NULL,
  at      INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_answer_by_time ON kept_answer (at);
)sql";

// Documents, as the ledger tells them; beside them what they are found by. Numbers grow, so that lists keep their
// order.
constexpr const char* kKillSwitch = R"sql(
CREATE TABLE cutoff (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  id       TEXT NOT NULL UNIQUE,
  until    INTEGER,         -- nanoseconds since 1970, UTC
  ended    INTEGER,
  document TEXT NOT NULL    -- canonical JSON
) STRICT;
CREATE INDEX cutoff_on ON cutoff (number) WHERE ended IS NULL;

CREATE TABLE kill_drill (
  id       TEXT PRIMARY KEY NOT NULL,
  at       INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  document TEXT NOT NULL     -- canonical JSON
) STRICT, WITHOUT ROWID;
CREATE TABLE kill_drill_report (
  drill  TEXT NOT NULL,
  node   TEXT NOT NULL,
  done   INTEGER NOT NULL CHECK (done IN (0, 1)),
  detail TEXT NOT NULL,      -- canonical JSON
  PRIMARY KEY (drill, node)
) STRICT, WITHOUT ROWID;

INSERT INTO change_counter VALUES ('cutoff', 1);
CREATE TRIGGER cutoff_inserted AFTER INSERT ON cutoff
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'cutoff'; END;
CREATE TRIGGER cutoff_updated AFTER UPDATE ON cutoff
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'cutoff'; END;
CREATE TRIGGER cutoff_deleted AFTER DELETE ON cutoff
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'cutoff'; END;
CREATE TRIGGER kill_drill_inserted AFTER INSERT ON kill_drill
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'cutoff'; END;
)sql";

// Secrets are their hashes. The counter moves for what tokens are verified with: which sign-ins ended, and keys.
constexpr const char* kSignIns = R"sql(
CREATE TABLE grant_secret (
  kind     INTEGER NOT NULL,
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  document TEXT NOT NULL,    -- JSON
  version  INTEGER NOT NULL CHECK (version > 0),
  expires  INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX grant_secret_by_expiry ON grant_secret (expires);

CREATE TABLE sign_in_session (
  id       TEXT PRIMARY KEY NOT NULL,
  person   TEXT NOT NULL,
  client   TEXT NOT NULL,
  document TEXT NOT NULL,    -- JSON: the principal
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  ended    INTEGER,
  why      TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_session_by_person ON sign_in_session (person);
CREATE INDEX sign_in_session_by_expiry ON sign_in_session (expires);
CREATE INDEX sign_in_session_ended ON sign_in_session (ended) WHERE ended IS NOT NULL;

CREATE TABLE token_key (
  id         TEXT PRIMARY KEY NOT NULL,
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  created    INTEGER NOT NULL,
  retired    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO change_counter VALUES ('sign_in', 1);
CREATE TRIGGER sign_in_ended AFTER UPDATE OF ended ON sign_in_session
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'sign_in'; END;
CREATE TRIGGER token_key_inserted AFTER INSERT ON token_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'sign_in'; END;
CREATE TRIGGER token_key_updated AFTER UPDATE ON token_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'sign_in'; END;
CREATE TRIGGER token_key_deleted AFTER DELETE ON token_key
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'sign_in'; END;
)sql";

// By the folded name, as the directory names whoever is cut off. What began before has at least its ASCII letters so.
constexpr const char* kSignInLogins = R"sql(
ALTER TABLE sign_in_session ADD COLUMN login TEXT NOT NULL DEFAULT '';
UPDATE sign_in_session SET login = lower(person);
DROP INDEX sign_in_session_by_person;
CREATE INDEX sign_in_session_by_login ON sign_in_session (login);
)sql";

constexpr const char* kAgents = R"sql(
CREATE TABLE agent (
  id       TEXT PRIMARY KEY NOT NULL,
  version  INTEGER NOT NULL CHECK (version > 0),
  document TEXT NOT NULL    -- canonical JSON
) STRICT, WITHOUT ROWID;

INSERT INTO change_counter VALUES ('agent', 1);
CREATE TRIGGER agent_inserted AFTER INSERT ON agent
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'agent'; END;
CREATE TRIGGER agent_updated AFTER UPDATE ON agent
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'agent'; END;
CREATE TRIGGER agent_deleted AFTER DELETE ON agent
BEGIN UPDATE change_counter SET value = value + 1 WHERE subject = 'agent'; END;
)sql";

constexpr std::array<Migration, 16> kMigrations = {{{1, "virtual keys", kVirtualKeys},
                                                    {2, "ledger entries of key changes", kKeyEntries},
                                                    {3, "reports of checks", kCheckReports},
                                                    {4, "originals behind placeholders", kPlaceholders},
                                                    {5, "notes of commands for the ledger", kNotes},
                                                    {6, "exceptions and notifications", kExceptionRequests},
                                                    {7, "notes that are made once", kNoteKeys},
                                                    {8, "budgets that are written while servers run", kBudgets},
                                                    {9, "the kill switch", kKillSwitch},
                                                    {10, "people who are signed in", kSignIns},
                                                    {11, "people and groups", kDirectory},
                                                    {12, "break-glass", kBreakGlass},
                                                    {13, "what changed of keys", kKeyChanges},
                                                    {14, "sign-ins by folded name", kSignInLogins},
                                                    {15, "agents", kAgents},
                                                    {16, "inventory and intakes", kGovernedRegisters}}};

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
    const auto checked = check_taken(migrations, taken, version, rows->bytes(1), database.path());
    if (!checked) return checked.error();
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
