#include "store/sqlite_grant_store.h"

#include "store/sqlite_notes.h"

namespace reeve::store {

using identity::Grant;
using identity::GrantChange;
using identity::GrantKind;
using identity::SignInEnd;
using identity::SignInSession;
using identity::TokenKey;

namespace {

constexpr std::string_view kSession =
    "SELECT id, person, client, document, created, expires, ended, why FROM sign_in_session ";

Error conflict() { return {ErrorCode::kConflict, "somebody else changed this first"}; }

SignInSession read_session(const Statement& row) {
  SignInSession session;
  session.id = row.bytes(0);
  session.person = row.bytes(1);
  session.client = row.bytes(2);
  session.document = row.bytes(3);
  session.created = Instant{row.integer(4)};
  session.expires = Instant{row.integer(5)};
  if (!row.is_null(6)) session.ended = Instant{row.integer(6)};
  session.why = row.bytes(7);
  return session;
}

/// What `read` makes of each row.
template <typename T, typename Read>
Result<std::vector<T>> all_rows(Result<Statement> rows, Read read) {
  if (!rows) return std::move(rows).error();
  std::vector<T> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back(read(*rows));
  }
}

std::string first_text(const Statement& row) { return std::string(row.bytes(0)); }

}  // namespace

Result<void> SqliteGrantStore::put(const Grant& grant, bool is_new) {
  auto statement = writer_.prepare(
      is_new ? "INSERT INTO grant_secret (document, version, expires, kind, hash) VALUES (?, ?, ?, ?, ?) "
               "ON CONFLICT DO NOTHING"
             : "UPDATE grant_secret SET document = ?, version = ?, expires = ? WHERE kind = ? AND hash = ? "
               "AND version = ?");
  if (!statement) return std::move(statement).error();
  const auto version = static_cast<std::int64_t>(grant.version);
  statement->bind(1, std::string_view(grant.document)).bind(2, version).bind(3, grant.expires.nanoseconds);
  statement->bind(4, static_cast<std::int64_t>(grant.kind)).bind_blob(5, as_bytes(grant.hash));
  if (!is_new) statement->bind(6, version - 1);
  if (auto ran = statement->run(); !ran) return ran;
  return writer_.changes() == 1 ? Result<void>() : conflict();
}

Result<void> SqliteGrantStore::begin(const SignInSession& session) {
  auto statement = writer_.prepare(
      "INSERT INTO sign_in_session (id, person, client, document, created, expires, login) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  if (!statement) return std::move(statement).error();
  statement->bind(1, std::string_view(session.id)).bind(2, std::string_view(session.person));
  statement->bind(3, std::string_view(session.client)).bind(4, std::string_view(session.document));
  statement->bind(5, session.created.nanoseconds).bind(6, session.expires.nanoseconds);
  const std::string login = identity::fold_case(session.person);
  statement->bind(7, std::string_view(login));
  if (auto ran = statement->run(); !ran) return ran;
  return writer_.changes() == 1 ? Result<void>() : conflict();
}

Result<void> SqliteGrantStore::apply(const GrantChange& change) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const Grant& grant : change.inserted) {
    if (auto done = put(grant, true); !done) return done;
  }
  for (const Grant& grant : change.replaced) {
    if (auto done = put(grant, false); !done) return done;
  }
  if (change.begun) {
    if (auto done = begin(*change.begun); !done) return done;
  }
  return transaction->commit();
}

Result<std::optional<Grant>> SqliteGrantStore::find(GrantKind kind, const Sha256& hash) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document, version, expires FROM grant_secret WHERE kind = ? AND hash = ?");
  if (!rows) return std::move(rows).error();
  const auto row = rows->bind(1, static_cast<std::int64_t>(kind)).bind_blob(2, as_bytes(hash)).step();
  if (!row) return row.error();
  if (!*row) return std::optional<Grant>();
  return std::optional(Grant{kind, hash, std::string(rows->bytes(0)), static_cast<std::uint64_t>(rows->integer(1)),
                             Instant{rows->integer(2)}});
}

Result<std::optional<SignInSession>> SqliteGrantStore::session(std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(std::string(kSession) + "WHERE id = ?");
  if (rows) rows->bind(1, id);
  auto found = all_rows<SignInSession>(std::move(rows), read_session);
  if (!found) return std::move(found).error();
  return found->empty() ? std::optional<SignInSession>() : std::optional(std::move(found->front()));
}

Result<std::vector<SignInSession>> SqliteGrantStore::sessions(std::string_view person) {
  const std::string login = identity::fold_case(person);
  const std::lock_guard lock(reading_);
  auto rows =
      reader_.prepare(std::string(kSession) + "WHERE ?1 = '' OR login = ?1 ORDER BY created DESC, id DESC LIMIT 1000");
  if (rows) rows->bind(1, std::string_view(login));
  return all_rows<SignInSession>(std::move(rows), read_session);
}

Result<bool> SqliteGrantStore::end_session(std::string_view id, const SignInEnd& end) {
  const auto ended = this->end("id", id, end);
  if (!ended) return ended.error();
  return !ended->empty();
}

Result<std::vector<std::string>> SqliteGrantStore::end_sessions_of(std::string_view person, const SignInEnd& end) {
  return this->end("login", identity::fold_case(person), end);
}

/// Those whose `column` is that value, and what the ledger tells of them, in one transaction.
Result<std::vector<std::string>> SqliteGrantStore::end(std::string_view column, std::string_view value,
                                                       const SignInEnd& end) {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(writing_);
    auto transaction = Transaction::begin(writer_);
    if (!transaction) return std::move(transaction).error();
    auto rows = writer_.prepare("UPDATE sign_in_session SET ended = ?, why = ? WHERE " + std::string(column) +
                                " = ? AND ended IS NULL RETURNING id, person");
    if (rows) rows->bind(1, end.when.nanoseconds).bind(2, std::string_view(end.why)).bind(3, value);
    const auto ended = all_rows<std::pair<std::string, std::string>>(std::move(rows), [](const Statement& row) {
      return std::pair(std::string(row.bytes(0)), std::string(row.bytes(1)));
    });
    if (!ended) return ended.error();
    for (const auto& [id, person] : *ended) {
      const std::string detail = identity::sign_in_ended_detail(id, person, end);
      if (auto noted = add_note(writer_, identity::kSignInEndedKind, detail); !noted) return std::move(noted).error();
      ids.push_back(id);
    }
    if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
  }
  if (!ids.empty()) changes_.announce();
  return ids;
}

Result<std::vector<std::string>> SqliteGrantStore::ended_since(Instant since) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT id FROM sign_in_session WHERE ended >= ?");
  if (rows) rows->bind(1, since.nanoseconds);
  return all_rows<std::string>(std::move(rows), first_text);
}

Result<void> SqliteGrantStore::publish_key(const TokenKey& key) {
  {
    const std::lock_guard lock(writing_);
    auto statement = writer_.prepare(
        "INSERT INTO token_key (id, public_key, created, retired) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET retired = excluded.retired");
    if (!statement) return std::move(statement).error();
    statement->bind(1, std::string_view(key.id)).bind_blob(2, key.public_key);
    statement->bind(3, key.created.nanoseconds).bind(4, key.retired.nanoseconds);
    if (auto ran = statement->run(); !ran) return ran;
  }
  changes_.announce();
  return {};
}

Result<std::vector<TokenKey>> SqliteGrantStore::keys() {
  const std::lock_guard lock(reading_);
  return all_rows<TokenKey>(reader_.prepare("SELECT id, public_key, created, retired FROM token_key ORDER BY id"),
                            [](const Statement& row) {
                              return TokenKey{std::string(row.bytes(0)), std::string(row.bytes(1)),
                                              Instant{row.integer(2)}, Instant{row.integer(3)}};
                            });
}

Result<void> SqliteGrantStore::run_with(std::string_view sql, Instant before) {
  auto statement = writer_.prepare(sql);
  if (!statement) return std::move(statement).error();
  return statement->bind(1, before.nanoseconds).run();
}

Result<void> SqliteGrantStore::forget_expired(Instant before) {
  const std::lock_guard lock(writing_);
  for (const std::string_view sql :
       {"DELETE FROM grant_secret WHERE expires < ?", "DELETE FROM sign_in_session WHERE expires < ?",
        "DELETE FROM token_key WHERE retired < ?"}) {
    if (auto ran = run_with(sql, before); !ran) return ran;
  }
  return {};
}

}  // namespace reeve::store
