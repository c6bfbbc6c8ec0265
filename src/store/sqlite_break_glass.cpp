#include "store/sqlite_break_glass.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"

namespace reeve::store {

using identity::BreakGlassEvent;
using identity::BreakGlassSeal;

namespace {

std::optional<Instant> to_instant(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(Instant{row.integer(column)});
}

}  // namespace

/// Inside the caller's transaction: nothing happens that is not told.
Result<void> SqliteBreakGlass::tell(const BreakGlassEvent& event, std::string_view key) {
  if (auto noted = add_note(database_, event.kind, event.detail); !noted) return noted;
  const std::string unique = event.kind + ":" + std::string(key) + ":" + to_hex(random_bytes(8));
  return add_event(database_, {unique, event.kind, system_clock().now(), event.detail});
}

Result<void> SqliteBreakGlass::seal(const BreakGlassSeal& seal, const BreakGlassEvent& event) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto statement =
      database_.prepare("INSERT INTO break_glass (salt, code_hash, sealed_by, sealed_at) VALUES (?, ?, ?, ?)");
  if (!statement) return std::move(statement).error();
  statement->bind_blob(1, seal.salt).bind_blob(2, seal.code_hash).bind(3, std::string_view(seal.sealed_by));
  if (auto done = statement->bind(4, seal.sealed_at.nanoseconds).run(); !done) return done;
  if (auto told = tell(event, std::to_string(seal.sealed_at.nanoseconds)); !told) return told;
  return transaction->commit();
}

Result<std::optional<BreakGlassSeal>> SqliteBreakGlass::newest() {
  const std::lock_guard lock(mutex_);
  auto row = database_.prepare(
      "SELECT number, salt, code_hash, sealed_by, sealed_at, failures, opened_at, opened_by, reason, expires "
      "FROM break_glass ORDER BY number DESC LIMIT 1");
  if (!row) return std::move(row).error();
  const auto found = row->step();
  if (!found) return found.error();
  if (!*found) return std::optional<BreakGlassSeal>();
  BreakGlassSeal seal;
  seal.number = row->integer(0);
  seal.salt = row->bytes(1);
  seal.code_hash = row->bytes(2);
  seal.sealed_by = row->bytes(3);
  seal.sealed_at = Instant{row->integer(4)};
  seal.failures = static_cast<int>(row->integer(5));
  seal.opened_at = to_instant(*row, 6);
  seal.opened_by = row->bytes(7);
  seal.reason = row->bytes(8);
  seal.expires = to_instant(*row, 9);
  return std::optional(std::move(seal));
}

Result<void> SqliteBreakGlass::open(const BreakGlassSeal& seal, const BreakGlassEvent& event) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto statement = database_.prepare(
      "UPDATE break_glass SET opened_at = ?, opened_by = ?, reason = ?, expires = ? WHERE number = ? AND opened_at IS "
      "NULL AND number = (SELECT max(number) FROM break_glass)");
  if (!statement) return std::move(statement).error();
  statement->bind(1, seal.opened_at->nanoseconds).bind(2, std::string_view(seal.opened_by));
  statement->bind(3, std::string_view(seal.reason)).bind(4, seal.expires->nanoseconds).bind(5, seal.number);
  if (auto done = statement->run(); !done) return done;
  if (database_.changes() != 1) return seal_is_broken();
  if (auto told = tell(event, std::to_string(seal.number)); !told) return told;
  return transaction->commit();
}

Result<void> SqliteBreakGlass::count_failure(std::int64_t number, const BreakGlassEvent& event) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto statement = database_.prepare("UPDATE break_glass SET failures = failures + 1 WHERE number = ?");
  if (!statement) return std::move(statement).error();
  if (auto done = statement->bind(1, number).run(); !done) return done;
  if (auto told = tell(event, std::to_string(number)); !told) return told;
  return transaction->commit();
}

}  // namespace reeve::store
