#pragma once

// The kill switch: what is cut off from models, from which moment, why and by whom. Part of the identity room's face.
//
// A cutoff holds for new calls and for calls under way, on every node that reads the same storage. It stays until it is
// ended or its time is over, whatever restarts in between. Who keeps cutoffs is a KillSwitchStore; what a request asks
// is a CutoffSet, which is made once for each change and never altered.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::identity {

// ---- What is cut off ----

enum class CutoffKind : std::uint8_t { kAll, kProvider, kModel, kPerson, kGroup, kAgent, kSession, kMcpServer, kKey };
/// "all", "provider", "model", "person", "group", "agent", "session", "mcp_server", "key".
std::string_view cutoff_kind_name(CutoffKind kind);

struct CutoffScope {
  CutoffKind kind = CutoffKind::kAll;
  /// Empty with kAll; of models a pattern as glob_match has it, of sessions and agents compared as far as bounded()
  /// goes, of everything else the exact name.
  std::string name;

  std::string text() const;  // "all", "person:ada@example.com"
  bool operator==(const CutoffScope&) const = default;
};
/// Reads what text() writes. A person's e-mail address is lower-cased, as it is for credentials. kInvalid says which
/// forms there are.
Result<CutoffScope> parse_cutoff_scope(std::string_view text);

struct Cutoff {
  std::string id;  // "cut_…"
  CutoffScope scope;
  std::string reason;  // at most 500 bytes; whoever is refused reads it
  std::string by;      // who switched it on
  Instant at;
  std::optional<Instant> until;
  bool practice = false;  // cuts practice streams only
  std::string drill;      // the drill that it belongs to, or empty
  /// Only calls by credentials that were issued until then: what came later is good, though the news is late. None:
  /// all of them. Not kept in a store.
  std::optional<Instant> issued_until;
  /// How far this machine's clock is ahead of the one that the times are by; not kept in a store. Zero where they agree
  /// well enough.
  Duration clock_ahead{};
  /// Set once it was ended.
  std::optional<Instant> ended;
  std::string ended_by, ended_reason;

  /// `now` by this machine's clock.
  bool in_force(Instant now) const { return !ended && (!until || now - clock_ahead < *until); }
  /// From the switch to a moment by this machine's clock.
  Duration since_switch(Instant when) const { return when - clock_ahead - at; }
  bool operator==(const Cutoff&) const = default;
};

struct CutoffRequest {
  CutoffScope scope;
  std::string reason, by;
  std::optional<Instant> until;
  /// What the same request, when it is repeated, has again: then the cutoff's id is the same. Empty: a new one.
  std::string repeat_key;
};
/// kInvalid, with a sentence that names what is wrong: no reason, control characters, a time that is over.
Result<Cutoff> make_cutoff(const CutoffRequest& request, Instant now);
/// Why what was cut off is let on again, as it is kept. kInvalid: no reason, more than one line, more than 500 bytes.
Result<std::string> reason_to_let_on(std::string_view reason);
/// The id that all cutoffs of the same request, repeated, have.
std::string cutoff_id_of(std::string_view by, std::string_view repeat_key);
/// Whether that is what was asked for before. `until` counts where the request names one, or names none on purpose.
bool is_same_request(const Cutoff& before, const CutoffRequest& request, bool until_counts);

/// Canonical JSON: what storage keeps, what the API shows and what the ledger's entry `kill.switched` tells. Times are
/// in microseconds, so that is what a cutoff's are made in.
std::string cutoff_to_json(const Cutoff& cutoff);
Result<Cutoff> cutoff_from_json(std::string_view json);

/// Clocks that differ by less are taken for equal.
inline constexpr Duration kClocksAgree = std::chrono::seconds(2);

// ---- Drills ----

/// That the switch will be played: every node starts `streams` practice streams, and reports when they ended.
struct Drill {
  std::string id;  // "drill_…"
  CutoffScope scope;
  bool for_real = false;  // no practice streams: what the scope names is cut off
  std::int64_t streams = 0;
  std::string by;
  Instant at;
  bool operator==(const Drill&) const = default;
};
std::string drill_to_json(const Drill& drill);
Result<Drill> drill_from_json(std::string_view json);

struct DrillReport {
  std::string node;
  bool done = false;   // false: its streams run, and wait for the switch
  std::string detail;  // canonical JSON
  bool operator==(const DrillReport&) const = default;
};

// ---- Keeping them ----

/// What this room asks of storage; src/store implements it. Calls may block; none is made on the request path. All
/// functions are thread-safe.
class KillSwitchStore {
 public:
  virtual ~KillSwitchStore() = default;
  /// Durable on return, with the note for the ledger. kConflict when there is one of that id already; kUnavailable when
  /// kCutoffsMax are in force.
  virtual Result<void> put(const Cutoff& cutoff) = 0;
  /// kNotFound when there is none of that id; ending twice keeps the first.
  virtual Result<void> end(std::string_view id, Instant when, std::string_view by, std::string_view reason) = 0;
  /// Those in force at `now`, oldest first.
  virtual Result<std::vector<Cutoff>> list(Instant now) = 0;
  /// All there ever were, newest first, at most `limit`.
  virtual Result<std::vector<Cutoff>> history(std::size_t limit) = 0;
  virtual Result<std::optional<Cutoff>> find(std::string_view id) = 0;

  virtual Result<void> announce_drill(const Drill& drill) = 0;
  /// Those of the last `kDrillLasts`.
  virtual Result<std::vector<Drill>> drills(Instant now) = 0;
  /// A node's second report replaces its first.
  virtual Result<void> report_drill(std::string_view drill, const DrillReport& report) = 0;
  virtual Result<std::vector<DrillReport>> drill_reports(std::string_view drill) = 0;

  /// Moves with every change of cutoffs and every new drill, by any process that shares the storage; without a system
  /// call.
  virtual std::uint64_t generation() const = 0;

  static constexpr std::size_t kCutoffsMax = 10'000;
  static constexpr Duration kDrillLasts = std::chrono::minutes(2);
};

/// Kept in memory only: for tests. Thread-safe.
std::unique_ptr<KillSwitchStore> make_memory_kill_switch_store();

// ---- Asking ----

/// What is known of a call so far. Empty names are cut off by nothing but `all`.
struct CutoffSubject {
  std::string_view provider;
  std::string_view model_asked, model_sent;
  std::string_view person;
  std::span<const std::string> groups;
  std::string_view agent, parent_agent;  // as the client names them
  std::string_view verified_agent;       // whose the credential is, where that is an agent
  std::span<const std::string> actors;   // the registered agents that act
  std::span<const std::string> owners;   // who answers for these
  std::string_view session;
  std::string_view mcp_server;
  std::string_view key_id;
  std::optional<Instant> issued;  // the credential, where it says so
  bool practice = false;
};

/// Immutable.
class CutoffSet {
 public:
  CutoffSet() = default;
  explicit CutoffSet(std::vector<Cutoff> cutoffs);

  /// Nothing is cut off, so there is nothing to ask.
  bool empty() const { return cutoffs_.empty(); }
  /// The first that covers the subject and is in force at `now`; null for none. Costs a few look-ups by name, and one
  /// comparison for each pattern of models.
  const Cutoff* covers(const CutoffSubject& subject, Instant now) const;
  std::span<const Cutoff> all() const { return cutoffs_; }

 private:
  const Cutoff* named(CutoffKind kind, std::string_view name, const CutoffSubject& subject, Instant now) const;

  std::vector<Cutoff> cutoffs_;
  // By kind, then name; several of a name follow each other.
  std::map<CutoffKind, std::multimap<std::string, const Cutoff*, std::less<>>> by_name_;
  std::vector<const Cutoff*> everything_, models_;
};

/// Whether cutoffs are known: when the storage cannot be read, a node does not go on for long on what it knew.
enum class CutoffKnowledge : std::uint8_t {
  kKnown,
  kUnknown,      // for so long that new calls are refused
  kLongUnknown,  // for so long that calls under way end, too
};

/// The cutoffs in force as a process knows them, swapped whole. Thread-safe; readers keep their copy and ask for the
/// next one when the generation moved.
class KillSwitch {
 public:
  std::shared_ptr<const CutoffSet> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  CutoffKnowledge knowledge() const { return knowledge_.load(std::memory_order_acquire); }

  void replace(std::shared_ptr<const CutoffSet> next) {
    {
      const std::lock_guard lock(mutex_);
      current_.swap(next);
    }
    generation_.fetch_add(1, std::memory_order_release);
  }
  void know(CutoffKnowledge knowledge) { knowledge_.store(knowledge, std::memory_order_release); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const CutoffSet> current_ = std::make_shared<CutoffSet>();
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<CutoffKnowledge> knowledge_{CutoffKnowledge::kKnown};
};

/// Of the ids of cutoffs that a directory makes of whoever left.
inline constexpr std::string_view kDirectoryCutoffPrefix = "directory:";
/// What whoever is refused reads: what is cut off, since when, why, and whom to ask.
std::string cutoff_sentence(const Cutoff& cutoff);
/// The same for CutoffKnowledge beyond kKnown.
std::string unknown_cutoffs_sentence();

}  // namespace reeve::identity
