#include "ledger/log.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/committer.h"
#include "ledger/log_keys.h"
#include "ledger/publisher.h"
#include "ledger/recovery.h"

namespace reeve::ledger {

namespace {

/// Suspends until the entry is durable. If the coroutine is destroyed before that, the entry stays and the answer is
/// dropped.
class DurableAppend {
 public:
  DurableAppend(Committer& committer, const Entry& entry, Executor& executor)
      : committer_(committer), entry_(entry), waiter_{.executor = &executor} {}
  DurableAppend(const DurableAppend&) = delete;
  DurableAppend& operator=(const DurableAppend&) = delete;
  ~DurableAppend() {
    if (suspended_) committer_.forget(waiter_);
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    waiter_.handle = handle;
    suspended_ = true;
    // Once queued, another thread may resume and destroy this object at any time.
    if (committer_.submit(entry_, &waiter_)) return true;
    suspended_ = false;
    return false;
  }
  Result<Placed> await_resume() {
    suspended_ = false;
    return *std::move(waiter_.result);
  }

 private:
  Committer& committer_;
  const Entry& entry_;
  Waiter waiter_;
  bool suspended_ = false;
};

/// Where the frame of an entry lies.
struct Place {
  std::uint64_t index = 0, offset = 0;
  std::uint32_t ordinal = 0;
  bool known = false;
};

/// Where the last few reads ended: who follows the log goes on there, and need not look through the segment from its
/// start each time. Thread-safe.
class ReadEnds {
 public:
  /// The last place that is not behind `index`.
  Place find(std::uint64_t index) const {
    const std::scoped_lock lock(mutex_);
    Place best;
    for (const Place& place : places_) {
      if (place.known && place.index <= index && (!best.known || place.index > best.index)) best = place;
    }
    return best;
  }
  void keep(const Place& place) {
    const std::scoped_lock lock(mutex_);
    places_[next_++ % places_.size()] = place;
  }

 private:
  mutable std::mutex mutex_;
  std::array<Place, 8> places_;  // several follow the log
  std::size_t next_ = 0;
};

class LogOnDisk final : public Log {
 public:
  LogOnDisk(const LogOptions& options, FileSystem& system, File lock, std::unique_ptr<SegmentList> segments,
            CheckpointStore checkpoints, Recovered recovered, Duration probe_interval)
      : system_(system),
        lock_(std::move(lock)),
        segments_(std::move(segments)),
        open_intents_(std::move(recovered.open_intents)),
        writer_(system, *segments_, options.segment_bytes, probe_interval),
        probe_interval_(probe_interval),
        tail_offset_(recovered.tail_offset),
        start_{recovered.follower->tree().size(), recovered.last_time},
        publisher_(system, segments_->directory(), options.checkpoint_interval, std::move(recovered.follower),
                   std::move(checkpoints)),
        options_(options) {}
  ~LogOnDisk() override { close(); }

  /// The last step of opening: from here on entries are taken.
  Result<void> start() {
    if (segments_->last()) {
      if (auto resumed = writer_.resume(tail_offset_); !resumed) return resumed;
    } else if (auto begun = writer_.begin_segment(0, whole_microseconds(options_.clock->now())); !begun) {
      return begun;
    }
    committer_.emplace(
        options_, probe_interval_, writer_, stats_, start_,
        [this](std::uint64_t size, std::span<const IntentStep> steps) { publisher_.announce(size, steps); });
    return {};
  }

  Task<Result<Placed>> append(const Entry& entry, Executor& executor) override {
    if (contradicted_) {
      co_return Error{ErrorCode::kConflict,
                      "the ledger takes no calls: a witness contradicts it; the server's log and " +
                          contradiction_path(segments_->directory()) + " say more"};
    }
    co_return co_await DurableAppend(*committer_, entry, executor);
  }
  bool append_later(const Entry& entry) override { return committer_->submit(entry, nullptr); }
  Result<Placed> append_and_wait(const Entry& entry) override {
    PlacedEntries placed = committer_->submit_and_wait(std::span(&entry, 1));
    if (placed.error) return *std::move(placed.error);
    return placed.places.front();
  }
  PlacedEntries append_all_and_wait(std::span<const Entry> entries) override {
    return committer_->submit_and_wait(entries);
  }

  std::span<const OpenIntent> open_intents() const override { return open_intents_; }
  std::uint64_t size() const override { return committer_->size(); }
  std::string checkpoint() const override { return publisher_.checkpoint(); }
  std::string verifier_key() const override { return publisher_.verifier_key(); }
  const LogStats& stats() const override { return stats_; }
  bool writable() const override {
    return stats_.writable.load(std::memory_order_relaxed) && !contradicted_ && !committer_->stalled();
  }

  void stop_signing(const std::string& reason) override {
    publisher_.stop_signing();
    contradicted_ = true;
    const std::string path = contradiction_path(segments_->directory());
    if (auto kept = replace_file(system_, path, reason + "\n", Writing::kDurable, 0640); !kept) {
      log_error("the reason why the ledger stopped cannot be kept", {{"why", kept.error().message}});
    }
  }

  Result<RotatedKey> rotate_key(const KeyRotation& request) override {
    const std::scoped_lock rotating(rotating_);
    if (contradicted_) return Error{ErrorCode::kConflict, "a witness contradicts the ledger; that comes first"};
    const std::string& directory = segments_->directory();
    auto prepared = begin_rotation(system_, directory, options_.origin, request, options_.clock->now());
    if (!prepared) return std::move(prepared).error();
    const KeyStatement& statement = prepared->statement;
    Entry entry;
    entry.kind = kKeyRotatedKind;
    // Where records are numbered, this is one of them; a command that opens the log for nothing else numbers none.
    if (!producers().empty()) entry.producer = &producer("key-rotation");
    entry.detail = prepared->detail;
    const auto placed = append_and_wait(entry);
    // The entry may be written all the same, so what was prepared stays.
    auto done = placed ? publish_statement(system_, directory, statement) : Result<void>(placed.error());
    if (done) done = publisher_.rotate_to(prepared->signer, statement.both_until);
    if (done) done = exchange_keys(system_, directory, statement);
    if (!done) return with_context(std::move(done).error(), "the rotation is finished or dropped by the next start");
    publisher_.rotation_done();
    return RotatedKey{statement.old_key, statement.new_key, statement.both_until, placed->index};
  }

  void close() override {
    const std::scoped_lock closing(closing_);
    if (committer_) committer_->close();
    publisher_.close();
    lock_ = File();
  }

  Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) const override {
    const std::uint64_t end = size();
    if (from >= end) return {};
    FrameCursor cursor(system_, *segments_);
    const Place near = read_ends_.find(from);
    auto sought = near.known ? cursor.seek_near(from, near.index, near.ordinal, near.offset) : cursor.seek(from);
    if (!sought) return sought;
    while (true) {
      auto frame = cursor.next(end);
      if (!frame) return std::move(frame).error();
      if (!*frame || !visit({(*frame)->index, (*frame)->entry})) break;
    }
    read_ends_.keep({cursor.index(), cursor.offset(), cursor.ordinal(), true});
    return {};
  }

 private:
  FileSystem& system_;
  File lock_;
  const std::unique_ptr<SegmentList> segments_;
  mutable ReadEnds read_ends_;
  const std::vector<OpenIntent> open_intents_;
  LogStats stats_;
  SegmentWriter writer_;
  const Duration probe_interval_;
  const std::uint64_t tail_offset_;
  const Committer::Start start_;
  Publisher publisher_;
  const LogOptions options_;
  std::optional<Committer> committer_;
  std::atomic<bool> contradicted_{false};
  std::mutex rotating_;
  std::mutex closing_;  // whoever closes second waits until it is closed
};

/// LogOptions::read_only: everything that reads works.
class LogToRead final : public Log {
 public:
  explicit LogToRead(std::unique_ptr<LogReader> reader) : reader_(std::move(reader)) { stats_.writable = false; }

  Task<Result<Placed>> append(const Entry&, Executor&) override { co_return refusal(); }
  bool append_later(const Entry&) override { return false; }
  Result<Placed> append_and_wait(const Entry&) override { return refusal(); }
  PlacedEntries append_all_and_wait(std::span<const Entry>) override { return {{}, refusal()}; }
  std::span<const OpenIntent> open_intents() const override { return {}; }
  std::uint64_t size() const override { return reader_->size(); }
  std::string checkpoint() const override { return reader_->checkpoint() ? *reader_->checkpoint() : std::string(); }
  std::string verifier_key() const override {
    return reader_->verifier_key() ? *reader_->verifier_key() : std::string();
  }
  const LogStats& stats() const override { return stats_; }
  bool writable() const override { return false; }
  void stop_signing(const std::string&) override {}
  Result<RotatedKey> rotate_key(const KeyRotation&) override { return refusal(); }
  void close() override {}
  Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) const override {
    return reader_->read(from, visit);
  }

 private:
  static Error refusal() { return {ErrorCode::kDenied, "the ledger was opened for reading only"}; }

  const std::unique_ptr<LogReader> reader_;
  LogStats stats_;
};

/// A contradiction that was found stands until a person has looked at it.
Result<void> refuse_contradicted(FileSystem& system, const std::string& directory) {
  const auto reason = read_file(system, contradiction_path(directory));
  if (!reason) return reason.error().code == ErrorCode::kNotFound ? Result<void>() : Result<void>(reason.error());
  return Error{ErrorCode::kConflict, std::string(trim(*reason)) +
                                         ". Going on would sign a second history; restore a newer copy, or keep this "
                                         "one for reading and start a new directory with a new name. If it was a "
                                         "witness's mistake, remove " +
                                         contradiction_path(directory)};
}

Result<void> check_anchor_place(const std::filesystem::path& anchor) {
  std::error_code failed;
  if (anchor.empty() || std::filesystem::is_directory(std::filesystem::absolute(anchor).parent_path(), failed))
    return {};
  return Error{ErrorCode::kInvalid, "the anchor " + anchor.string() + " has no directory to lie in; make it"};
}

Result<File> take_lock(FileSystem& system, const std::string& directory) {
  const std::string path = directory + "/lock";
  auto file = open_file(system, path, O_RDWR | O_CREAT, 0640);
  if (!file) return file;
  if (system.flock(file->descriptor(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
  return Error{ErrorCode::kConflict,
               "another process writes the ledger in " + directory + "; stop it first, or give this one its own data"};
}

Result<void> make_directories(FileSystem& system, const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), failed);
  for (const std::string& path : {directory, segments_directory(directory), public_directory(directory)}) {
    if (auto made = make_directory(system, path, 0750); !made) return made;
  }
  return sync_directory(system, directory);
}

}  // namespace

std::string contradiction_path(const std::string& ledger_directory) { return ledger_directory + "/contradicted"; }
std::string private_key_path(const std::string& ledger_directory) { return ledger_directory + "/private-key"; }
std::string verifier_key_path(const std::string& ledger_directory) {
  return public_directory(ledger_directory) + "/key";
}

bool has_writer(const std::filesystem::path& ledger_directory) {
  FileSystem& system = real_file_system();
  const auto file = open_file(system, (std::filesystem::absolute(ledger_directory) / "lock").string(), O_RDWR);
  return file && system.flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param)
Result<std::unique_ptr<Log>> open_log(LogOptions options, FileSystem& system, Duration probe_interval) {
  if (options.read_only) {
    auto reader = LogReader::open(options.directory);
    if (!reader) return std::move(reader).error();
    return std::unique_ptr<Log>(std::make_unique<LogToRead>(*std::move(reader)));
  }
  const std::string directory = std::filesystem::absolute(options.directory).lexically_normal().string();
  if (auto made = make_directories(system, directory); !made) return std::move(made).error();
  auto lock = take_lock(system, directory);
  if (!lock) return std::move(lock).error();
  if (auto sound = refuse_contradicted(system, directory); !sound) return std::move(sound).error();
  if (auto placed = check_anchor_place(options.anchor); !placed) return std::move(placed).error();

  auto segments = std::make_unique<SegmentList>(directory);
  if (auto found = segments->discover(system); !found) return std::move(found).error();
  const bool fresh = !segments->last() && !read_file(system, checkpoint_path(directory)).ok();
  auto checkpoints = open_checkpoints(system, options, directory, fresh);
  if (!checkpoints) return std::move(checkpoints).error();
  auto recovered = recover(system, *segments, *checkpoints);
  if (!recovered) return checkpoints->explain(std::move(recovered).error());
  // The empty tree is signed before there is any entry, so that a missing checkpoint is always an accident or worse.
  if (!checkpoints->any()) {
    if (auto begun = checkpoints->sign(0, Tree().root()); !begun) return std::move(begun).error();
  }
  auto finished = finish_rotation(system, directory, *segments, recovered->follower->tree().size(), *checkpoints);
  if (!finished) return std::move(finished).error();
  const std::string key_line = checkpoints->signer().verifier_key() + "\n";
  if (auto kept = replace_file(system, verifier_key_path(directory), key_line, Writing::kDurable); !kept) {
    return std::move(kept).error();
  }
  auto log = std::make_unique<LogOnDisk>(options, system, *std::move(lock), std::move(segments),
                                         *std::move(checkpoints), *std::move(recovered), probe_interval);
  if (auto started = log->start(); !started) return std::move(started).error();
  return std::unique_ptr<Log>(std::move(log));
}

Result<std::unique_ptr<Log>> Log::open(LogOptions options) { return open_log(std::move(options), real_file_system()); }

}  // namespace reeve::ledger
