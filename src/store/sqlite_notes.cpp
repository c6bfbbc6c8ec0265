#include "store/sqlite_notes.h"

namespace reeve::store {

namespace {
constexpr std::size_t kKindBytesMax = 64;
constexpr std::size_t kDetailBytesMax = 8'192;  // an entry keeps it whole then
}  // namespace

Result<void> SqliteNotes::add(std::string_view kind, std::string_view detail) {
  if (kind.empty() || kind.size() > kKindBytesMax || detail.size() > kDetailBytesMax) {
    return Error{ErrorCode::kInvalid, "a note for the ledger needs a kind, and a detail of at most 8 KiB"};
  }
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare("INSERT INTO note (kind, detail) VALUES (?, ?)");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, kind).bind(2, detail).run();
}

Result<std::vector<Note>> SqliteNotes::unrecorded() {
  const std::lock_guard lock(mutex_);
  auto rows = database_.prepare("SELECT number, kind, detail FROM note WHERE entry IS NULL ORDER BY number LIMIT 100");
  if (!rows) return std::move(rows).error();
  std::vector<Note> notes;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return notes;
    notes.push_back({rows->integer(0), std::string(rows->bytes(1)), std::string(rows->bytes(2)), 0});
  }
}

Result<void> SqliteNotes::recorded(std::span<const Note> notes) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  for (const Note& note : notes) {
    auto statement = database_.prepare("UPDATE note SET entry = ? WHERE number = ?");
    if (!statement) return std::move(statement).error();
    statement->bind(1, static_cast<std::int64_t>(note.entry)).bind(2, note.number);
    if (auto ran = statement->run(); !ran) return ran;
  }
  return transaction->commit();
}

Result<void> SqliteNotes::forget_entries_from(std::uint64_t entry) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare("UPDATE note SET entry = NULL WHERE entry >= ?");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, static_cast<std::int64_t>(entry)).run();
}

}  // namespace reeve::store
