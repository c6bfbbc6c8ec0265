#include "store/postgres/grant_store.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "store/postgres/migrations.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using identity::Grant;
using identity::GrantChange;
using identity::GrantKind;
using identity::SignInSession;
using identity::TokenKey;

namespace {

constexpr const char* kSubject = "sign-ins of all nodes";
constexpr std::string_view kInsert =
    "INSERT INTO grant_secret (document, version, expires, kind, hash, change) VALUES ($1::text, $2::bigint, "
    "$3::bigint, $4::bigint, $5::bytea, $6::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kReplace =
    "UPDATE grant_secret SET document = $1::text, version = $2::bigint, expires = $3::bigint, change = $6::text "
    "WHERE kind = $4::bigint AND hash = $5::bytea AND version = $2::bigint - 1";
constexpr std::string_view kIsDone =
    "SELECT FROM grant_secret WHERE change = $3::text AND kind = $1::bigint AND hash = $2::bytea";
constexpr std::string_view kFind =
    "SELECT document, version, expires FROM grant_secret WHERE kind = $1::bigint AND hash = $2::bytea";
constexpr std::string_view kBegin =
    "INSERT INTO sign_in_session (id, person, client, document, created, expires, change) VALUES ($1::text, $2::text, "
    "$3::text, $4::text, $5::bigint, $6::bigint, $7::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kSessionIsDone = "SELECT FROM sign_in_session WHERE id = $1::text AND change = $2::text";
constexpr std::string_view kSession =
    "SELECT id, person, client, document, created, expires, ended, why FROM sign_in_session WHERE id = $1::text";
constexpr std::string_view kSessions =
    "SELECT id, person, client, document, created, expires, ended, why FROM sign_in_session "
    "WHERE $1::text = '' OR person = $1::text ORDER BY created DESC, id DESC LIMIT 1000";
constexpr std::string_view kEnd =
    "UPDATE sign_in_session SET ended = $2::bigint, why = $3::text WHERE id = $1::text AND ended IS NULL";
constexpr std::string_view kEndAll =
    "UPDATE sign_in_session SET ended = $2::bigint, why = $3::text WHERE person = $1::text AND ended IS NULL "
    "RETURNING id";
constexpr std::string_view kPublish =
    "INSERT INTO token_key (id, public_key, created, retired) VALUES ($1::text, $2::bytea, $3::bigint, $4::bigint) "
    "ON CONFLICT (id) DO UPDATE SET retired = excluded.retired";
constexpr std::string_view kKeys = "SELECT id, public_key, created, retired FROM token_key ORDER BY id";
constexpr std::string_view kEnded = "SELECT id, ended FROM sign_in_session WHERE ended IS NOT NULL";

Error conflict() { return {ErrorCode::kConflict, "somebody else changed this first"}; }

/// True when the row is there now because of this change, also when that was done before and only the answer was lost.
Result<bool> put(PostgresConnection& connection, const Grant& grant, std::string_view number, bool is_new) {
  PostgresParameters parameters;
  parameters.bytes(grant.document).integer(static_cast<std::int64_t>(grant.version));
  parameters.integer(grant.expires.nanoseconds).integer(static_cast<std::int64_t>(grant.kind));
  const auto rows = connection.run(is_new ? kInsert : kReplace, parameters.bytes(as_bytes(grant.hash)).bytes(number));
  if (!rows) return rows.error();
  if (rows->changed() == 1) return true;
  PostgresParameters done;
  done.integer(static_cast<std::int64_t>(grant.kind)).bytes(as_bytes(grant.hash)).bytes(number);
  const auto found = connection.run(kIsDone, done);
  if (!found) return found.error();
  return found->size() == 1;
}

Result<bool> begin(PostgresConnection& connection, const SignInSession& session, std::string_view number) {
  PostgresParameters parameters;
  parameters.bytes(session.id).bytes(session.person).bytes(session.client).bytes(session.document);
  parameters.integer(session.created.nanoseconds).integer(session.expires.nanoseconds).bytes(number);
  const auto rows = connection.run(kBegin, parameters);
  if (!rows) return rows.error();
  if (rows->changed() == 1) return true;
  const auto found = connection.run(kSessionIsDone, PostgresParameters().bytes(session.id).bytes(number));
  if (!found) return found.error();
  return found->size() == 1;
}

Result<void> write(PostgresConnection& connection, const GrantChange& change, std::string_view number) {
  auto transaction = PostgresTransaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  for (const auto* grants : {&change.inserted, &change.replaced}) {
    for (const Grant& grant : *grants) {
      const auto done = put(connection, grant, number, grants == &change.inserted);
      if (!done) return done.error();
      if (!*done) return conflict();
    }
  }
  if (change.begun) {
    const auto done = begin(connection, *change.begun, number);
    if (!done) return done.error();
    if (!*done) return conflict();
  }
  return transaction->commit();
}

}  // namespace

Result<void> PostgresGrantStore::apply(const GrantChange& change) {
  const std::string number = to_hex(random_bytes(16));
  auto done = connection_.use([&](PostgresConnection& connection) { return write(connection, change, number); });
  return done ? done : Result<void>(with_context(std::move(done).error(), kSubject));
}

Result<std::size_t> PostgresGrantStore::run(std::string_view sql, const PostgresParameters& parameters) {
  std::size_t changed = 0;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(sql, parameters);
    if (!rows) return rows.error();
    changed = rows->changed();
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return changed;
}

Result<std::optional<Grant>> PostgresGrantStore::find(GrantKind kind, const Sha256& hash) {
  std::optional<Grant> grant;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows =
        connection.run(kFind, PostgresParameters().integer(static_cast<std::int64_t>(kind)).bytes(as_bytes(hash)));
    if (!rows) return rows.error();
    grant.reset();
    if (rows->size() == 0) return {};
    grant = Grant{kind, hash, std::string(rows->bytes(0, 0)), static_cast<std::uint64_t>(rows->integer(0, 1)),
                  Instant{rows->integer(0, 2)}};
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return grant;
}

Result<std::vector<SignInSession>> PostgresGrantStore::select_sessions(std::string_view sql,
                                                                       std::string_view parameter) {
  std::vector<SignInSession> list;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(sql, PostgresParameters().bytes(parameter));
    if (!rows) return rows.error();
    list.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      SignInSession session;
      session.id = rows->bytes(row, 0);
      session.person = rows->bytes(row, 1);
      session.client = rows->bytes(row, 2);
      session.document = rows->bytes(row, 3);
      session.created = Instant{rows->integer(row, 4)};
      session.expires = Instant{rows->integer(row, 5)};
      if (!rows->is_null(row, 6)) session.ended = Instant{rows->integer(row, 6)};
      session.why = rows->bytes(row, 7);
      list.push_back(std::move(session));
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return list;
}

Result<std::optional<SignInSession>> PostgresGrantStore::session(std::string_view id) {
  auto found = select_sessions(kSession, id);
  if (!found) return std::move(found).error();
  return found->empty() ? std::optional<SignInSession>() : std::optional(std::move(found->front()));
}

Result<std::vector<SignInSession>> PostgresGrantStore::sessions(std::string_view person) {
  return select_sessions(kSessions, person);
}

Result<bool> PostgresGrantStore::end_session(std::string_view id, Instant when, std::string_view why) {
  const auto changed = run(kEnd, PostgresParameters().bytes(id).integer(when.nanoseconds).bytes(why));
  if (!changed) return changed.error();
  // Here it holds at once, on other nodes from their next look on.
  if (*changed == 1) {
    if (auto seen = catch_up(); !seen) return std::move(seen).error();
  }
  return *changed == 1;
}

Result<std::vector<std::string>> PostgresGrantStore::end_sessions_of(std::string_view person, Instant when,
                                                                     std::string_view why) {
  std::vector<std::string> ids;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kEndAll, PostgresParameters().bytes(person).integer(when.nanoseconds).bytes(why));
    if (!rows) return rows.error();
    for (std::size_t row = 0; row < rows->size(); ++row) ids.emplace_back(rows->bytes(row, 0));
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  if (auto seen = catch_up(); !seen) return std::move(seen).error();
  return ids;
}

Result<void> PostgresGrantStore::publish_key(const TokenKey& key) {
  PostgresParameters parameters;
  parameters.bytes(key.id).bytes(key.public_key).integer(key.created.nanoseconds).integer(key.retired.nanoseconds);
  const auto changed = run(kPublish, parameters);
  return changed ? catch_up() : Result<void>(changed.error());
}

Result<void> PostgresGrantStore::forget_expired(Instant before) {
  for (const std::string_view sql :
       {"DELETE FROM grant_secret WHERE expires < $1::bigint", "DELETE FROM sign_in_session WHERE expires < $1::bigint",
        "DELETE FROM token_key WHERE retired < $1::bigint"}) {
    if (const auto done = run(sql, PostgresParameters().integer(before.nanoseconds)); !done) return done.error();
  }
  return {};
}

Result<PostgresGrantStore::Seen> PostgresGrantStore::look() {
  Seen seen;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto keys = connection.run(kKeys);
    if (!keys) return keys.error();
    const auto ended = connection.run(kEnded);
    if (!ended) return ended.error();
    seen = {};
    for (std::size_t row = 0; row < keys->size(); ++row) {
      seen.keys.push_back({std::string(keys->bytes(row, 0)), std::string(keys->bytes(row, 1)),
                           Instant{keys->integer(row, 2)}, Instant{keys->integer(row, 3)}});
    }
    for (std::size_t row = 0; row < ended->size(); ++row) {
      seen.ended.emplace_back(ended->bytes(row, 0), Instant{ended->integer(row, 1)});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return seen;
}

Result<void> PostgresGrantStore::catch_up() {
  // One look at a time, so that none puts back what a later one has seen.
  const std::lock_guard looking(looking_);
  const auto counter = read_counter(connection_, "sign_in");
  if (!counter) return with_context(counter.error(), kSubject);
  if (counter_ == *counter) return {};
  // Read after the counter: what is newer than that is only read once more.
  auto seen = look();
  if (!seen) return std::move(seen).error();
  counter_ = *counter;
  const std::lock_guard lock(mutex_);
  seen_ = *std::move(seen);
  ++generation_;
  return {};
}

Result<std::vector<std::string>> PostgresGrantStore::ended_since(Instant since) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, ended] : seen_.ended) {
    if (ended >= since) ids.push_back(id);
  }
  return ids;
}

Result<std::vector<TokenKey>> PostgresGrantStore::keys() {
  const std::lock_guard lock(mutex_);
  return seen_.keys;
}

Result<std::unique_ptr<SharedGrants>> open_shared_grants(const PostgresOptions& options) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<SharedGrants>(std::make_unique<PostgresGrantStore>(options));
}

}  // namespace reeve::store
