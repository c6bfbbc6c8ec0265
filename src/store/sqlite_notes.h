#pragma once

// What commands did that the ledger must tell: rows that wait for the server, which alone writes the ledger.

#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/register_checks.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace reeve::store {

/// Inside a transaction of the caller's, or by itself.
Result<void> add_note(Database& database, std::string_view kind, std::string_view detail);

class SqliteNotes {
 public:
  /// The schema must be there.
  explicit SqliteNotes(Database database) : database_(std::move(database)) {}

  /// As in Store: note(), note_once(), unrecorded_notes(), notes_recorded(), ledger_ends_at().
  Result<void> add(std::string_view kind, std::string_view detail);
  Result<std::vector<bool>> add_once(std::string_view kind, std::span<const KeyedNote> notes);
  Result<std::vector<Note>> unrecorded();
  Result<void> recorded(std::span<const Note> notes);
  Result<void> forget_entries_from(std::uint64_t entry);

 private:
  std::mutex mutex_;
  Database database_;
};

}  // namespace reeve::store
