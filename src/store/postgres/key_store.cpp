#include "store/postgres/key_store.h"

#include <algorithm>
#include <tuple>

#include "store/key_rows.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using identity::KeyReader;
using identity::KeyRow;
using identity::VirtualKey;

namespace {

constexpr const char* kSubject = "keys of all nodes";
constexpr std::int64_t kPage = 10'000;
constexpr std::size_t kTakenAtOnce = 1'000;

constexpr std::string_view kInsert =
    "INSERT INTO virtual_key (id, secret_hash, hint, owner, team, type, group_names, scopes, created, expires, "
    "revoked, "
    "note) VALUES ($1::text, $2::bytea, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bigint, "
    "$10::bigint, $11::bigint, $12::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kRevoke =
    "UPDATE virtual_key SET revoked = $2::bigint WHERE id = $1::text AND revoked IS NULL RETURNING owner";
constexpr std::string_view kIsKnown = "SELECT FROM virtual_key WHERE id = $1::text";
// Page by page: all of a million rows at once would take more memory than what is made of them.
constexpr std::string_view kPageOfKeys =
    "SELECT id, secret_hash, owner, team, type, group_names, scopes, created, expires, revoked, hint, note "
    "FROM virtual_key WHERE id > $1::text ORDER BY id LIMIT $2::bigint";
constexpr std::string_view kPageOfRows =
    "SELECT id, secret_hash, owner, team, type, group_names, scopes, created, expires, revoked "
    "FROM virtual_key WHERE id > $1::text ORDER BY id LIMIT $2::bigint";
constexpr std::string_view kTouchedRows =
    "SELECT id, secret_hash, owner, team, type, group_names, scopes, created, expires, revoked FROM virtual_key "
    "WHERE id IN (SELECT id FROM virtual_key_change WHERE sequence > $1::bigint)";
constexpr std::string_view kOldest =
    "SELECT coalesce(min(sequence), 0)::bigint, coalesce(max(sequence) FILTER (WHERE id = ''), 0)::bigint "
    "FROM virtual_key_change";

Result<KeyRow> read_row(const PostgresRows& rows, std::size_t row) {
  KeyRow key;
  key.id = rows.bytes(row, 0);
  if (!read_hash(rows.bytes(row, 1), key.secret_hash)) return damaged_key(key.id);
  key.owner = rows.bytes(row, 2), key.team = rows.bytes(row, 3), key.type = rows.bytes(row, 4);
  key.groups = rows.bytes(row, 5), key.scopes = rows.bytes(row, 6);
  key.created = Instant{rows.integer(row, 7)};
  key.expires = time_at(rows, row, 8), key.revoked = time_at(rows, row, 9);
  return key;
}

Result<VirtualKey> read_key(const PostgresRows& rows, std::size_t row) {
  const auto read = read_row(rows, row);
  if (!read) return read.error();
  auto groups = identity::names_from_json(read->groups);
  auto scopes = identity::names_from_json(read->scopes);
  if (!groups || !scopes) return damaged_key(read->id);
  VirtualKey key;
  key.id = read->id;
  key.secret_hash = read->secret_hash;
  key.owner = read->owner;
  key.team = read->team;
  key.type = read->type;
  key.groups = *std::move(groups);
  key.scopes = *std::move(scopes);
  key.created = read->created;
  key.expires = read->expires;
  key.revoked = read->revoked;
  key.hint = rows.bytes(row, 10);
  key.note = rows.bytes(row, 11);
  return key;
}

/// `take` is given each row; the pages follow each other by id.
Result<void> each_key(PostgresConnection& connection, std::string_view sql,
                      const std::function<Result<void>(const PostgresRows&, std::size_t)>& take) {
  std::string after;
  while (true) {
    const auto rows = connection.run(sql, PostgresParameters().bytes(after).integer(kPage));
    if (!rows) return rows.error();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      if (auto taken = take(*rows, row); !taken) return taken;
    }
    if (rows->size() < static_cast<std::size_t>(kPage)) return {};
    after = rows->bytes(rows->size() - 1, 0);
  }
}

Result<bool> put(PostgresConnection& connection, const VirtualKey& key) {
  const std::string groups = identity::names_to_json(key.groups);
  const std::string scopes = identity::names_to_json(key.scopes);
  PostgresParameters row;
  row.bytes(key.id).bytes(as_bytes(key.secret_hash)).bytes(key.hint).bytes(key.owner).bytes(key.team).bytes(key.type);
  row.bytes(groups).bytes(scopes).integer(key.created.nanoseconds);
  bind_time(row, key.expires);
  bind_time(row, key.revoked).bytes(key.note);
  const auto rows = connection.run(kInsert, row);
  if (!rows) return rows.error();
  return rows->changed() == 1;
}

}  // namespace

Result<void> PostgresKeyStore::insert(const VirtualKey& key) {
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto is_new = put(connection, key);
    if (!is_new) return is_new.error();
    if (!*is_new) {
      return Error{ErrorCode::kConflict,
                   "there is already a key " + printable(key.id) + " or one with the same secret"};
    }
    return std::optional(entry_of(KeyChange{key.id, key.owner, false, key.created}));
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  ++generation_;
  return {};
}

Result<std::vector<VirtualKey>> PostgresKeyStore::list() {
  std::vector<VirtualKey> keys;
  auto done = connection_.use([&](PostgresConnection& connection) {
    keys.clear();
    return each_key(connection, kPageOfKeys, [&](const PostgresRows& rows, std::size_t row) -> Result<void> {
      auto key = read_key(rows, row);
      if (!key) return std::move(key).error();
      keys.push_back(*std::move(key));
      return {};
    });
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  std::sort(keys.begin(), keys.end(), [](const VirtualKey& left, const VirtualKey& right) {
    return std::tie(left.created, left.id) < std::tie(right.created, right.id);
  });
  return keys;
}

Result<void> PostgresKeyStore::revoke(std::string_view id, Instant when) {
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto ended = connection.run(kRevoke, PostgresParameters().bytes(id).integer(when.nanoseconds));
    if (!ended) return ended.error();
    if (ended->size() == 1) {
      return std::optional(entry_of(KeyChange{std::string(id), std::string(ended->bytes(0, 0)), true, when}));
    }
    const auto known = connection.run(kIsKnown, PostgresParameters().bytes(id));
    if (!known) return known.error();
    if (known->size() == 0) return Error{ErrorCode::kNotFound, "there is no key " + printable(id)};
    return std::optional<EntryText>();
  });
  if (!done && done.error().code == ErrorCode::kNotFound) return done;
  if (!done) return with_context(std::move(done).error(), kSubject);
  // Also when it was revoked before: whoever repeats it may do so because the first time did not get through.
  ++generation_;
  return {};
}

Result<std::uint64_t> PostgresKeyStore::read_changes(std::uint64_t since, KeyReader& reader) {
  std::int64_t now = 0;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    // Before the rows: what is committed while they are read is only read once more.
    const auto counter = read_counter(connection, "virtual_key");
    if (!counter) return counter.error();
    now = *counter;
    const auto log = connection.run(kOldest);
    if (!log) return log.error();
    const auto from = static_cast<std::int64_t>(since);
    const auto take = [&](const PostgresRows& rows, std::size_t row) -> Result<void> {
      const auto key = read_row(rows, row);
      return key ? reader.key(*key) : Result<void>(key.error());
    };
    // Of a database that is older than what is known, or newer than what it remembers, or in which a key was replaced.
    if (from == 0 || from > now || from + 1 < log->integer(0, 0) || from < log->integer(0, 1)) {
      reader.forget_all();
      return each_key(connection, kPageOfRows, take);
    }
    if (from == now) return {};
    const auto rows = connection.run(kTouchedRows, PostgresParameters().integer(from));
    if (!rows) return rows.error();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      if (auto taken = take(*rows, row); !taken) return taken;
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return static_cast<std::uint64_t>(now);
}

void PostgresKeyStore::saw(std::int64_t value, Moment asked_at) {
  if (seen_.exchange(value) != value) ++generation_;
  certain_since_.store(asked_at.time_since_epoch().count());
}

Duration PostgresKeyStore::uncertain_for() const {
  const std::int64_t since = certain_since_.load();
  if (since == 0) return Duration::max();
  return Duration(system_clock().steady().time_since_epoch().count() - since);
}

Result<std::size_t> PostgresKeyStore::take_over(const std::vector<VirtualKey>& keys) {
  std::size_t taken = 0;
  for (std::size_t first = 0; first < keys.size(); first += kTakenAtOnce) {
    const std::size_t end = std::min(keys.size(), first + kTakenAtOnce);
    std::size_t of_these = 0;
    auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
      of_these = 0;
      auto transaction = PostgresTransaction::begin(connection);
      if (!transaction) return std::move(transaction).error();
      for (std::size_t i = first; i < end; ++i) {
        const auto is_new = put(connection, keys[i]);
        if (!is_new) return is_new.error();
        of_these += *is_new ? 1U : 0U;
        if (*is_new || !keys[i].revoked) continue;
        PostgresParameters ended;
        ended.bytes(keys[i].id).integer(keys[i].revoked->nanoseconds);
        if (const auto revoked = connection.run(kRevoke, ended); !revoked) return revoked.error();
      }
      return transaction->commit();
    });
    if (!done) return with_context(std::move(done).error(), kSubject);
    taken += of_these;
  }
  if (taken > 0) ++generation_;
  return taken;
}

}  // namespace reeve::store
