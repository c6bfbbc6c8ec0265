#include "reeve/call_stream.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/json_members.h"

namespace reeve::app {

namespace {

constexpr std::size_t kBatchBytes = 256UL << 10U;
constexpr std::size_t kBatchesWaitingMax = 16;
constexpr auto kOutcomesFollowWithin = std::chrono::hours(24);
/// How many entries pass between looks at the clock and at their time.
constexpr std::uint64_t kEntriesBetweenLooks = 1024;

/// Entries one behind the other.
struct Batch {
  std::string bytes;
  std::vector<std::size_t> ends;

  void add(std::string_view entry) {
    bytes.append(entry);
    ends.push_back(bytes.size());
  }
};

/// One worker's batches: filled by the reader, which waits while too many are waiting.
class BatchQueue {
 public:
  void push(Batch& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < kBatchesWaitingMax; });
    waiting_.push_back(std::move(batch));
    batch = {};
    if (!spare_.empty()) {
      batch = std::move(spare_.back());
      spare_.pop_back();
    }
    changed_.notify_all();
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  /// Gives the used batch back for its memory. False when all is done.
  bool pop(Batch& batch) {
    std::unique_lock lock(mutex_);
    if (batch.bytes.capacity() > 0) {
      batch.bytes.clear();
      batch.ends.clear();
      spare_.push_back(std::move(batch));
    }
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return false;
    batch = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  std::vector<Batch> spare_;
  bool closed_ = false;
};

/// A quote inside a text stands behind a backslash, so this is found only where a member of that name begins. Looked
/// for without its first quote, as there are many quotes.
std::string_view request_id_of(std::string_view entry) {
  constexpr std::string_view kMember = "request_id\":\"";
  for (std::size_t at = entry.find(kMember); at != std::string_view::npos; at = entry.find(kMember, at + 1)) {
    if (at == 0 || entry[at - 1] != '"') continue;
    entry.remove_prefix(at + kMember.size());
    return entry.substr(0, entry.find('"'));
  }
  return {};
}

/// "37 %", once in a while.
class Progress {
 public:
  Progress(bool wanted, std::uint64_t from, std::uint64_t end)
      : shown_(wanted && ::isatty(STDERR_FILENO) == 1), from_(from), end_(end) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }
  void at(std::uint64_t index) {
    const Moment now = std::chrono::steady_clock::now();
    if (!shown_ || end_ <= from_ || now - last_ < std::chrono::milliseconds(250)) return;
    last_ = now;
    std::fprintf(stderr, "\r%3llu %% of %llu entries",
                 static_cast<unsigned long long>(std::min<std::uint64_t>((index - from_) * 100 / (end_ - from_), 100)),
                 static_cast<unsigned long long>(end_ - from_));
  }

 private:
  bool shown_;
  std::uint64_t from_, end_;
  Moment last_ = std::chrono::steady_clock::now();
};

/// The reading side: which entries, and which worker gets them.
class Distributor {
 public:
  Distributor(const CallWindow& window, std::vector<BatchQueue>& queues) : window_(window), queues_(queues) {
    filling_.resize(queues.size());
  }

  /// False when nothing more is of interest.
  bool take(const ledger::StoredEntry& stored) {
    if (!begun_) {
      const auto time = entry_time(stored.bytes);
      if (!time || *time < window_.since) return true;
      begun_ = true;  // entries are never before the ones before them
    }
    if (!window_.open_end && stored.index % kEntriesBetweenLooks == 0) {
      const auto time = entry_time(stored.bytes);
      if (time && *time > window_.until + kOutcomesFollowWithin) return false;
    }
    const std::string_view call = request_id_of(stored.bytes);
    if (call.empty()) return true;
    const std::size_t worker = std::hash<std::string_view>{}(call) % queues_.size();
    filling_[worker].add(stored.bytes);
    if (filling_[worker].bytes.size() >= kBatchBytes) queues_[worker].push(filling_[worker]);
    return true;
  }
  void finish() {
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      if (!filling_[i].ends.empty()) queues_[i].push(filling_[i]);
      queues_[i].close();
    }
  }

 private:
  const CallWindow& window_;
  std::vector<BatchQueue>& queues_;
  std::vector<Batch> filling_;
  bool begun_ = false;
};

}  // namespace

std::optional<Instant> entry_time(std::string_view entry) {
  JsonMembers members(entry);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) {
    if (name != "time") continue;
    const auto time = parse_time(plain_text(value).value_or(""));
    return time ? std::optional(*time) : std::nullopt;
  }
  return std::nullopt;
}

Result<CallWindow> CallWindow::parse(const std::string& since, const std::string& until) {
  const Instant now = system_clock().now();
  const auto begin = parse_since(since, now);
  if (!begin) return with_context(begin.error(), "--since");
  const auto end = until.empty() ? Result<Instant>(now) : parse_since(until, now);
  if (!end) return with_context(end.error(), "--until");
  if (*end < *begin) return Error{ErrorCode::kInvalid, "--until is before --since"};
  return CallWindow{*begin, *end, until.empty()};
}

std::string CallWindow::length() const {
  const Duration all = until - since;
  const auto count = [](std::int64_t number, const char* unit) {
    return std::to_string(number) + " " + unit + (number == 1 ? "" : "s");
  };
  const auto days = std::chrono::round<std::chrono::days>(all).count();
  if (days >= 2) return count(days, "day");
  const auto hours = std::chrono::round<std::chrono::hours>(all).count();
  if (hours >= 2) return count(hours, "hour");
  return count(std::chrono::round<std::chrono::minutes>(all).count(), "minute");
}

std::size_t call_stream_workers() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16); }

Result<void> stream_calls(ledger::LogReader& reader, const CallWindow& window, bool progress,
                          const std::function<void(std::size_t worker, std::string_view entry)>& take) {
  std::vector<BatchQueue> queues(call_stream_workers());
  std::vector<std::thread> workers;
  workers.reserve(queues.size());
  for (std::size_t i = 0; i < queues.size(); ++i) {
    workers.emplace_back([&take, &queue = queues[i], i] {
      Batch batch;
      while (queue.pop(batch)) {
        std::size_t begin = 0;
        for (const std::size_t end : batch.ends) {
          take(i, std::string_view(batch.bytes).substr(begin, end - begin));
          begin = end;
        }
      }
    });
  }
  Distributor distributor(window, queues);
  const std::uint64_t from = reader.first_at(window.since);
  Progress shown(progress, from, reader.size());
  auto read = reader.read(from, [&](const ledger::StoredEntry& stored) {
    if (stored.index % kEntriesBetweenLooks == 0) shown.at(stored.index);
    return distributor.take(stored);
  });
  distributor.finish();
  for (std::thread& worker : workers) worker.join();
  return read;
}

}  // namespace reeve::app
