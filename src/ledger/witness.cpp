#include "ledger/witness.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/evidence.h"

namespace reeve::ledger {

namespace {

/// A log that is watched, and the last that was cosigned of it.
struct WatchedLog {
  std::vector<VerifierKey> keys;
  std::string path;  // where `note` is kept
  Checkpoint checkpoint{{}, 0, sha256({})};
  std::string note;  // empty: nothing yet

  std::string key_lines() const {
    std::string lines;
    for (const VerifierKey& key : keys) lines += key.text() + "\n";
    return lines;
  }
};

/// The note with the signatures of these keys only; nothing when there is none, or one that does not match.
std::optional<std::string> signed_by(const NoteParts& note, const std::vector<VerifierKey>& keys) {
  std::string lines;
  for (const SignatureLine& signature : note.signatures) {
    for (const VerifierKey& key : keys) {
      if (!signature.is_of(key)) continue;
      if (!ed25519_verify(key.public_key, note.text, signature.signature)) return std::nullopt;
      lines += signature.line;
    }
  }
  if (lines.empty()) return std::nullopt;
  return std::string(note.text) + "\n" + lines;
}

WitnessAnswer refusal(int status, std::string_view why) {
  return {status, "text/plain; charset=utf-8", std::string(why) + "\n"};
}

std::string private_key_file(const std::string& directory) { return directory + "/private-key"; }

class WitnessOnDisk final : public Witness {
 public:
  WitnessOnDisk(const WitnessOptions& options, File lock, Cosigner cosigner)
      : directory_(options.directory.string()),
        clock_(*options.clock),
        lock_(std::move(lock)),
        cosigner_(std::move(cosigner)),
        verifier_key_(cosigner_.verifier().text()),
        evidence_(system_, directory_ + "/evidence") {}

  const std::string& verifier_key() const override { return verifier_key_; }

  Result<void> watch(const std::string& vkey) {
    auto key = parse_verifier_key(vkey);
    if (!key) return with_context(std::move(key).error(), "--log");
    if (key->type != KeyType::kLog) {
      return Error{ErrorCode::kInvalid, "the key of " + printable(key->name) + " is a witness's, not a log's"};
    }
    const std::string origin = key->name;
    WatchedLog& log = logs_[origin];
    log.keys.push_back(*std::move(key));
    if (!log.path.empty()) return {};
    log.path = directory_ + "/logs/" + to_hex(as_bytes(sha256(origin)));
    auto note = read_file(system_, log.path);
    if (!note && note.error().code == ErrorCode::kNotFound) return {};
    if (!note) return std::move(note).error();
    const auto parts = split_note(*note);
    auto checkpoint = parts ? parse_checkpoint(parts->text) : Result<Checkpoint>(parts.error());
    if (!checkpoint || checkpoint->origin != origin) {
      return Error{ErrorCode::kCorrupt, log.path + " should hold the last checkpoint of " + printable(origin) +
                                            " and does not; restore it from a copy. Beginning anew would be to forget "
                                            "what was cosigned"};
    }
    log.checkpoint = *std::move(checkpoint);
    log.note = *std::move(note);
    return {};
  }

  WitnessAnswer add_checkpoint(std::string_view body) override {
    const auto request = parse_add_checkpoint(body);
    if (!request) return refusal(400, request.error().message);
    const auto note = split_note(request->note);
    if (!note) return refusal(400, "what follows the proof is not a signed note");
    const auto checkpoint = parse_checkpoint(note->text);
    if (!checkpoint) return refusal(400, "what follows the proof is not a checkpoint");
    const auto known = logs_.find(checkpoint->origin);
    if (known == logs_.end()) return refusal(404, "this witness does not watch that log");
    const auto signed_note = signed_by(*note, known->second.keys);
    if (!signed_note) return refusal(403, "no signature on the checkpoint is of a key that this witness knows");
    if (request->old_size > checkpoint->size) return refusal(400, "the old size is above the checkpoint's");
    const std::scoped_lock lock(mutex_);
    return judge(known->second, *request, *checkpoint, *signed_note, note->text);
  }

 private:
  /// Compares with what was seen, and remembers. What is in memory is what is on disk, or a step behind it after a
  /// write whose outcome is unknown; nothing was answered then.
  WitnessAnswer judge(WatchedLog& log, const AddCheckpoint& request, const Checkpoint& checkpoint,
                      const std::string& note, std::string_view text) {
    const Checkpoint& seen = log.checkpoint;
    const bool another_root = checkpoint.size == seen.size && checkpoint.root != seen.root;
    if (another_root && !log.note.empty()) keep_evidence(log, request, checkpoint, note, true);
    if (request.old_size != seen.size || another_root) {
      return {409, "text/x.tlog.size", std::to_string(seen.size) + "\n"};
    }
    if (!proves_consistency(request.proof, seen.size, seen.root, checkpoint.size, checkpoint.root)) {
      if (!log.note.empty() && checkpoint.size > seen.size) keep_evidence(log, request, checkpoint, note, false);
      return refusal(422, "the proof does not show that the checkpoint goes on from the one of " +
                              std::to_string(seen.size) + " entries");
    }
    if (note != log.note) {
      if (auto kept = replace_file(system_, log.path, note, Writing::kDurable, 0640); !kept) {
        log_error("witness cannot keep what it saw", {{"why", kept.error().message}});
        return refusal(503, "this witness cannot write to its disk");
      }
      log.checkpoint = checkpoint;
      log.note = note;
    }
    return {200, "text/plain; charset=utf-8", cosigner_.cosign(text, unix_seconds(clock_.now()))};
  }

  void keep_evidence(const WatchedLog& log, const AddCheckpoint& request, const Checkpoint& checkpoint,
                     const std::string& note, bool certain) {
    evidence_.keep({checkpoint.origin, log.key_lines(), log.note, note, request.lines, certain, log.checkpoint.size,
                    checkpoint.size},
                   clock_.now());
  }

  FileSystem& system_ = real_file_system();
  const std::string directory_;
  const Clock& clock_;
  const File lock_;
  const Cosigner cosigner_;
  const std::string verifier_key_;
  std::map<std::string, WatchedLog, std::less<>> logs_;  // by origin; which ones is fixed from open() on
  std::mutex mutex_;                                     // guards what was seen of them
  EvidenceFolder evidence_;                              // same
};

Result<void> make_directories(FileSystem& system, const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), failed);
  for (const char* below : {"", "/logs", "/evidence"}) {
    if (auto made = make_directory(system, directory + below, 0750); !made) return made;
  }
  return sync_directory(system, directory);
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::open(WitnessOptions options) {
  FileSystem& system = real_file_system();
  options.directory = std::filesystem::absolute(options.directory).lexically_normal();
  const std::string directory = options.directory.string();
  if (options.log_keys.empty()) {
    return Error{ErrorCode::kInvalid,
                 "a witness needs a log to watch: --log with the key that 'reeve ledger key' prints"};
  }
  if (auto made = make_directories(system, directory); !made) return std::move(made).error();
  auto lock = open_file(system, directory + "/lock", O_RDWR | O_CREAT, 0640);
  if (!lock) return std::move(lock).error();
  if (system.flock(lock->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kConflict, "another witness works in " + directory + "; stop it first"};
  }
  if (auto sealed = seal_key_file(system, private_key_file(directory)); !sealed) return std::move(sealed).error();
  auto cosigner = load_cosigner(system, private_key_file(directory), options.name, true);
  if (!cosigner && cosigner.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kInvalid, "the witness in " + directory +
                                          " has no key yet; name it: 'reeve ledger witness key --data DIR --name "
                                          "witness.example.com/w1'"};
  }
  if (!cosigner) return std::move(cosigner).error();
  auto witness = std::make_unique<WitnessOnDisk>(options, *std::move(lock), *std::move(cosigner));
  for (const std::string& key : options.log_keys) {
    if (auto watched = witness->watch(key); !watched) return std::move(watched).error();
  }
  return std::unique_ptr<Witness>(std::move(witness));
}

Result<std::string> witness_key(const std::filesystem::path& directory, const std::string& name) {
  FileSystem& system = real_file_system();
  const std::string path = std::filesystem::absolute(directory).lexically_normal().string();
  if (!name.empty()) {
    if (auto made = make_directories(system, path); !made) return std::move(made).error();
  }
  auto cosigner = load_cosigner(system, private_key_file(path), name, true);
  if (!cosigner && cosigner.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kInvalid, "there is no witness in " + path + " yet; make its key with --name"};
  }
  if (!cosigner) return std::move(cosigner).error();
  return cosigner->verifier().text();
}

// ---- Over HTTP

net::ServerLimits witness_server_limits() {
  net::ServerLimits limits;
  limits.body_bytes_max = 256UL << 10U;  // a checkpoint with the signatures of many
  limits.connections_max = 1000;
  limits.body_timeout = std::chrono::seconds(15);
  return limits;
}

Task<void> answer_witness_request(Witness& witness, net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  WitnessAnswer answer = refusal(404, "A witness answers POST /add-checkpoint and GET /healthz.");
  if (head.path == "/add-checkpoint" && head.method == net::Method::kPost) {
    const auto body = co_await exchange.read_body();
    answer = body ? witness.add_checkpoint(*body)
                  : refusal(body.error().code == ErrorCode::kTooLarge ? 413 : 400, body.error().message);
  } else if (head.path == "/add-checkpoint") {
    answer = refusal(405, "add-checkpoint takes POST only");
  } else if (head.path == "/healthz") {
    answer = refusal(200, "ok");
  }
  if (exchange.answer_started()) co_return;
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange.respond(answer.status, {{"content-type", answer.content_type}}, answer.body);
  static_cast<void>(sent);
}

}  // namespace reeve::ledger
