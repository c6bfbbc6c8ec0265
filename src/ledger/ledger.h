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
#include "ledger/content_vault.h"  // sealed content

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
  } agent;
  std::string_view client, client_version, work_item, repo, feature;
  struct Model {
    std::string_view asked, served, provider, region, dialect, operation, tier, retention;
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
    std::string_view bundle;                       // digest
    std::string_view input;                        // digest of the facts
    std::string_view time;                         // that rules saw as `now`, RFC 3339
    std::optional<std::int64_t> evaluation_ns;
    std::string_view reason;
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
  std::string_view request_digest;  // keyed commitment to the request body, "hmac-sha256:…"
  std::optional<TokenUsage> usage;
  struct Cost {
    Money total;
    std::string_view price_version;
    bool estimated = false;
    bool price_known = true;
  };
  std::optional<Cost> cost;
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
  };
  std::optional<Outcome> outcome;
  /// A further member `detail` for other kinds: must be canonical JSON itself. Empty for none.
  std::string_view detail;
};

/// An entry read back.
struct StoredEntry {
  std::uint64_t index = 0;  // leaf index, same as its `seq`
  std::string_view bytes;   // the canonical JSON, exactly the leaf's data
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

  /// Awaitable: resumes on `executor` once the entry is durable, or with the reason why it is not. Serialises the entry
  /// before suspending, so views need live only until then. From any thread.
  virtual Task<Result<Placed>> append(const Entry& entry, Executor& executor) = 0;
  /// The same without waiting: for outcomes whose client already has its answer. False when it cannot even be queued;
  /// the loss is then counted and recorded as a ledger.gap when the log is writable again.
  virtual bool append_later(const Entry& entry) = 0;
  /// Waits, blocking, until the entry is durable: for start-up and commands. Not for a disk that does not answer: after
  /// that error the entry may still be written.
  virtual Result<Placed> append_and_wait(const Entry& entry) = 0;

  /// The model.intent entries without a model.outcome of the same request_id and attempt, as recovery found them; in
  /// order, at most 100,000. The owner records an outcome "unrecorded_end" for each. Fixed from open() on.
  virtual std::span<const OpenIntent> open_intents() const = 0;

  virtual std::uint64_t size() const = 0;        // durable entries
  virtual std::string checkpoint() const = 0;    // the latest signed note
  virtual std::string verifier_key() const = 0;  // signed-note vkey: name+hash+key
  virtual const LogStats& stats() const = 0;
  /// False while the last write failed (disk full, read-only), which is probed again every second, and while the disk
  /// has not answered for stall_max. Appends that somebody would wait for fail fast meanwhile.
  virtual bool writable() const = 0;
  /// Syncs what is queued, signs a last checkpoint, closes. Further appends fail.
  virtual void close() = 0;

  /// Entries from `from` on, in order, until `visit` returns false or the durable end. Reads the files; may run beside
  /// appends.
  virtual Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) const = 0;
};

/// Opens for reading beside a live writer or none: for commands. Takes no lock and writes nothing.
class LogReader {
 public:
  static Result<std::unique_ptr<LogReader>> open(const std::filesystem::path& directory);
  virtual ~LogReader() = default;
  /// As Log::read. Sees entries that became durable after opening too.
  virtual Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) = 0;
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

 private:
  struct Program;
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
};
/// Recomputes every leaf and the tree from the segments, checks the checkpoint's signature and root, the tiles and
/// bundles, the sequence numbers, and that each outcome has its intent. `progress` gets entries done and total.
Result<VerifyReport> verify(const std::filesystem::path& directory,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

// ---- Copying ----

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Sha256 root{};
};

/// Copies a ledger into the directory `to`, which must not be there yet: every entry that its last checkpoint signs and
/// none behind it, the tiles made anew from what was copied, the checkpoint, the keys. Beside a live writer or none;
/// takes no lock. kCorrupt, with the entry, when something below the checkpoint is damaged or not what was signed. What
/// it writes is not synced. `progress` gets entries done and total.
Result<Checkpoint> copy_signed(const std::filesystem::path& from, const std::filesystem::path& to,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

// ---- Parts that others check against ----

Sha256 leaf_hash(std::string_view entry);                   // RFC 6962: SHA-256(0x00 || entry)
Sha256 node_hash(const Sha256& left, const Sha256& right);  // SHA-256(0x01 || left || right)
Sha256 tree_root(std::span<const Sha256> leaves);           // by the definition, for tests

/// Reads a C2SP checkpoint and checks the signature of the key `vkey`.
Result<Checkpoint> open_checkpoint(std::string_view signed_note, std::string_view vkey);

}  // namespace reeve::ledger
