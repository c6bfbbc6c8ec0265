#include <algorithm>
#include <cmath>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/publisher.h"
#include "ledger/tiles.h"
#include "ledger/witness.h"
#include "ledger/witness_call.h"

namespace reeve::ledger {

namespace {

/// How often one checkpoint is sent to a witness that says each time that it stands elsewhere.
constexpr int kAttemptsMax = 3;

/// A witness as the collector sees it. On the loop's thread only, but for the figures.
struct Peer {
  WitnessEndpoint endpoint;
  VerifierKey key;
  WitnessStats* stats = nullptr;
  std::uint64_t known_size = 0;  // what it cosigned last, as far as we know
  bool busy = false;             // a request is under way
  Moment not_before{};
  Duration backoff{};  // 0 after a success
};

/// One checkpoint and who has cosigned it.
struct Round {
  Checkpoint checkpoint;
  std::string note;
  std::vector<std::string> lines;  // by peer; empty: not yet
  std::size_t pending = 0;         // requests under way for it

  std::size_t cosigned() const {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [](const auto& l) { return !l.empty(); }));
  }
};

class Collector final : public CosignatureCollector {
 public:
  Collector(CosigningOptions options, Hooks hooks, std::unique_ptr<net::Runtime> runtime)
      : options_(std::move(options)),
        hooks_(std::move(hooks)),
        path_(cosigned_checkpoint_path(options_.directory.string())),
        tiles_(options_.directory),
        runtime_(std::move(runtime)) {}
  ~Collector() override { stop(); }

  Result<void> begin() {
    for (const WitnessEndpoint& endpoint : options_.witnesses) {
      auto key = parse_verifier_key(endpoint.key);
      if (!key) return std::move(key).error();
      stats_.push_back(std::make_unique<WitnessStats>());
      stats_.back()->name = key->name;
      peers_.push_back({endpoint, *std::move(key), stats_.back().get()});
    }
    auto client = net::Client::create(loop(), witness_client_limits(options_.answer_timeout), options_.tls);
    if (!client) return std::move(client).error();
    client_ = *std::move(client);
    remember_cosigned();
    loop().post([this] { start_detached(run()); });
    runtime_->start();
    return {};
  }

  std::size_t quorum() const override { return options_.quorum; }
  const std::vector<std::unique_ptr<WitnessStats>>& witnesses() const override { return stats_; }
  std::uint64_t cosigned_size() const override { return cosigned_size_.load(); }
  Duration behind() const override {
    const std::int64_t since = behind_since_.load();
    return since == 0 ? Duration() : std::chrono::steady_clock::now().time_since_epoch() - Duration(since);
  }
  void stop() override { runtime_->stop(); }

 private:
  net::Loop& loop() { return runtime_->loop(0); }
  /// Another may have taken over since the start.
  std::string log_key() const { return hooks_.log_key ? hooks_.log_key() : options_.log_key; }

  /// What was cosigned before this process began.
  void remember_cosigned() {
    const auto note = read_file(system_, path_);
    const auto cosigned = note ? open_checkpoint(*note, log_key()) : Result<Checkpoint>(note.error());
    const auto newest = open_checkpoint(hooks_.checkpoint(), log_key());
    if (!cosigned || !newest || cosigned->size > newest->size) return;
    cosigned_size_ = cosigned->size;
    for (Peer& peer : peers_) {
      if (!find_cosignature(*note, peer.endpoint.key)) continue;
      peer.known_size = cosigned->size;
      peer.stats->cosigned_size = cosigned->size;
    }
  }

  Task<void> run() {
    while (!contradicted_) {
      look();
      co_await loop().sleep(options_.interval);
    }
  }

  /// Begins a round when there is a new checkpoint; goes on with the last one while it lacks somebody. A round without
  /// a quorum ends only when everybody that was asked has answered or was given up: all of them must be asked for the
  /// same checkpoint, or slow ones would never agree.
  void look() {
    if (round_ && round_->pending > 0 && round_->cosigned() < options_.quorum) return warn_when_behind();
    std::string note = hooks_.checkpoint();
    const auto newest = open_checkpoint(note, log_key());
    if (!newest || newest->size == 0) return;
    if (!round_ || round_->checkpoint.size != newest->size) {
      round_ = std::make_shared<Round>(Round{*newest, std::move(note), std::vector<std::string>(peers_.size()), 0});
      if (newest->size > cosigned_size_ && behind_since_ == 0) {
        behind_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
      }
    }
    const Moment now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      Peer& peer = peers_[i];
      if (peer.busy || now < peer.not_before || !round_->lines[i].empty()) continue;
      peer.busy = true;
      ++round_->pending;
      start_detached(ask(i, round_));
    }
    warn_when_behind();
  }

  Task<void> ask(std::size_t index, std::shared_ptr<Round> round) {
    Peer& peer = peers_[index];
    const Result<std::string> line = co_await cosignature_of(peer, *round);
    peer.busy = false;
    --round->pending;
    if (!line) {
      failed(peer, line.error());
      co_return;
    }
    // An empty one: it stands beyond this checkpoint, and is asked again with the next.
    if (line->empty()) co_return;
    if (!peer.stats->reachable.exchange(true)) log_info("witness cosigns", {{"witness", peer.key.name}});
    ++peer.stats->cosignatures;
    peer.stats->cosigned_size = peer.known_size = round->checkpoint.size;
    peer.backoff = {};
    round->lines[index] = *line;
    publish(*round);
  }

  Task<Result<std::string>> cosignature_of(Peer& peer, const Round& round) {
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const std::uint64_t old_size = peer.known_size;
      if (old_size > round.checkpoint.size) co_return std::string();
      const auto body = request_body(old_size, round);
      if (!body) co_return body.error();
      const auto answer = co_await call_witness(*client_, peer.endpoint.url, *body);
      if (!answer) co_return answer.error();
      if (answer->status == 200) co_return right_line(peer, round, answer->body);
      if (answer->status == 409) {
        const auto size = size_in_conflict(answer->body);
        if (!size) co_return Error{ErrorCode::kUnavailable, "it answered 409 without a size"};
        if (auto judged = judge_conflict(peer, round, old_size, *size); !judged) co_return judged.error();
        peer.known_size = *size;
        continue;
      }
      co_return refused(peer, answer->status, old_size);
    }
    co_return Error{ErrorCode::kUnavailable, "it stands elsewhere each time it is asked"};
  }

  /// Our own proof is checked first, so that a witness that does not take it must have seen something else.
  Result<std::string> request_body(std::uint64_t old_size, const Round& round) {
    auto old_root = tiles_.root(old_size);
    if (!old_root) return with_context(std::move(old_root).error(), "tiles");
    auto proof = tiles_.consistency(old_size, round.checkpoint.size);
    if (!proof) return with_context(std::move(proof).error(), "tiles");
    if (!proves_consistency(*proof, old_size, *old_root, round.checkpoint.size, round.checkpoint.root)) {
      return Error{ErrorCode::kCorrupt,
                   "the ledger's tiles do not lead to its checkpoint; 'reeve ledger verify' says "
                   "more, and opening the ledger makes them again"};
    }
    return encode_add_checkpoint(old_size, *proof, round.note);
  }

  /// An error when the witness saw what this log never signed.
  Result<void> judge_conflict(const Peer& peer, const Round& round, std::uint64_t old_size, std::uint64_t size) {
    // Out of its file: whoever showed the witness a newer one has it from there, before the hook knows it.
    const auto note = read_file(system_, checkpoint_path(options_.directory.string()));
    const auto newest = note ? open_checkpoint(*note, log_key()) : Result<Checkpoint>(note.error());
    if (!newest) return Error{ErrorCode::kUnavailable, "the log's own checkpoint cannot be read"};
    const std::uint64_t signed_size = std::max(newest->size, round.checkpoint.size);
    if (size > signed_size) return contradicted(saw_more(peer.key.name, size, signed_size));
    if (size == old_size && size == round.checkpoint.size) return contradicted(saw_another(peer.key.name, size));
    if (size == old_size) return Error{ErrorCode::kUnavailable, "it answered 409 with the size that it was sent"};
    return {};
  }

  Error refused(const Peer& peer, int status, std::uint64_t old_size) {
    switch (status) {
      case 404:
        return {ErrorCode::kDenied,
                "it does not watch this log; its owner has to add the key that 'reeve "
                "ledger key' prints"};
      case 403:
        return {ErrorCode::kDenied,
                "it knows this log with another key; its owner has to add the key that "
                "'reeve ledger key' prints"};
      case 422:
        return contradicted("witness " + peer.key.name + " cosigned " + std::to_string(old_size) +
                            " entries of this log, and they are not the ones that are in it now");
      default: return {ErrorCode::kUnavailable, "it answered " + std::to_string(status)};
    }
  }

  Result<std::string> right_line(const Peer& peer, const Round& round, std::string_view lines) {
    auto found = find_cosignature(round.note + std::string(lines), peer.endpoint.key);
    if (!found) return Error{ErrorCode::kUnavailable, "its answer holds no cosignature of its key"};
    return std::move(found->line);
  }

  Error contradicted(const std::string& what) {
    const std::string reason = what + ": the log was restored from an older copy, or somebody has another one";
    if (!contradicted_) {
      contradicted_ = true;
      log_error("a witness contradicts the ledger", {{"why", reason}});
      hooks_.contradicted(reason);
    }
    return {ErrorCode::kConflict, reason};
  }

  void failed(Peer& peer, const Error& error) {
    ++peer.stats->failures;
    // Told once each time that it stops answering, not with every attempt.
    if (peer.backoff == Duration() || peer.stats->reachable.exchange(false)) {
      log_warning("witness does not cosign", {{"witness", peer.key.name}, {"why", error.message}});
    }
    peer.stats->reachable = false;
    const Duration longest = options_.backoff_most;
    // One that refuses will not change its mind within seconds.
    peer.backoff = error.code == ErrorCode::kDenied ? longest
                   : peer.backoff == Duration()     ? options_.backoff_first
                                                    : std::min(longest, 2 * peer.backoff);
    peer.not_before = std::chrono::steady_clock::now() + peer.backoff;
  }

  void publish(const Round& round) {
    if (round.cosigned() < options_.quorum || round.checkpoint.size < cosigned_size_) return;
    std::string note = round.note;
    for (const std::string& line : round.lines) note += line;
    // Not synced: after a crash an older one, or none, is no harm; the next checkpoint brings another.
    if (auto kept = replace_file(system_, path_, note, Writing::kCached); !kept) {
      return log_warning("cosigned checkpoint cannot be kept", {{"why", kept.error().message}});
    }
    cosigned_size_ = round.checkpoint.size;
    if (round_ && round_->checkpoint.size == round.checkpoint.size) behind_since_ = 0;
    if (std::exchange(warned_, false))
      log_info("a quorum of witnesses cosigns again", {{"size", cosigned_size_.load()}});
  }

  void warn_when_behind() {
    if (warned_ || behind() < options_.behind_warning) return;
    warned_ = true;
    log_warning("checkpoints lack a quorum of cosignatures",
                {{"for", format_duration(std::chrono::floor<std::chrono::seconds>(behind()))},
                 {"cosigned_size", cosigned_size_.load()},
                 {"quorum", options_.quorum},
                 {"witnesses", peers_.size()}});
  }

  FileSystem& system_ = real_file_system();
  const CosigningOptions options_;
  const Hooks hooks_;
  const std::string path_;
  std::vector<std::unique_ptr<WitnessStats>> stats_;
  std::atomic<std::uint64_t> cosigned_size_{0};
  std::atomic<std::int64_t> behind_since_{0};  // of the steady clock; 0: not behind
  // From here on the loop's own.
  TileReader tiles_;
  std::vector<Peer> peers_;
  std::shared_ptr<Round> round_;
  bool contradicted_ = false;
  bool warned_ = false;
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<net::Client> client_;
};

}  // namespace

Result<std::unique_ptr<CosignatureCollector>> CosignatureCollector::start(CosigningOptions options, Hooks hooks) {
  if (options.quorum == 0 || options.quorum > options.witnesses.size()) {
    return Error{ErrorCode::kInvalid, "a quorum of " + std::to_string(options.quorum) + " cannot be met by " +
                                          std::to_string(options.witnesses.size()) + " witnesses"};
  }
  auto runtime = net::Runtime::create(1);
  if (!runtime) return std::move(runtime).error();
  auto collector = std::make_unique<Collector>(std::move(options), std::move(hooks), *std::move(runtime));
  if (auto begun = collector->begin(); !begun) return std::move(begun).error();
  return std::unique_ptr<CosignatureCollector>(std::move(collector));
}

}  // namespace reeve::ledger
