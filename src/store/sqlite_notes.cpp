#include "store/sqlite_notes.h"

namespace reeve::store {

namespace {
constexpr std::size_t kKeyBytesMax = 1'024;

Result<bool> is_noted(Database& database, std::string_view kind, std::string_view key) {
  auto known = database.prepare("SELECT 1 FROM note_key WHERE kind = ? AND key = ?");
  if (!known) return std::move(known).error();
  return known->bind(1, kind).bind(2, key).step();
}

Result<void> remember_key(Database& database, std::string_view kind, std::string_view key) {
  auto statement = database.prepare("INSERT INTO note_key VALUES (?, ?, last_insert_rowid())");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, kind).bind(2, key).run();
}
}  // namespace

Result<void> add_note(Database& database, std::string_view kind, std::string_view detail) {
  if (auto checked = check_note(kind, detail); !checked) return checked;
  auto statement = database.prepare("INSERT INTO note (kind, detail) VALUES (?, ?)");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, kind).bind(2, detail).run();
}

Result<void> SqliteNotes::add(std::string_view kind, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  return add_note(database_, kind, detail);
}

Result<std::vector<bool>> SqliteNotes::add_once(std::string_view kind, std::span<const KeyedNote> notes) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  std::vector<bool> is_new;
  for (const KeyedNote& note : notes) {
    if (note.key.empty() || note.key.size() > kKeyBytesMax) {
      return Error{ErrorCode::kInvalid, "a note that is made once needs a key of at most 1 KiB"};
    }
    const auto noted = is_noted(database_, kind, note.key);
    if (!noted) return noted.error();
    is_new.push_back(!*noted);
    if (*noted) continue;
    if (auto added = add_note(database_, kind, note.detail); !added) return added.error();
    if (auto kept = remember_key(database_, kind, note.key); !kept) return kept.error();
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return is_new;
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
