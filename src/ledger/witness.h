#pragma once

// Witnesses (c2sp.org/tlog-witness): others who see the log grow, and say so with a cosignature on its checkpoints. A
// log that tells two stories, also one that was restored from an old copy, is found out by any of them. Both sides are
// here: the witness, and the log's side that asks witnesses. A part of ledger.h; docs/ledger-proofs.md is for people.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "net/net.h"

namespace reeve::ledger {

// ---- A witness ----

struct WitnessOptions {
  std::filesystem::path directory;    // its key, what it saw of each log, evidence; for one process at a time
  std::string name;                   // as in its cosignatures, "witness.example.com/w1"; empty: that of its key
  std::vector<std::string> log_keys;  // verifier keys of the logs that it watches; a log may have several
  const Clock* clock = &system_clock();
};

/// What a request is answered with.
struct WitnessAnswer {
  int status = 500;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Cosigns checkpoints that go on from what it cosigned before. What it saw last is on disk before an answer leaves,
/// so that it never cosigns two roots for one size, also when it is killed in between. A checkpoint that contradicts
/// what it saw becomes an evidence pack in `evidence` below its directory, and an error in the log.
class Witness {
 public:
  /// Makes the directory and the key when there are none and a name is given. kConflict when another process works
  /// there; kCorrupt when what it saw cannot be read: to begin anew would be to forget.
  static Result<std::unique_ptr<Witness>> open(WitnessOptions options);
  virtual ~Witness() = default;

  virtual const std::string& verifier_key() const = 0;  // vkey of type 0x04
  /// The add-checkpoint call: its body in, the answer out. Waits for the disk. Thread-safe.
  virtual WitnessAnswer add_checkpoint(std::string_view request) = 0;
};

/// Answers POST /add-checkpoint and GET /healthz; anything else is 404. Waits for the disk on the exchange's loop, so
/// it wants a server of its own.
Task<void> answer_witness_request(Witness& witness, net::Exchange& exchange);
/// Limits for such a server: bodies are small.
net::ServerLimits witness_server_limits();

/// Makes the witness's key in `directory` when there is none and `name` is given; the verifier key.
Result<std::string> witness_key(const std::filesystem::path& directory, const std::string& name);

// ---- A log that has witnesses ----

struct WitnessEndpoint {
  net::Url url;     // the submission prefix
  std::string key;  // vkey
  bool operator==(const WitnessEndpoint& other) const {
    return key == other.key && url.tls == other.url.tls && url.authority() == other.url.authority() &&
           url.path == other.url.path;
  }
};

struct CosigningOptions {
  std::filesystem::path directory;  // the ledger's
  std::string log_key;              // vkey of the log
  std::vector<WitnessEndpoint> witnesses;
  std::size_t quorum = 1;  // cosignatures that make a checkpoint a cosigned one; at most as many as there are witnesses
  Duration interval = std::chrono::seconds(1);         // between two checkpoints that are sent
  Duration answer_timeout = std::chrono::seconds(10);  // then a witness counts as dead for a while
  Duration backoff_first = std::chrono::seconds(1);    // doubles with each failure
  Duration backoff_most = std::chrono::seconds(60);
  Duration behind_warning = std::chrono::seconds(30);  // without a quorum for so long is worth a warning
  net::ClientTls tls;
};

/// How it stands with one witness. Written by the collector, read by anybody.
struct WitnessStats {
  std::string name;
  std::atomic<bool> reachable{false};           // its last answer was a cosignature
  std::atomic<std::uint64_t> cosigned_size{0};  // the largest of our checkpoints that it cosigned
  std::atomic<std::uint64_t> cosignatures{0};
  std::atomic<std::uint64_t> failures{0};  // no answer, or one that helps nobody
};

/// Sends the log's checkpoints to its witnesses and keeps the newest one that a quorum cosigned, as the signed note
/// `public/cosigned-checkpoint`. On a thread of its own; calls never wait for it.
class CosignatureCollector {
 public:
  struct Hooks {
    /// The newest signed checkpoint. Thread-safe.
    std::function<std::string()> checkpoint;
    /// A witness saw something else than this log says. Called on the collector's thread, at most once.
    std::function<void(const std::string& reason)> contradicted;
    /// The verifier key that checkpoints are signed by. Thread-safe. Empty: CosigningOptions::log_key.
    std::function<std::string()> log_key;
  };
  static Result<std::unique_ptr<CosignatureCollector>> start(CosigningOptions options, Hooks hooks);
  virtual ~CosignatureCollector() = default;

  virtual std::size_t quorum() const = 0;
  virtual const std::vector<std::unique_ptr<WitnessStats>>& witnesses() const = 0;
  virtual std::uint64_t cosigned_size() const = 0;  // of the newest checkpoint with a quorum; 0: none
  /// For how long there has been something to cosign that a quorum has not cosigned; 0 when all is well.
  virtual Duration behind() const = 0;
  virtual void stop() = 0;
};

/// The newest checkpoint of a ledger that a quorum of its witnesses cosigned; kNotFound when there is none.
Result<std::string> read_cosigned_checkpoint(const std::filesystem::path& directory);

/// Before a log is opened: asks its witnesses whether they saw more of it than its last checkpoint says, or another
/// root for it. kConflict then, with the reason: the log was restored from an older copy, or is not the same log. A
/// witness that does not answer within `wait` is passed over. A log without a checkpoint has nothing to ask yet.
/// Blocks.
Result<void> ask_witnesses(const CosigningOptions& options, Duration wait);

}  // namespace reeve::ledger
