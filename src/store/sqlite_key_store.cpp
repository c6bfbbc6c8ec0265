#include "store/sqlite_key_store.h"

#include "core/bytes.h"
#include "store/key_rows.h"

namespace reeve::store {

using identity::VirtualKey;

namespace {

std::optional<Instant> to_instant(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(Instant{row.integer(column)});
}

constexpr std::string_view kInsert =
    "INSERT INTO virtual_key (id, secret_hash, hint, owner, team, type, group_names, scopes, created, expires, "
    "revoked, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kSelect =
    "SELECT id, secret_hash, hint, owner, team, type, group_names, scopes, created, expires, revoked, note "
    "FROM virtual_key ORDER BY created, id";

// A key that was ended before it was recorded has both. The first by id, which are the oldest: of a million, none but
// those is sorted.
constexpr std::string_view kSelectUnrecorded =
    "SELECT id, owner, u.revoked AS ended, CASE u.revoked WHEN 0 THEN created ELSE k.revoked END AS changed "
    "FROM (SELECT key_id, revoked FROM key_unrecorded ORDER BY key_id, revoked LIMIT 1000) u "
    "JOIN virtual_key k ON k.id = u.key_id ORDER BY changed, id, ended";

constexpr const char* kAllRows =
    "SELECT id, secret_hash, owner, team, type, group_names, scopes, created, expires, revoked FROM virtual_key";
constexpr const char* kTouchedRows =
    "SELECT id, secret_hash, owner, team, type, group_names, scopes, created, expires, revoked FROM virtual_key "
    "WHERE id IN (SELECT id FROM virtual_key_change WHERE sequence > ?)";

Result<VirtualKey> read_key(const Statement& row) {
  VirtualKey key;
  key.id = row.bytes(0);
  auto groups = identity::names_from_json(row.bytes(6));
  auto scopes = identity::names_from_json(row.bytes(7));
  if (!read_hash(row.bytes(1), key.secret_hash) || !groups || !scopes) return damaged_key(key.id);
  key.hint = row.bytes(2);
  key.owner = row.bytes(3);
  key.team = row.bytes(4);
  key.type = row.bytes(5);
  key.groups = *std::move(groups);
  key.scopes = *std::move(scopes);
  key.created = Instant{row.integer(8)};
  key.expires = to_instant(row, 9);
  key.revoked = to_instant(row, 10);
  key.note = row.bytes(11);
  return key;
}

}  // namespace

Result<void> SqliteKeyStore::insert(const VirtualKey& key) {
  {
    const std::lock_guard lock(writing_);
    auto statement = writer_.prepare(kInsert);
    if (!statement) return std::move(statement).error();
    statement->bind(1, std::string_view(key.id))
        .bind_blob(2, as_bytes(key.secret_hash))
        .bind(3, std::string_view(key.hint))
        .bind(4, std::string_view(key.owner))
        .bind(5, std::string_view(key.team))
        .bind(6, std::string_view(key.type))
        .bind(7, std::string_view(identity::names_to_json(key.groups)))
        .bind(8, std::string_view(identity::names_to_json(key.scopes)))
        .bind(9, key.created.nanoseconds)
        .bind(10, to_integer(key.expires))
        .bind(11, to_integer(key.revoked))
        .bind(12, std::string_view(key.note));
    if (auto inserted = statement->run(); !inserted) return inserted;
  }
  changes_.announce();
  return {};
}

Result<std::vector<VirtualKey>> SqliteKeyStore::list() {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(kSelect);
  if (!rows) return std::move(rows).error();
  std::vector<VirtualKey> keys;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return keys;
    auto key = read_key(*rows);
    if (!key) return std::move(key).error();
    keys.push_back(*std::move(key));
  }
}

Result<void> SqliteKeyStore::revoke(std::string_view id, Instant when) {
  {
    const std::lock_guard lock(writing_);
    auto statement = writer_.prepare("UPDATE virtual_key SET revoked = ? WHERE id = ? AND revoked IS NULL");
    if (!statement) return std::move(statement).error();
    if (auto ran = statement->bind(1, when.nanoseconds).bind(2, id).run(); !ran) return ran;
    if (writer_.changes() == 0) {
      auto known = writer_.prepare("SELECT 1 FROM virtual_key WHERE id = ?");
      if (!known) return std::move(known).error();
      const auto row = known->bind(1, id).step();
      if (!row) return row.error();
      if (!*row) return Error{ErrorCode::kNotFound, "there is no key " + printable(id)};
    }
  }
  // Also when it was revoked before: whoever repeats a revocation may do so because the first one did not get through.
  changes_.announce();
  return {};
}

namespace {

Result<void> read_rows(Database& database, std::int64_t since, identity::KeyReader& reader) {
  if (since == 0) reader.forget_all();
  auto rows = database.prepare(since == 0 ? kAllRows : kTouchedRows);
  if (!rows) return std::move(rows).error();
  if (since > 0) rows->bind(1, since);
  identity::KeyRow key;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    key.id = rows->bytes(0);
    if (!read_hash(rows->bytes(1), key.secret_hash)) return damaged_key(key.id);
    key.owner = rows->bytes(2), key.team = rows->bytes(3), key.type = rows->bytes(4);
    key.groups = rows->bytes(5), key.scopes = rows->bytes(6);
    key.created = Instant{rows->integer(7)};
    key.expires = to_instant(*rows, 8), key.revoked = to_instant(*rows, 9);
    if (auto taken = reader.key(key); !taken) return taken;
  }
}

/// From which number on the rows of `since` have to be read; 0 for all.
Result<std::int64_t> read_from(Database& database, std::int64_t since, std::int64_t now) {
  const auto oldest = database.integer("SELECT coalesce(min(sequence), 0) FROM virtual_key_change");
  if (!oldest) return oldest.error();
  // Of a database that is older than what is known, or newer than what it remembers.
  if (since > now || since + 1 < *oldest) return std::int64_t{0};
  auto all = database.prepare("SELECT 1 FROM virtual_key_change WHERE sequence > ? AND id = '' LIMIT 1");
  if (!all) return std::move(all).error();
  const auto row = all->bind(1, since).step();
  if (!row) return row.error();
  return *row ? 0 : since;
}

}  // namespace

Result<std::uint64_t> SqliteKeyStore::read_changes(std::uint64_t since, identity::KeyReader& reader) {
  const std::lock_guard lock(reading_);
  // One moment for all that is read.
  if (auto begun = reader_.execute("BEGIN"); !begun) return std::move(begun).error();
  auto read = [&]() -> Result<std::uint64_t> {
    const auto now = reader_.integer("SELECT value FROM change_counter WHERE subject = 'virtual_key'");
    if (!now) return now.error();
    const auto from = read_from(reader_, static_cast<std::int64_t>(since), *now);
    if (!from) return from.error();
    if (*from != *now) {
      if (auto done = read_rows(reader_, *from, reader); !done) return std::move(done).error();
    }
    return static_cast<std::uint64_t>(*now);
  }();
  if (auto ended = reader_.execute("ROLLBACK"); !ended && read.ok()) return std::move(ended).error();
  return read;
}

Result<std::vector<KeyChange>> SqliteKeyStore::unrecorded() {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(kSelectUnrecorded);
  if (!rows) return std::move(rows).error();
  std::vector<KeyChange> changes;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return changes;
    changes.push_back({.key_id = std::string(rows->bytes(0)),
                       .owner = std::string(rows->bytes(1)),
                       .revoked = rows->integer(2) != 0,
                       .at = Instant{rows->integer(3)}});
  }
}

Result<void> SqliteKeyStore::recorded(std::span<const KeyChange> changes) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const KeyChange& change : changes) {
    auto statement = writer_.prepare("INSERT OR REPLACE INTO key_entry VALUES (?, ?, ?)");
    if (!statement) return std::move(statement).error();
    statement->bind(1, std::string_view(change.key_id)).bind(2, std::int64_t{change.revoked});
    if (auto ran = statement->bind(3, static_cast<std::int64_t>(change.entry)).run(); !ran) return ran;
  }
  return transaction->commit();
}

Result<void> SqliteKeyStore::forget_entries_from(std::uint64_t entry) {
  const std::lock_guard lock(writing_);
  auto statement = writer_.prepare("DELETE FROM key_entry WHERE entry >= ?");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, static_cast<std::int64_t>(entry)).run();
}

}  // namespace reeve::store
