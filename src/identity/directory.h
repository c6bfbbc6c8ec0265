#pragma once

// The directory: people and groups as an identity provider keeps them here over SCIM, and what a credential is worth by
// it. Part of the identity room's face.
//
// A person is known by logins: the userName and the e-mail addresses, folded (fold_case). A credential speaks for the
// person whose login its owner's name is. Whoever is not active is refused with the next request; what was issued to a
// login before its person was deactivated or removed stays void, also when the name comes back for the same person or
// for another one.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "identity/cutoff.h"

namespace reeve::identity {

struct AuthOutcome;
struct Principal;

// ---- Entries and their storage ----

enum class EntryKind : std::uint8_t { kPerson, kGroup };

/// A person or a group as it is stored.
struct DirectoryEntry {
  std::string id;  // "usr_…", "grp_…": ours, never used twice
  EntryKind kind = EntryKind::kPerson;
  std::string name;         // userName or displayName, as written
  std::string folded_name;  // fold_name of it: unique among entries of its kind
  std::string external_id;  // the identity provider's, or empty
  bool active = true;
  std::vector<std::string> logins;  // of a person, by fold_case; the first is that of the name
  std::string team;                 // of a person
  std::uint64_t version = 1;
  Instant created, modified;
  std::string document = "{}";  // its SCIM attributes as JSON, without members
};

/// One change, all or nothing.
struct DirectoryChange {
  DirectoryEntry entry;  // version 1: new; else it replaces, or removes, the one whose version is one less
  bool removes = false;
  std::vector<std::string> members_added, members_removed;  // ids, of a group
  std::vector<std::string> cut_off;  // logins; what was issued to them before entry.modified is void from now on
  std::string kind, detail;          // of the ledger's entry; canonical JSON, at most 8 KiB
};
enum class ChangeOutcome : std::uint8_t { kDone, kNameTaken, kChangedMeanwhile, kNoSuchMember };

/// A member of a group, or a group that something is a member of.
struct DirectoryLink {
  std::string id;
  EntryKind kind = EntryKind::kPerson;
  std::string name;
};

struct DirectoryQuery {
  EntryKind kind = EntryKind::kPerson;
  std::optional<std::string> id, folded_name, external_id;  // each narrows
  std::size_t offset = 0, limit = 100;
};
struct DirectoryPage {
  std::size_t total = 0;
  std::vector<DirectoryEntry> entries;  // oldest first
};

/// Takes what read_changes() finds: of each entry and membership its present state, so taking one twice does no harm.
class DirectoryReader {
 public:
  virtual ~DirectoryReader() = default;
  /// Comes first when everything follows, instead of what changed.
  virtual void forget_all() = 0;
  virtual void person(std::string_view id, std::string_view logins, std::string_view team, bool active) = 0;
  virtual void group(std::string_view id, std::string_view name) = 0;
  virtual void gone(std::string_view id) = 0;
  /// Both are known by then.
  virtual void member(std::string_view group, std::string_view member, bool is_one) = 0;
  virtual void cut_off(std::string_view login, Instant at) = 0;
};

/// Port: implemented by the store, which several processes or nodes share; thread-safe. Calls may block, but for
/// generation().
class DirectoryStore {
 public:
  virtual ~DirectoryStore() = default;
  virtual Result<ChangeOutcome> change(const DirectoryChange& change) = 0;
  virtual Result<std::optional<DirectoryEntry>> entry(EntryKind kind, std::string_view id) = 0;
  virtual Result<DirectoryPage> find(const DirectoryQuery& query) = 0;
  virtual Result<std::vector<DirectoryLink>> members_of(std::string_view group) = 0;
  virtual Result<std::vector<DirectoryLink>> groups_of(std::string_view member) = 0;
  /// What changed after `since`, 0 for everything; gives the number to ask with the next time. Logins are joined by a
  /// line feed.
  virtual Result<std::uint64_t> read_changes(std::uint64_t since, DirectoryReader& reader) = 0;
  /// Moves with every change, by any process or node that shares the storage.
  virtual std::uint64_t generation() const = 0;
  /// For how long it has not been certain that generation() is the newest: while a shared database is away.
  virtual Duration uncertain_for() const { return Duration::zero(); }
};

/// Kept in memory only, for tests.
std::unique_ptr<DirectoryStore> make_memory_directory();

// ---- Names ----

/// What somebody is looked up by: without case (of Latin, Greek and Cyrillic letters). A letter beyond ASCII never
/// becomes one of ASCII, so nobody is found under a name that only looks like theirs.
std::string fold_case(std::string_view text);
/// What keeps two names apart that look alike: fold_case, and forms of one letter (the Kelvin sign, the long s, the i
/// without its dot) as that letter. Only to refuse by, never to find somebody by.
std::string fold_name(std::string_view text);
/// True for names that nobody may have, in whatever form of letters: kBreakGlassOwner.
bool is_reserved_name(std::string_view text);
/// Why a name must not be one of the directory: not a name at all (is_name), invisible or direction-changing
/// characters, letters of full width or mathematical alphabets, marks that combine, or letters of two alphabets in one
/// word, which is how one name is made to look like another; or one that is reserved.
Result<void> check_directory_name(std::string_view text);

// ---- What it decides ----

/// Told of each login that is cut off. On whatever thread saw it, also a loop's: must not block.
using CutoffListener = std::function<void(const Cutoff&)>;

/// Why what a leaver had ends, as sign-ins and cutoffs keep it.
inline constexpr std::string_view kNotActive = "the directory does not have them as active";

enum class DirectoryMode : std::uint8_t {
  kOptional,  // who is in it must be active and gets its groups and team besides the credential's own
  kRequired,  // people must be in it, and have its groups and team alone
};

/// The people and groups as of the last change, in memory, for all loops. Thread-safe.
class Directory {
 public:
  /// How long what is in memory serves while the shared database is away.
  static constexpr Duration kServesUnconfirmed = std::chrono::minutes(5);

  Directory(DirectoryStore& store, DirectoryMode mode, const Clock& clock);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// What the credential that speaks for `principal` is worth: the principal with the directory's groups and team, or
  /// why not. May read the store when its generation has moved.
  AuthOutcome admit(const std::shared_ptr<const Principal>& principal);
  /// Moves when admit() may answer otherwise; without a system call.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Whether answers of version() still stand.
  bool serves_now() const { return is_current() && store_.uncertain_for() <= kServesUnconfirmed; }

  /// Reads what changed; listeners hear of whoever is cut off by it. Called now and then also without any request.
  Result<void> look();
  /// Before the first look.
  void on_cutoff(CutoffListener listener) { listeners_.push_back(std::move(listener)); }

  /// The groups of whoever has that login, by name, sorted, with those that hold them; nothing for a stranger.
  std::optional<std::vector<std::string>> groups_of(std::string_view login) const;
  DirectoryMode mode() const { return mode_; }
  std::size_t people() const;
  std::size_t groups() const;

 private:
  struct State;
  class Filler;
  class Notes;
  bool is_current() const;
  bool bring_up_to_date();
  Result<void> read();
  std::optional<Instant> cut_off_at(std::string_view login) const;

  DirectoryStore& store_;
  const DirectoryMode mode_;
  const Clock& clock_;
  std::vector<CutoffListener> listeners_;

  std::mutex reading_;  // one reads the store at a time
  std::uint64_t read_until_ = 0;
  std::atomic<std::int64_t> failed_at_{0};  // of the steady clock; 0: the last read went well
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> usable_{false};
  std::atomic<std::uint64_t> version_{1};

  mutable std::shared_mutex mutex_;  // guards state_
  std::unique_ptr<State> state_;
};

}  // namespace reeve::identity
