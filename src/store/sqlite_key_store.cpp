#include "store/sqlite_key_store.h"

#include <cstring>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::store {

using identity::VirtualKey;

namespace {

std::string to_json_array(const std::vector<std::string>& names) {
  JsonWriter json;
  json.begin_array();
  for (const std::string& name : names) json.value(std::string_view(name));
  json.end_array();
  return json.take();
}

std::optional<std::vector<std::string>> from_json_array(std::string_view text) {
  const auto json = JsonDocument::parse(text, /*depth_max=*/2);
  if (!json || !json->root().is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const JsonValue item : json->root().items()) {
    const auto name = item.as_string();
    if (!name) return std::nullopt;
    names.emplace_back(*name);
  }
  return names;
}

std::optional<std::int64_t> to_integer(const std::optional<Instant>& at) {
  return at ? std::optional(at->nanoseconds) : std::nullopt;
}

std::optional<Instant> to_instant(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(Instant{row.integer(column)});
}

constexpr std::string_view kInsert =
    "INSERT INTO virtual_key (id, secret_hash, hint, owner, team, type, group_names, scopes, created, expires, "
    "revoked, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kSelect =
    "SELECT id, secret_hash, hint, owner, team, type, group_names, scopes, created, expires, revoked, note "
    "FROM virtual_key ORDER BY created, id";

// A key that was ended before it was recorded has both.
constexpr std::string_view kSelectUnrecorded =
    "SELECT id, owner, 0 AS ended, created AS changed FROM virtual_key "
    "WHERE NOT EXISTS (SELECT 1 FROM key_entry e WHERE e.key_id = id AND e.revoked = 0) "
    "UNION ALL SELECT id, owner, 1, revoked FROM virtual_key "
    "WHERE revoked IS NOT NULL AND NOT EXISTS (SELECT 1 FROM key_entry e WHERE e.key_id = id AND e.revoked = 1) "
    "ORDER BY changed, id, ended";

Result<VirtualKey> read_key(const Statement& row) {
  VirtualKey key;
  key.id = row.bytes(0);
  const std::string_view hash = row.bytes(1);
  auto groups = from_json_array(row.bytes(6));
  auto scopes = from_json_array(row.bytes(7));
  if (hash.size() != key.secret_hash.size() || !groups || !scopes) {
    return Error{ErrorCode::kCorrupt, "the stored key " + printable(key.id) +
                                          " is damaged; restore the database from a backup, or delete that row"};
  }
  std::memcpy(key.secret_hash.data(), hash.data(), hash.size());
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
        .bind(7, std::string_view(to_json_array(key.groups)))
        .bind(8, std::string_view(to_json_array(key.scopes)))
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
