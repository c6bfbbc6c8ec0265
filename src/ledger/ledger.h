#pragma once

// The ledger: an append-only log of what was decided and what came of it, in a Merkle tree that a stranger can check.
//
// Truth is in the segments: preallocated files of length- and checksum-framed entries, written by one committer thread
// with one fdatasync per group. An append is acknowledged only after that. From the segments follow the C2SP tlog-tiles
// (RFC 6962 hashes), entry bundles and the signed checkpoint, all laid out as plain files under the ledger's directory
// so that any static server can publish them. docs/ledger-format.md has every byte.
//
// Two records per action: an intent, durable before anything leaves for a provider, and an outcome.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/json.h"
#include "core/money.h"
#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "core/token_usage.h"
#include "ledger/completeness.h"   // what is missing, and why
#include "ledger/content_vault.h"  // sealed content
#include "ledger/export.h"         // exports
#include "ledger/index.h"          // the query index
#include "ledger/parquet.h"        // entries as a Parquet file
#include "ledger/producer.h"       // who numbers records
#include "ledger/proof.h"          // proofs, cosignatures
#include "ledger/rotation.h"       // keys that take over
#include "ledger/unsynced_log.h"   // a log that nobody answers for
#include "ledger/witness.h"        // those who see it grow

namespace reeve::ledger {

/// C2SP tlog-tiles stores an entry's length in 16 bits.
inline constexpr std::size_t kEntryBytesMax = 65'535;

// ---- Entries ----

/// A ledger entry before it has a place: canonical JSON (RFC 8785: members sorted, no spaces, integers only) on one
/// line. The committer adds `seq` (the leaf index), `time`, `node` and `v`. Empty strings and absent parts are left
/// out. Lists and texts that would pass kEntryBytesMax are cut, with `"truncated":true`.
struct Entry {
  std::string_view kind;  // "model.intent", "model.outcome", "policy.changed", ...
  std::string_view request_id;
  std::int64_t attempt = 0;  // from 1; 0 when no attempt was made
  std::string_view session_id;

  struct Principal {
    std::string_view id, type, team, key_id;
    std::span<const std::string> groups;
  } principal;
  struct Agent {
    std::string_view id, parent;
    std::span<const std::string> chain;  // registered ones, proven by the credential; who holds it first
  } agent;
  std::string_view client, client_version, work_item, repo, feature;
  struct Model {
    std::string_view asked, served, provider, region, dialect, operation, tier, retention;
    std::string_view sent;  // the name that the provider was asked for, where it is not `asked`
  } model;
  struct Decision {
    std::string_view effect;                       // the verdict
    std::string_view enforced;                     // what was done
    std::string_view mode;                         // "enforce", "shadow"
    std::string_view rule;                         // the decisive one; empty when the default decided
    std::span<const std::string_view> rules;       // that matched and count
    std::span<const std::string_view> shadow;      // the same of rules in shadow
    std::string_view shadow_effect;                // the verdict, had those been enforced; empty when the same
    std::span<const std::string_view> exceptions;  // that lifted a rule
    std::span<const std::string> ended;            // that would have, but ended: "NAME used_up"
    std::span<const std::string> errors;           // rules that could not be evaluated: "NAME: why"
    std::string_view checks;                       // named checks as they stood, canonical JSON; empty for none
    std::string_view inventory;                    // what the inventory says of what was asked for, likewise
    std::string_view bundle;                       // digest
    std::string_view input;                        // digest of the facts
    std::string_view time;                         // that rules saw as `now`, RFC 3339
    std::optional<std::int64_t> evaluation_ns;
    std::string_view reason;
    std::string_view approvals;  // given for the call, canonical JSON; empty for none
  } decision;
  std::optional<std::int64_t> request_bytes, request_tokens;
  /// What scanning found: in an intent of the request, in an outcome of the answer.
  struct Content {
    struct Finding {
      std::string_view type, class_name, origin;
      std::int64_t confidence_percent = 0;  // written as 0.95, the shortest form of the number that rules saw
      std::int64_t count = 0;
      std::string_view action;  // "tokenised", "masked", "removed"; empty: it went on
      bool marked = false;      // on lines with an allow marker
    };
    std::span<const Finding> findings;
    std::span<const std::string_view> labels;
    std::string_view detectors;             // digest of the set that looked
    std::string_view incomplete;            // why not everything was looked at; empty when it was
    const SealedContent* sealed = nullptr;  // where the content itself lies, if it is kept
  } content;
  std::optional<bool> request_stream;
  /// The shape of the task: what was offered and asked for. Written together.
  struct Shape {
    bool tools = false, thinking = false;
    std::int64_t messages = 0;
  };
  std::optional<Shape> request_shape;
  std::string_view request_tier;    // of service, as asked for; empty for the standard one
  std::string_view request_digest;  // keyed commitment to the request body, "hmac-sha256:…"
  std::optional<TokenUsage> usage;
  struct Cost {
    Money total;
    std::string_view price_version;
    bool estimated = false;
    bool price_known = true;
    /// What the price was found by, so that the cost can be computed again: provider and model as the price list was
    /// asked for them, the tier that was served, and when.
    std::string_view provider, model, service_tier;
    std::optional<Instant> time;
    std::optional<Money> list;  // at the list's price; written when it differs
  };
  std::optional<Cost> cost;
  /// In an intent what the attempt reserves; in an outcome which budget bore on it.
  struct Budget {
    std::optional<std::int64_t> held_nanos, held_tokens;
    std::optional<Instant> admitted;       // in an outcome: in which windows it counts
    std::span<const std::string> reached;  // thresholds: "payments-monthly 80"
    std::string_view degraded_by;          // the budget or rule for which a cheaper model answered
    std::string_view kept;                 // why the asked model answered all the same
    // The budget that refused or ended the call.
    std::string_view name, scope, quantity;
    std::int64_t limit = 0, spent = 0, reserved = 0, asked = 0;  // in the quantity's unit; money in nano-dollars
  } budget;
  struct Timing {
    std::int64_t first_byte_us = 0, total_us = 0, decision_us = 0;
  };
  std::optional<Timing> timing;
  struct Outcome {
    std::string_view
        status;  // "ok", "refused", "upstream_error", "client_gone", "upstream_cut", "unreachable", "unrecorded_end"
    std::string_view reason;
    std::int64_t http_status = 0;
    std::int64_t response_bytes = 0;
    std::uint64_t events = 0;
    std::span<const std::string> tools = {};  // that the answer calls, by name
  };
  std::optional<Outcome> outcome;
  /// A further member `detail` for other kinds: must be canonical JSON itself. Empty for none.
  std::string_view detail;
  /// Who makes the record; it gives it a number. Null: nobody counts it.
  Producer* producer = nullptr;
};

/// Where an entry's frame begins, so that it is found again without reading what is before it.
struct EntryPlace {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;  // 0: not known
};

/// An entry read back.
struct StoredEntry {
  std::uint64_t index = 0;  // leaf index, same as its `seq`
  std::string_view bytes;   // the canonical JSON, exactly the leaf's data
  EntryPlace place = {};    // told by LogReader only
};

// ---- The log ----

struct LogOptions {
  std::filesystem::path directory;
  std::string origin;  // the log's name in checkpoints, "reeve.example.com/node-1"
  std::string node;    // short name in entries
  std::size_t segment_bytes = 64UL << 20U;
  std::size_t group_entries_max = 1'000;
  std::size_t queue_bytes_max = 64UL << 20U;     // above it append() fails at once: bounded memory
  Duration stall_max = std::chrono::seconds(5);  // a disk silent for longer makes nobody else wait for it
  /// Only while appends come much faster than syncs (thousands a second); none otherwise.
  Duration linger_max = std::chrono::microseconds(500);
  Duration checkpoint_interval = std::chrono::milliseconds(100);
  bool read_only = false;  // for looking only: takes no lock, writes nothing, appends fail
  /// A file outside `directory` that keeps the latest checkpoint too; empty for none. It makes a log that was restored
  /// from an older copy show: open() then refuses (kConflict) rather than sign a second history.
  std::filesystem::path anchor;
  const Clock* clock = &system_clock();
};

/// Where an entry ended up.
struct Placed {
  std::uint64_t index = 0;
  Instant time;
};

/// Where entries ended up that were appended together: those that are durable, from the first one on, and why the next
/// one is not, where it is not.
struct PlacedEntries {
  std::vector<Placed> places;
  std::optional<Error> error;
};

/// An intent that was found without its outcome when the log was opened: the process ended between the two.
struct OpenIntent {
  std::uint64_t index = 0;
  std::string entry;  // its canonical JSON
};

struct LogStats {
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> syncs{0};
  std::atomic<std::uint64_t> sync_nanoseconds{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> refused{0};  // appends refused: queue full or log not writable
  std::atomic<bool> writable{true};
};

class Log {
 public:
  /// Opens or makes the log. Recovery: reads the last signed checkpoint, scans on from it, stops at the first record
  /// whose length or checksum fails, drops that torn tail (nothing in it was acknowledged), rebuilds tiles, and refuses
  /// to open (kCorrupt, with the entry's index) when the signed checkpoint is not a prefix of what is there. Another
  /// live writer is kConflict.
  static Result<std::unique_ptr<Log>> open(LogOptions options);
  virtual ~Log() = default;

  /// Who makes records, for Entry::producer: made when it is asked for first, and there as long as the log.
  Producer& producer(std::string_view name) { return producers_.of(name); }
  /// All of them, by name.
  std::vector<const Producer*> producers() const { return producers_.all(); }

  /// Awaitable: resumes on `executor` once the entry is durable, or with the reason why it is not. Serialises the entry
  /// before suspending, so views need live only until then. From any thread.
  virtual Task<Result<Placed>> append(const Entry& entry, Executor& executor) = 0;
  /// The same without waiting: for outcomes whose client already has its answer. False when it cannot even be queued;
  /// the loss is then counted and recorded as a ledger.gap when the log is writable again.
  virtual bool append_later(const Entry& entry) = 0;
  /// Waits, blocking, until the entry is durable: for start-up and commands. Not for a disk that does not answer: after
  /// that error the entry may still be written.
  virtual Result<Placed> append_and_wait(const Entry& entry) = 0;
  /// The same for several, in their order and in as few groups as they fit: for what comes in thousands. After an error
  /// some of the rest may be written, too.
  virtual PlacedEntries append_all_and_wait(std::span<const Entry> entries) = 0;

  /// The model.intent entries without a model.outcome of the same request_id and attempt, as recovery found them; in
  /// order, at most 100,000. The owner records an outcome "unrecorded_end" for each. Fixed from open() on.
  virtual std::span<const OpenIntent> open_intents() const = 0;

  virtual std::uint64_t size() const = 0;        // durable entries
  virtual std::string checkpoint() const = 0;    // the latest signed note
  virtual std::string verifier_key() const = 0;  // signed-note vkey: name+hash+key
  virtual const LogStats& stats() const = 0;
  /// False while the last write failed (disk full, read-only), which is probed again every second, while the disk has
  /// not answered for stall_max, and after stop_signing(). Appends that somebody would wait for fail fast meanwhile.
  virtual bool writable() const = 0;
  /// Somebody holds a checkpoint that this log contradicts. From now on nothing is signed, append() fails and
  /// writable() is false; what is appended otherwise, such as outcomes, is still kept. The reason is written down, so
  /// that opening fails (kConflict) until a person has removed it. Thread-safe.
  virtual void stop_signing(const std::string& reason) = 0;
  /// A new signing key takes over, and the ledger tells (ledger.key_rotated). Blocks for some writes. When it fails
  /// half-way, the next open() finishes it if the entry is durable, and drops it otherwise. Thread-safe.
  virtual Result<RotatedKey> rotate_key(const KeyRotation& request) = 0;
  /// Syncs what is queued, signs a last checkpoint, closes. Further appends fail.
  virtual void close() = 0;

  /// Entries from `from` on, in order, until `visit` returns false or the durable end. Reads the files; may run beside
  /// appends.
  virtual Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) const = 0;

 private:
  ProducerSet producers_;
};

/// Opens for reading beside a live writer or none: for commands. Takes no lock and writes nothing.
class LogReader {
 public:
  static Result<std::unique_ptr<LogReader>> open(const std::filesystem::path& directory);
  virtual ~LogReader() = default;
  /// As Log::read. Sees entries that became durable after opening too.
  virtual Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) = 0;
  /// The same for who knows where entry `placed` stands, `from` or one shortly before it. A place that proves wrong
  /// costs time only.
  virtual Result<void> read_at(std::uint64_t from, std::uint64_t placed, EntryPlace place,
                               const std::function<bool(const StoredEntry&)>& visit) = 0;
  virtual std::uint64_t size() = 0;
  /// Where the first entry at or after `time` may be: skips whole segments that are older. For --since.
  virtual std::uint64_t first_at(Instant time) = 0;
  virtual Result<std::string> checkpoint() = 0;
  virtual Result<std::string> verifier_key() = 0;
};

// ---- Searching
// -------------------------------------------------------------------------------------------------------

/// A condition over an entry's members, in a strict subset of CEL:
///   kind == "model.outcome" && (cost.nanos > 1000000 || !has(usage.output)) && model.served.startsWith("claude-")
/// Operators: == != < <= > >= && || ! ( ) and `in` with a list of values or a list member ("r1" in decision.rules);
/// .contains(), .startsWith() and .endsWith() on texts; has(). Values: texts in either quotes, integers, true, false. A
/// comparison with a member that is absent is false, where CEL would stop with an error.
class EntryFilter {
 public:
  /// kInvalid with the column, from 1, and what was expected there. At most 16 KiB, 64 levels of parentheses.
  static Result<EntryFilter> compile(std::string_view condition);
  /// Thread-safe. An entry that is not JSON does not match.
  bool matches(std::string_view entry) const;
  /// Of an entry that was parsed already: for those who ask many conditions of each.
  bool matches(const JsonValue& entry) const;

  struct Program;
  /// What was compiled, for the index that narrows down with it.
  const Program& program() const { return *program_; }

 private:
  explicit EntryFilter(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

// ---- Verification ----

struct VerifyReport {
  bool ok = false;
  std::uint64_t entries = 0;          // checked
  std::uint64_t signed_size = 0;      // tree size of the checkpoint
  std::string root;                   // base64, of the signed tree
  std::vector<std::string> problems;  // one sentence each; says which entry is wrong
  std::uint64_t intents_without_outcome = 0;
  CompletenessReport completeness;  // numbers that are missing without a reason are among the problems
};
/// Recomputes every leaf and the tree from the segments, checks the checkpoint's signature and root, the tiles and
/// bundles, the sequence numbers, that each outcome has its intent, and that the keys that took over are the ones that
/// the ledger tells of. `trusted_key`: a verifier key of this log that the caller was given once, from which the one
/// that signs now must follow; empty: the folder's own is taken. `progress` gets entries done and total.
Result<VerifyReport> verify(const std::filesystem::path& directory,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress = {},
                            const std::string& trusted_key = {});

// ---- Publishing ----

/// A file below `public/`, by name: "checkpoint", "cosigned-checkpoint", "key", "tile/0/001.p/17", "tile/entries/000".
struct PublishedName {
  enum class Kind { kCheckpoint, kKey, kTile, kEntries } kind = Kind::kCheckpoint;
  std::uint64_t number = 0;  // of a tile, or of a bundle of 256 entries
};
/// Nothing for every other name. What it takes has no part that leads out of the folder.
std::optional<PublishedName> parse_published_name(std::string_view name);

// ---- Copying ----

/// Copies a ledger into the directory `to`, which must not be there yet: every entry that its last checkpoint signs and
/// none behind it, the tiles made anew from what was copied, the checkpoint, the keys. Beside a live writer or none;
/// takes no lock. kCorrupt, with the entry, when something below the checkpoint is damaged or not what was signed. What
/// it writes is not synced. `progress` gets entries done and total.
Result<Checkpoint> copy_signed(const std::filesystem::path& from, const std::filesystem::path& to,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace reeve::ledger
