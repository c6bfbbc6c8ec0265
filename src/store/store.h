#pragma once

// Storage: implementations of the ports that other rooms declare. Embedded default: one SQLite database in the data
// directory, WAL, synchronous FULL, one writer. What several nodes share is in PostgreSQL. Only apps/ sees this room.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "content/content.h"
#include "control/control.h"
#include "core/result.h"
#include "core/time.h"
#include "identity/identity.h"
#include "policy/policy.h"
#include "spend/spend.h"

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

/// How a ledger tells of a change.
struct EntryText {
  std::string kind;
  std::string detail;  // canonical JSON
};
EntryText entry_of(const KeyChange& change);
EntryText entry_of(const policy::CheckState& state);

/// That a command did something which the ledger must tell: who read content, whose was erased.
struct Note {
  std::int64_t number = 0;  // by which the store knows it
  std::string kind;         // of the entry
  std::string detail;       // of the entry: canonical JSON
  std::uint64_t entry = 0;  // of the ledger, once it is recorded there
};

/// A note that is left once for its kind and key.
struct KeyedNote {
  std::string key;     // at most 1 KiB
  std::string detail;  // as in Note
};

/// Notes that wait for a server to write their entries.
class UnrecordedNotes {
 public:
  /// So many are given, and recorded, at once.
  static constexpr std::size_t kNotesAtOnce = 1'000;

  virtual ~UnrecordedNotes() = default;
  /// In the order in which they came, at most kNotesAtOnce.
  virtual Result<std::vector<Note>> unrecorded_notes() = 0;
  /// Each is in the ledger now, as its `entry`.
  virtual Result<void> notes_recorded(std::span<const Note> notes) = 0;
};

/// What the control plane keeps, wherever that is: on this node, or for all that share a database. Thread-safe; they
/// live as long as what gives them.
class Registers {
 public:
  virtual ~Registers() = default;
  virtual identity::KeyStore& keys() = 0;
  virtual policy::CheckRegister& checks() = 0;
  virtual control::ExceptionStore& exceptions() = 0;
  virtual control::NotificationQueue& notifications() = 0;
  virtual identity::BreakGlassStore& break_glass() = 0;
  /// The inventory and its intakes.
  virtual control::RegisterStore& governed() = 0;
};

class Store : public UnrecordedNotes, public Registers {
 public:
  /// Opens or makes `directory`/reeve.db and brings its schema up to date (numbered migrations under a lock, with
  /// checksums). Several processes may have it open: the server and the commands beside it. What it makes is readable
  /// by its owner only. Errors: kUnavailable (disk full, not writable, held by another process for more than ten
  /// seconds), kCorrupt, kInvalid (a newer Reeve's schema, or somebody else's database). Not to be carried across a
  /// fork.
  static Result<std::unique_ptr<Store>> open_embedded(const std::filesystem::path& directory);

  /// Copies the database of `directory` into the new file `to`, readable by its owner only, as it is at one moment;
  /// beside a server or none. Its schema stays as it is.
  static Result<void> copy_embedded(const std::filesystem::path& directory, const std::filesystem::path& to);

  /// Thread-safe. They live as long as the store. Those of Registers are of this node alone, too; nodes that share a
  /// database use open_shared_registers().
  virtual content::PlaceholderStore& placeholders() = 0;
  /// Of this node alone; nodes that share a database write to open_shared_budgets().
  virtual spend::BudgetRegister& budgets() = 0;
  /// Of this node alone, as budgets(); nodes that share a database use open_shared_directory().
  virtual identity::DirectoryStore& directory() = 0;
  /// Of this node alone: what is switched here holds here, also while a shared database is away.
  virtual identity::KillSwitchStore& kill_switch() = 0;
  /// The same for agents, and open_shared_agents().
  virtual identity::AgentStore& agents() = 0;
  /// The same for who is signed in, and open_shared_grants().
  virtual identity::GrantStore& grants() = 0;

  /// The backstop behind generation() of all of them: a change whose maker died between its commit and its announcement
  /// becomes visible here. A process that stays up calls it about once a second, from any thread; it costs some
  /// microseconds when nothing happened.
  virtual Result<void> catch_up() = 0;

  /// The changes of keys that have no ledger entry yet, oldest first, at most 1000 at a time, whoever made them and
  /// whenever: commands change keys while no server runs, too.
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
  /// The same for several of one kind, all or none of them. Which of them are new: a key that was noted before, also
  /// by another process, is left as it was.
  virtual Result<std::vector<bool>> note_once(std::string_view kind, std::span<const KeyedNote> notes) = 0;

  /// The ledger has only `entries` entries: what was recorded behind them, in a newer copy of it or in another ledger,
  /// counts as unrecorded again.
  virtual Result<void> ledger_ends_at(std::uint64_t entries) = 0;
};

// ---- What several nodes share ----

/// Where the PostgreSQL database is (14 or newer). docs/postgres.md says how to make one.
struct PostgresOptions {
  /// As libpq takes it: "postgresql://reeve@db.example.com/reeve?sslmode=verify-full". It may hold the password; no
  /// error and no log repeats it. Without an sslmode, a server beyond this machine must speak TLS.
  std::string url;
  /// Holds the password alone, when the URL does not. Read at every connection, so that it can be changed.
  std::filesystem::path password_file;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration call_timeout = std::chrono::seconds(5);  // of one call, on both sides
  bool operator==(const PostgresOptions&) const = default;
};

/// Whether the URL can be read at all. kInvalid, without a word of it in the message.
Result<void> check_postgres_url(const std::string& url);

/// Connects, brings the schema up to date (several nodes may do so at once) and gives the slices that nodes share. It
/// reconnects by itself after the database was away. Errors: kInvalid (the URL, a newer Reeve's schema, somebody
/// else's database, a server too old), kDenied (password, privileges), kNotFound (no such database), kUnavailable,
/// kTimeout, kCorrupt.
Result<std::unique_ptr<spend::SliceStore>> open_slices(const PostgresOptions& options);

/// The register of budgets that nodes share. A change's entry is written by the node that made it, or by another one
/// when that has not done so for a minute.
class SharedBudgets : public spend::BudgetRegister, public UnrecordedNotes {
 public:
  /// Looks whether another node changed a budget: generation() moves then. Blocks; about twice a second, on a thread
  /// that may wait.
  virtual Result<void> catch_up() = 0;
  /// As in Store, for this node's ledger.
  virtual Result<void> ledger_ends_at(std::uint64_t entries) = 0;
};

/// The cutoffs that nodes share. What the ledger tells of a switch is among SharedBudgets::unrecorded_notes(), because
/// that is where the notes of all nodes wait.
class SharedKillSwitch : public identity::KillSwitchStore {
 public:
  /// Returns when another node may have switched something, or after `patience`; generation() moves when that is so.
  /// One thread. An error: nothing is known of what others do, and it may have come at once.
  virtual Result<void> wait_for_change(Duration patience) = 0;
  /// Ends a wait_for_change() that is under way, and later ones, at once. From any thread.
  virtual void stop_waiting() = 0;
};

/// What was taken over from a node's own storage: of each how many.
struct TakenOver {
  std::size_t keys = 0, exceptions = 0, seals = 0, items = 0, intakes = 0;
  bool any() const { return keys + exceptions + seals + items + intakes > 0; }
};

/// The registers that nodes share; entries of the ledger as SharedBudgets has them, whose unrecorded_notes() give those
/// of these, too. What exceptions and checks list, and what generations tell, is as of the last wait_for_change(), so
/// that loops never wait for a database; what is changed through this object shows in it at once.
class SharedRegisters : public Registers {
 public:
  /// As in SharedKillSwitch.
  virtual Result<void> wait_for_change(Duration patience) = 0;
  virtual void stop_waiting() = 0;
  /// Copies keys, exceptions, the sealed code, and items and intakes with their history of a node's own storage that
  /// are not here yet; what was revoked there ends here, too. An item that traffic alone filed here gives way to the
  /// one that people worked on there. What the node saw of traffic comes along where it told nothing here. Harmless to
  /// repeat. No ledger is told of each: they were told before.
  virtual Result<TakenOver> take_over(Registers& own) = 0;
  /// How often exceptions with a number of uses were used, on all nodes. Each call asks the database.
  virtual policy::SharedUses& exception_uses() = 0;
};

/// As open_shared_budgets(); all of it is read once.
Result<std::unique_ptr<SharedRegisters>> open_shared_registers(const PostgresOptions& options, const std::string& node);

/// As open_shared_budgets().
Result<std::unique_ptr<SharedKillSwitch>> open_shared_kill_switch(const PostgresOptions& options, std::string node);

/// As open_slices(). `node`: the name under which this node's ledger writes.
Result<std::unique_ptr<SharedBudgets>> open_shared_budgets(const PostgresOptions& options, std::string node);

/// The directory that nodes share; entries of the ledger as SharedBudgets has them, whose unrecorded_notes() give those
/// of the directory, too.
class SharedDirectory : public identity::DirectoryStore {
 public:
  /// Looks whether another node changed it: generation() moves then. Blocks.
  virtual Result<void> catch_up() = 0;
};

/// As open_shared_budgets().
Result<std::unique_ptr<SharedDirectory>> open_shared_directory(const PostgresOptions& options, std::string node);

/// The agents that nodes share; entries of the ledger as SharedDirectory has them.
class SharedAgents : public identity::AgentStore {
 public:
  /// Looks whether another node changed it: generation() moves then, and list() gives what is there now. Blocks.
  virtual Result<void> catch_up() = 0;
};

/// As open_shared_budgets().
Result<std::unique_ptr<SharedAgents>> open_shared_agents(const PostgresOptions& options, std::string node);

/// Who is signed in, on all nodes that share the database.
class SharedGrants : public identity::GrantStore {
 public:
  /// Looks whether a sign-in ended or a key came elsewhere. What keys() and ended_since() give is from the last look,
  /// so that loops never wait for the database; generation() moves with it. Blocks; about twice a second.
  virtual Result<void> catch_up() = 0;
};

/// As open_shared_directory(). `node`: whose ledger tells of the sign-ins that are ended here.
Result<std::unique_ptr<SharedGrants>> open_shared_grants(const PostgresOptions& options, std::string node);

}  // namespace reeve::store
