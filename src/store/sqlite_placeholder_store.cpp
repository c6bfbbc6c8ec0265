#include "store/sqlite_placeholder_store.h"

#include <algorithm>

namespace reeve::store {

namespace {

constexpr std::size_t kScopeBytes = 32;
constexpr std::size_t kPrincipalBytes = 16;  // the first half of a scope

Result<void> validate(const content::PlaceholderStore::Row& row) {
  const bool right = row.scope.size() == kScopeBytes && row.placeholder.size() == content::kPlaceholderBytes;
  if (right && !row.sealed.empty()) return {};
  return Error{ErrorCode::kInvalid, "a kept placeholder needs a scope of 32 bytes, a name of 20 and a sealed value"};
}

}  // namespace

Result<std::unique_ptr<SqlitePlaceholderStore>> SqlitePlaceholderStore::open(Database writer, Database reader) {
  // Zeros over what is deleted, so that an erased value is not found in free pages.
  if (auto set = writer.execute("PRAGMA secure_delete = ON"); !set) return std::move(set).error();
  return std::unique_ptr<SqlitePlaceholderStore>(new SqlitePlaceholderStore(std::move(writer), std::move(reader)));
}

Result<void> SqlitePlaceholderStore::put(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (auto valid = validate(row); !valid) return valid;
  }
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const Row& row : rows) {
    auto statement = writer_.prepare(
        "INSERT INTO placeholder (scope, name, sealed, expires) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (scope, name) DO UPDATE SET sealed = excluded.sealed, expires = excluded.expires");
    if (!statement) return std::move(statement).error();
    statement->bind_blob(1, row.scope)
        .bind(2, std::string_view(row.placeholder))
        .bind_blob(3, row.sealed)
        .bind(4, row.expires.nanoseconds);
    if (auto ran = statement->run(); !ran) return ran;
  }
  return transaction->commit();
}

Result<std::optional<content::PlaceholderStore::Row>> SqlitePlaceholderStore::get(std::string_view scope,
                                                                                  std::string_view placeholder) {
  const std::lock_guard lock(reading_);
  auto statement = reader_.prepare("SELECT sealed, expires FROM placeholder WHERE scope = ? AND name = ?");
  if (!statement) return std::move(statement).error();
  statement->bind_blob(1, scope).bind(2, placeholder);
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return std::optional<Row>();
  return std::optional<Row>(Row{std::string(scope), std::string(placeholder), std::string(statement->bytes(0)),
                                Instant{statement->integer(1)}});
}

Result<std::uint64_t> SqlitePlaceholderStore::remove_expired(Instant now) {
  const std::lock_guard lock(writing_);
  auto statement = writer_.prepare("DELETE FROM placeholder WHERE expires <= ?");
  if (!statement) return std::move(statement).error();
  if (auto ran = statement->bind(1, now.nanoseconds).run(); !ran) return std::move(ran).error();
  return static_cast<std::uint64_t>(writer_.changes());
}

Result<std::uint64_t> SqlitePlaceholderStore::remove_scope(std::string_view scope) {
  if (scope.size() != kPrincipalBytes && scope.size() != kScopeBytes) {
    return Error{ErrorCode::kInvalid, "a scope has 32 bytes, and a principal's part of it 16"};
  }
  std::string last(scope);
  last.resize(kScopeBytes, '\xFF');
  std::uint64_t removed = 0;
  const std::lock_guard lock(writing_);
  {
    auto statement = writer_.prepare("DELETE FROM placeholder WHERE scope BETWEEN ? AND ?");
    if (!statement) return std::move(statement).error();
    if (auto ran = statement->bind_blob(1, scope).bind_blob(2, last).run(); !ran) return std::move(ran).error();
    removed = static_cast<std::uint64_t>(writer_.changes());
  }
  // Old pages stay in the write-ahead log until it is folded in. A reader may prevent that now; then a later one does.
  static_cast<void>(writer_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return removed;
}

}  // namespace reeve::store
