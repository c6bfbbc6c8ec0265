#include "ledger/log.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <mutex>

#include "core/log.h"
#include "ledger/committer.h"
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
    committer_.emplace(options_, probe_interval_, writer_, stats_, start_,
                       [this](std::uint64_t size) { publisher_.announce(size); });
    return {};
  }

  Task<Result<Placed>> append(const Entry& entry, Executor& executor) override {
    co_return co_await DurableAppend(*committer_, entry, executor);
  }
  bool append_later(const Entry& entry) override { return committer_->submit(entry, nullptr); }
  Result<Placed> append_and_wait(const Entry& entry) override { return committer_->submit_and_wait(entry); }

  std::span<const OpenIntent> open_intents() const override { return open_intents_; }
  std::uint64_t size() const override { return committer_->size(); }
  std::string checkpoint() const override { return publisher_.checkpoint(); }
  std::string verifier_key() const override { return publisher_.verifier_key(); }
  const LogStats& stats() const override { return stats_; }
  bool writable() const override { return stats_.writable.load(std::memory_order_relaxed) && !committer_->stalled(); }

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
    if (auto sought = cursor.seek(from); !sought) return sought;
    while (true) {
      auto frame = cursor.next(end);
      if (!frame) return std::move(frame).error();
      if (!*frame || !visit({(*frame)->index, (*frame)->entry})) return {};
    }
  }

 private:
  FileSystem& system_;
  File lock_;
  const std::unique_ptr<SegmentList> segments_;
  const std::vector<OpenIntent> open_intents_;
  LogStats stats_;
  SegmentWriter writer_;
  const Duration probe_interval_;
  const std::uint64_t tail_offset_;
  const Committer::Start start_;
  Publisher publisher_;
  const LogOptions options_;
  std::optional<Committer> committer_;
  std::mutex closing_;  // whoever closes second waits until it is closed
};

/// LogOptions::read_only: everything that reads works.
class LogToRead final : public Log {
 public:
  explicit LogToRead(std::unique_ptr<LogReader> reader) : reader_(std::move(reader)) { stats_.writable = false; }

  Task<Result<Placed>> append(const Entry&, Executor&) override { co_return refusal(); }
  bool append_later(const Entry&) override { return false; }
  Result<Placed> append_and_wait(const Entry&) override { return refusal(); }
  std::span<const OpenIntent> open_intents() const override { return {}; }
  std::uint64_t size() const override { return reader_->size(); }
  std::string checkpoint() const override { return reader_->checkpoint() ? *reader_->checkpoint() : std::string(); }
  std::string verifier_key() const override {
    return reader_->verifier_key() ? *reader_->verifier_key() : std::string();
  }
  const LogStats& stats() const override { return stats_; }
  bool writable() const override { return false; }
  void close() override {}
  Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) const override {
    return reader_->read(from, visit);
  }

 private:
  static Error refusal() { return {ErrorCode::kDenied, "the ledger was opened for reading only"}; }

  const std::unique_ptr<LogReader> reader_;
  LogStats stats_;
};

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

/// The key is made on the first opening only: a log that has segments or a checkpoint must have one.
Result<CheckpointStore> open_checkpoints(FileSystem& system, const LogOptions& options, const std::string& directory,
                                         bool fresh) {
  auto signer = load_signer(system, private_key_path(directory), options.origin, fresh);
  if (!signer && signer.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kCorrupt, private_key_path(directory) +
                                          " is missing although the log has begun; restore it from a copy, or start a "
                                          "new directory with a new name"};
  }
  if (!signer) return std::move(signer).error();
  CheckpointStore checkpoints(system, directory, options.anchor.string(), *std::move(signer));
  if (auto loaded = checkpoints.load(); !loaded) return std::move(loaded).error();
  return checkpoints;
}

}  // namespace

std::string private_key_path(const std::string& ledger_directory) { return ledger_directory + "/private-key"; }
std::string verifier_key_path(const std::string& ledger_directory) {
  return public_directory(ledger_directory) + "/key";
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

  auto segments = std::make_unique<SegmentList>(directory);
  if (auto found = segments->discover(system); !found) return std::move(found).error();
  const bool fresh = !segments->last() && !read_file(system, checkpoint_path(directory)).ok();
  auto checkpoints = open_checkpoints(system, options, directory, fresh);
  if (!checkpoints) return std::move(checkpoints).error();
  auto recovered = recover(system, *segments, *checkpoints);
  if (!recovered) return std::move(recovered).error();
  // The empty tree is signed before there is any entry, so that a missing checkpoint is always an accident or worse.
  if (!checkpoints->any()) {
    if (auto begun = checkpoints->sign(0, Tree().root()); !begun) return std::move(begun).error();
  }
  const std::string key_line = checkpoints->signer().verifier_key() + "\n";
  if (auto kept = replace_file(system, verifier_key_path(directory), key_line, true); !kept) {
    return std::move(kept).error();
  }
  auto log = std::make_unique<LogOnDisk>(options, system, *std::move(lock), std::move(segments),
                                         *std::move(checkpoints), *std::move(recovered), probe_interval);
  if (auto started = log->start(); !started) return std::move(started).error();
  return std::unique_ptr<Log>(std::move(log));
}

Result<std::unique_ptr<Log>> Log::open(LogOptions options) { return open_log(std::move(options), real_file_system()); }

}  // namespace reeve::ledger
