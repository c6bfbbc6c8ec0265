#pragma once

// Storage: implementations of the ports that other rooms declare. Embedded default: one SQLite database in the data
// directory, WAL, synchronous FULL, one writer. Only apps/ sees this room.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "content/content.h"
#include "core/result.h"
#include "core/time.h"
#include "identity/identity.h"
#include "policy/policy.h"

namespace reeve::store {

/// That a key was made, or ended.
struct KeyChange {
  std::string key_id, owner;
  bool revoked = false;
  Instant at;
  std::uint64_t entry = 0;  // of the ledger, once it is recorded there
};

/// That the state of a check was reported.
struct CheckReport {
  std::int64_t number = 0;  // by which the store knows it
  policy::CheckState state;
  std::uint64_t entry = 0;  // of the ledger, once it is recorded there
};

/// That a command did something which the ledger must tell: who read content, whose was erased.
struct Note {
  std::int64_t number = 0;  // by which the store knows it
  std::string kind;         // of the entry
  std::string detail;       // of the entry: canonical JSON
  std::uint64_t entry = 0;  // of the ledger, once it is recorded there
};

class Store {
 public:
  /// Opens or makes `directory`/reeve.db and brings its schema up to date (numbered migrations under a lock, with
  /// checksums). Several processes may have it open: the server and the commands beside it. What it makes is readable
  /// by its owner only. Errors: kUnavailable (disk full, not writable, held by another process for more than ten
  /// seconds), kCorrupt, kInvalid (a newer Reeve's schema, or somebody else's database). Not to be carried across a
  /// fork.
  static Result<std::unique_ptr<Store>> open_embedded(const std::filesystem::path& directory);
  virtual ~Store() = default;

  /// Copies the database of `directory` into the new file `to`, readable by its owner only, as it is at one moment;
  /// beside a server or none. Its schema stays as it is.
  static Result<void> copy_embedded(const std::filesystem::path& directory, const std::filesystem::path& to);

  /// Thread-safe. They live as long as the store.
  virtual identity::KeyStore& keys() = 0;
  virtual policy::CheckRegister& checks() = 0;
  virtual content::PlaceholderStore& placeholders() = 0;

  /// The backstop behind generation() of both: a change whose maker died between its commit and its announcement
  /// becomes visible here. A process that stays up calls it about once a second, from any thread; it costs some
  /// microseconds when nothing happened.
  virtual Result<void> catch_up() = 0;

  /// The changes of keys that have no ledger entry yet, oldest first, whoever made them and whenever: commands change
  /// keys while no server runs, too.
  virtual Result<std::vector<KeyChange>> unrecorded_key_changes() = 0;
  /// Each change is in the ledger now, as its `entry`.
  virtual Result<void> key_changes_recorded(std::span<const KeyChange> changes) = 0;

  /// The same for reports of checks, in the order in which they came; at most 100 at a time, so whoever records them
  /// asks again until there are none. A check's earlier reports are kept until they are recorded, its newest one
  /// always.
  virtual Result<std::vector<CheckReport>> unrecorded_check_reports() = 0;
  virtual Result<void> check_reports_recorded(std::span<const CheckReport> reports) = 0;

  /// A command leaves it here before it does what the note says; the server writes the entry. Durable on return.
  virtual Result<void> note(std::string_view kind, std::string_view detail) = 0;
  /// In the order in which they came, at most 100 at a time.
  virtual Result<std::vector<Note>> unrecorded_notes() = 0;
  virtual Result<void> notes_recorded(std::span<const Note> notes) = 0;

  /// The ledger has only `entries` entries: what was recorded behind them, in a newer copy of it or in another ledger,
  /// counts as unrecorded again.
  virtual Result<void> ledger_ends_at(std::uint64_t entries) = 0;
};

}  // namespace reeve::store
