#include "ledger/content_vault.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "core/log.h"
#include "ledger/background.h"
#include "ledger/content_record.h"

namespace reeve::ledger {

namespace {

constexpr Duration kSegmentAge = std::chrono::hours(24);
constexpr Duration kBetweenCleanings = std::chrono::minutes(10);
constexpr std::size_t kContentBytesMax = 512UL << 20U;
constexpr std::size_t kSyncedKeysMax = 10'000;

/// Someone who waits for a record to be durable: a coroutine on an executor, or a thread.
struct ContentWaiter {
  std::coroutine_handle<> handle = {};
  Executor* executor = nullptr;
  std::condition_variable* thread = nullptr;
  std::optional<Result<SealedContent>> result = {};
};

/// Appends records to segments. A segment in which a write failed is left: what is behind the last good record in it is
/// nobody's. One thread.
class ContentWriter {
 public:
  ContentWriter(const ContentVaultOptions& options, FileSystem& system)
      : options_(options), system_(system), directory_(options.directory.string()), keys_(options.root_key) {}

  /// Where the record lies once sync() says that it is durable.
  Result<SealedContent> write(const ContentToSeal& content);
  Result<void> sync();
  /// After a failure: whatever was not synced is lost.
  void abandon_segment();
  /// Behind each group: a key may have been erased by another process, and none of it stays here.
  void forget_keys() { subject_keys_.clear(); }
  Result<void> drop_old();
  std::uint64_t synced_bytes() const { return synced_bytes_; }

 private:
  std::string class_of(const ContentToSeal& content) const;
  Result<SubjectKey> durable_key(const KeyPlace& place);
  Result<void> begin_segment();
  Result<void> drop_old_segments(Instant now, const HeldSubjects& held);

  const ContentVaultOptions& options_;
  FileSystem& system_;
  const std::string directory_;
  const ContentKeys keys_;
  std::map<std::string, SubjectKey> subject_keys_;  // by subject, day and class
  std::set<std::string> synced_keys_;               // ids of keys that are on disk
  File file_;
  std::string path_;
  std::uint64_t segment_ = 0;  // milliseconds since 1970, or one more than the last: never used twice
  Instant segment_begun_;
  std::uint64_t offset_ = 0;         // where the next record goes
  std::uint64_t synced_offset_ = 0;  // of this segment
  std::uint64_t synced_bytes_ = 0;   // of all
};

Result<void> ContentWriter::begin_segment() {
  auto segments = content_segments(system_, directory_);
  if (!segments) return std::move(segments).error();
  segment_begun_ = options_.clock->now();
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(segment_begun_.nanoseconds / 1'000'000, 0));
  segment_ = std::max({now, segment_ + 1, segments->empty() ? 0 : segments->back() + 1});
  path_ = content_segment_path(directory_, segment_);
  auto file = open_file(system_, path_, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  offset_ = synced_offset_ = 0;
  const std::string header = content_segment_header();
  auto written = write_fully(system_, file_, path_, header, 0);
  if (written) written = sync_data(system_, file_, path_);
  if (written) written = sync_directory(system_, directory_);
  if (!written) {
    abandon_segment();
    return written;
  }
  offset_ = synced_offset_ = header.size();
  return {};
}

void ContentWriter::abandon_segment() {
  if (!file_) return;
  file_ = File();
  // Without a record that somebody was promised it is only in the way.
  if (synced_offset_ <= kContentSegmentHeaderBytes) system_.unlink(path_);
}

std::string ContentWriter::class_of(const ContentToSeal& content) const {
  auto shortest = options_.keep_classes.end();
  for (const std::string& name : content.classes) {
    const auto known = options_.keep_classes.find(name);
    if (known == options_.keep_classes.end()) continue;
    if (shortest == options_.keep_classes.end() || known->second < shortest->second) shortest = known;
  }
  return shortest == options_.keep_classes.end() ? std::string() : shortest->first;
}

/// A key that is there may not be on disk yet. Once for each key, because it is asked for with each group.
Result<SubjectKey> ContentWriter::durable_key(const KeyPlace& place) {
  auto key = subject_key(system_, directory_, keys_, place);
  if (!key || synced_keys_.contains(key->id)) return key;
  if (auto synced = sync_subject_key(system_, directory_, place); !synced) return std::move(synced).error();
  if (synced_keys_.size() == kSyncedKeysMax) synced_keys_.clear();
  synced_keys_.insert(key->id);
  return key;
}

Result<SealedContent> ContentWriter::write(const ContentToSeal& content) {
  const Instant now = options_.clock->now();
  const KeyPlace place{keys_.subject_bytes(content.subject), day_of(now), class_of(content)};
  const std::string known_as = place.subject_bytes + std::to_string(place.day) + "-" + place.class_name;
  auto known = subject_keys_.find(known_as);
  if (known == subject_keys_.end()) {
    auto key = durable_key(place);
    if (!key) return std::move(key).error();
    known = subject_keys_.emplace(known_as, *std::move(key)).first;
  }
  const bool is_full = offset_ >= options_.segment_bytes || now - segment_begun_ >= kSegmentAge || now < segment_begun_;
  if (file_ && is_full) {
    if (auto synced = sync(); !synced) return std::move(synced).error();
    file_ = File();
  }
  if (!file_) {
    if (auto begun = begin_segment(); !begun) return std::move(begun).error();
  }
  const std::string record = encode_content_record(content, place.subject_bytes, known->second, now);
  if (auto written = write_fully(system_, file_, path_, record, offset_); !written) return std::move(written).error();
  SealedContent sealed{keys_.commit(record), content.kind, segment_, offset_, place.class_name};
  offset_ += record.size();
  return sealed;
}

Result<void> ContentWriter::sync() {
  if (!file_ || offset_ == synced_offset_) return {};
  if (auto synced = sync_data(system_, file_, path_); !synced) return synced;
  synced_bytes_ += offset_ - synced_offset_;
  synced_offset_ = offset_;
  return {};
}

Result<void> ContentWriter::drop_old() {
  auto lock = lock_content_keys(system_, directory_);
  if (!lock) return std::move(lock).error();
  auto held = held_subjects(system_, directory_);
  if (!held) return std::move(held).error();
  if (held->everybody) return {};
  const Instant now = options_.clock->now();
  auto destroyed = erase_keys_where(system_, directory_, [&](const KeyPlace& place) {
    const auto of_class = options_.keep_classes.find(place.class_name);
    const Duration keep = of_class == options_.keep_classes.end() ? options_.keep : of_class->second;
    return day_of(now - keep) > place.day && !held->holds(place.subject_bytes);
  });
  if (!destroyed) return std::move(destroyed).error();
  return drop_old_segments(now, *held);
}

Result<void> ContentWriter::drop_old_segments(Instant now, const HeldSubjects& held) {
  auto segments = content_segments(system_, directory_);
  if (!segments) return std::move(segments).error();
  // Its last record is at most a day younger than the segment.
  const Instant limit = now - options_.keep - kSegmentAge;
  bool dropped = false;
  for (const std::uint64_t segment : *segments) {
    if (static_cast<std::int64_t>(segment) > limit.nanoseconds / 1'000'000 || (file_ && segment == segment_)) continue;
    const std::string path = content_segment_path(directory_, segment);
    if (!held.none() && segment_speaks_of(system_, path, held.subjects)) continue;
    if (system_.unlink(path) != 0 && errno != ENOENT) return file_error("remove", path, errno);
    dropped = true;
  }
  return dropped ? sync_directory(system_, directory_) : Result<void>();
}

class ContentVaultOnDisk final : public ContentVault {
 public:
  ContentVaultOnDisk(const ContentVaultOptions& options, FileSystem& system, File lock)
      : options_(options), lock_(std::move(lock)), writer_(options_, system), thread_([this] { run(); }) {}
  ~ContentVaultOnDisk() override { close(); }

  Task<Result<SealedContent>> seal(ContentToSeal content, Executor& executor) override;
  Result<SealedContent> seal_and_wait(ContentToSeal content) override;
  const ContentVaultStats& stats() const override { return stats_; }
  void close() override;

  bool submit(ContentToSeal content, ContentWaiter& waiter);
  void forget(const ContentWaiter& waiter);

 private:
  struct Item {
    ContentToSeal content;
    ContentWaiter* waiter = nullptr;  // guarded by mutex_
  };

  void run();
  void write_group(std::vector<Item>& group);
  void answer(std::vector<Item>& group, std::vector<Result<SealedContent>> results);
  bool stalled() const;

  const ContentVaultOptions options_;
  ContentVaultStats stats_;
  std::atomic<Moment::rep> writing_since_{0};  // when the group that is being written was begun; 0: none is

  std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Item> queue_;       // guarded by mutex_
  std::vector<Item> in_flight_;   // its waiters are guarded
  std::size_t queued_bytes_ = 0;  // of both; guarded
  bool closing_ = false;          // guarded
  bool closed_ = false;           // guarded

  File lock_;
  ContentWriter writer_;  // the thread's own
  Moment cleaned_{};      // likewise
  std::thread thread_;
};

/// Suspends until the record is durable. If the coroutine is destroyed before that, the record stays and the answer is
/// dropped.
class DurableSeal {
 public:
  DurableSeal(ContentVaultOnDisk& vault, ContentToSeal content, Executor& executor)
      : vault_(vault), content_(std::move(content)), waiter_{.executor = &executor} {}
  DurableSeal(const DurableSeal&) = delete;
  DurableSeal& operator=(const DurableSeal&) = delete;
  ~DurableSeal() {
    if (suspended_) vault_.forget(waiter_);
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    waiter_.handle = handle;
    suspended_ = true;
    // Once queued, another thread may resume and destroy this object at any time.
    if (vault_.submit(std::move(content_), waiter_)) return true;
    suspended_ = false;
    return false;
  }
  Result<SealedContent> await_resume() {
    suspended_ = false;
    return *std::move(waiter_.result);
  }

 private:
  ContentVaultOnDisk& vault_;
  ContentToSeal content_;
  ContentWaiter waiter_;
  bool suspended_ = false;
};

Task<Result<SealedContent>> ContentVaultOnDisk::seal(ContentToSeal content, Executor& executor) {
  co_return co_await DurableSeal(*this, std::move(content), executor);
}

Result<SealedContent> ContentVaultOnDisk::seal_and_wait(ContentToSeal content) {
  std::condition_variable answered;
  ContentWaiter waiter{.thread = &answered};
  if (!submit(std::move(content), waiter)) return *std::move(waiter.result);
  std::unique_lock lock(mutex_);
  answered.wait(lock, [&waiter] { return waiter.result.has_value(); });
  return *std::move(waiter.result);
}

bool ContentVaultOnDisk::stalled() const {
  const Moment::rep since = writing_since_.load(std::memory_order_relaxed);
  return since != 0 && options_.clock->steady() - Moment(Moment::duration(since)) > options_.stall_max;
}

/// False when it cannot be queued: the reason is the waiter's result then.
bool ContentVaultOnDisk::submit(ContentToSeal content, ContentWaiter& waiter) {
  const std::size_t bytes = content.bytes.size() + kContentRecordHeaderBytes;
  const std::scoped_lock lock(mutex_);
  if (closing_) {
    waiter.result = Error{ErrorCode::kClosed, "content is not sealed any more: this server is stopping"};
  } else if (stalled()) {
    waiter.result = Error{ErrorCode::kUnavailable, "content cannot be sealed now: the disk does not answer"};
  } else if (bytes > kContentBytesMax || queued_bytes_ + bytes > options_.queue_bytes_max) {
    waiter.result = Error{ErrorCode::kUnavailable, "content cannot be sealed now: too much of it waits for the disk"};
  }
  if (waiter.result) {
    ++stats_.failures;
    return false;
  }
  queued_bytes_ += bytes;
  queue_.push_back({std::move(content), &waiter});
  work_.notify_one();
  return true;
}

void ContentVaultOnDisk::forget(const ContentWaiter& waiter) {
  const std::scoped_lock lock(mutex_);
  for (std::vector<Item>* items : {&queue_, &in_flight_}) {
    for (Item& item : *items) {
      if (item.waiter == &waiter) item.waiter = nullptr;
    }
  }
}

void ContentVaultOnDisk::run() {
  begin_background_thread("content-seal");
  while (true) {
    const Moment now = options_.clock->steady();
    if (cleaned_ == Moment{} || now - cleaned_ >= kBetweenCleanings) {
      cleaned_ = now;
      if (auto dropped = writer_.drop_old(); !dropped) {
        log_warning("old sealed content was not removed", {{"why", dropped.error().message}});
      }
    }
    {
      std::unique_lock lock(mutex_);
      work_.wait_for(lock, std::chrono::minutes(1), [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty() && closing_) return;
      in_flight_ = std::exchange(queue_, {});
    }
    if (in_flight_.empty()) continue;
    writing_since_ = std::max<Moment::rep>(options_.clock->steady().time_since_epoch().count(), 1);
    write_group(in_flight_);
    writing_since_ = 0;
  }
}

void ContentVaultOnDisk::write_group(std::vector<Item>& group) {
  const std::uint64_t bytes_before = writer_.synced_bytes();
  std::vector<Result<SealedContent>> results;
  results.reserve(group.size());
  std::optional<Error> failure;
  for (const Item& item : group) {
    if (failure) {
      results.emplace_back(*failure);
      continue;
    }
    results.push_back(writer_.write(item.content));
    // A subject's damaged key is that subject's misfortune; everything else is everybody's.
    const bool is_fault = !results.back() && results.back().error().code != ErrorCode::kCorrupt;
    if (is_fault) failure = results.back().error();
  }
  if (!failure) {
    if (auto synced = writer_.sync(); !synced) failure = std::move(synced).error();
  }
  if (failure) {
    writer_.abandon_segment();
    for (auto& result : results) {
      if (result) result = *failure;
    }
  }
  writer_.forget_keys();
  stats_.bytes += writer_.synced_bytes() - bytes_before;
  answer(group, std::move(results));
}

void ContentVaultOnDisk::answer(std::vector<Item>& group, std::vector<Result<SealedContent>> results) {
  std::map<Executor*, std::vector<std::coroutine_handle<>>> handles;
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < group.size(); ++i) {
      ++(results[i] ? stats_.records : stats_.failures);
      queued_bytes_ -= group[i].content.bytes.size() + kContentRecordHeaderBytes;
      ContentWaiter* waiter = std::exchange(group[i].waiter, nullptr);
      if (waiter == nullptr) continue;
      waiter->result = std::move(results[i]);
      if (waiter->thread != nullptr) waiter->thread->notify_one();
      if (waiter->executor != nullptr) handles[waiter->executor].push_back(waiter->handle);
    }
    group.clear();
  }
  for (const auto& [executor, waiting] : handles) executor->resume_later(waiting);
}

void ContentVaultOnDisk::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
    if (std::exchange(closed_, true)) return;
  }
  work_.notify_one();
  thread_.join();
  lock_ = File();
}

Result<File> take_lock(FileSystem& system, const std::string& directory) {
  const std::string path = directory + "/lock";
  auto file = open_file(system, path, O_RDWR | O_CREAT, 0600);
  if (!file) return file;
  if (system.flock(file->descriptor(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
  return Error{ErrorCode::kConflict, "another process writes the content in " + directory + "; stop it first"};
}

}  // namespace

Result<std::unique_ptr<ContentVault>> open_content_vault(const ContentVaultOptions& options, FileSystem& system) {
  const std::string directory = options.directory.string();
  std::error_code failed;
  std::filesystem::create_directories(options.directory.parent_path(), failed);
  for (const std::string& path : {directory, directory + "/keys", directory + "/subjects"}) {
    if (auto made = make_directory(system, path, 0700); !made) return std::move(made).error();
  }
  auto lock = take_lock(system, directory);
  if (!lock) return std::move(lock).error();
  if (auto synced = sync_directory(system, directory); !synced) return std::move(synced).error();
  return std::unique_ptr<ContentVault>(std::make_unique<ContentVaultOnDisk>(options, system, *std::move(lock)));
}

Result<std::unique_ptr<ContentVault>> ContentVault::open(const ContentVaultOptions& options) {
  return open_content_vault(options, real_file_system());
}

}  // namespace reeve::ledger
