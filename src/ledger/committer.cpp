#include "ledger/committer.h"

#include <sys/prctl.h>

#include <algorithm>

#include "core/json.h"
#include "core/log.h"
#include "core/time_text.h"
#include "ledger/background.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kGroupBytesMax = 4UL << 20U;
constexpr std::size_t kKeptBytesMax = 4UL
                                      << 20U;  // buffers that grew beyond this are given back when they are not needed
// An entry that nobody waits for may stay this long in memory, so that it shares the sync of one that somebody waits
// for.
constexpr auto kUnhurriedMax = std::chrono::milliseconds(5);

// Lingering pays when at least this many appends are to be expected meanwhile; below, a sync of its own is cheaper than
// the wait.
constexpr double kLingerGainMin = 4;
constexpr int kLingerSteps = 2;

}  // namespace

void Committer::Batch::clear() {
  if (text.capacity() > kKeptBytesMax && text.size() < text.capacity() / 4) {
    text = {};
    items = {};
  }
  text.clear();
  items.clear();
}

Committer::Committer(const LogOptions& options, Duration probe_interval, SegmentWriter& writer, LogStats& stats,
                     Start start, OnDurable on_durable)
    : node_(options.node),
      group_entries_max_(std::clamp<std::size_t>(options.group_entries_max, 1, kGroupEntriesMax)),
      queue_bytes_max_(options.queue_bytes_max),
      stall_max_(options.stall_max),
      linger_max_(options.linger_max),
      probe_interval_(probe_interval),
      clock_(*options.clock),
      writer_(writer),
      stats_(stats),
      on_durable_(std::move(on_durable)),
      durable_(start.size),
      last_time_(start.last_time),
      thread_([this] { run(); }) {}

bool Committer::stalled() const {
  const Moment::rep since = writing_since_.load(std::memory_order_relaxed);
  return since != 0 && std::chrono::steady_clock::now() - Moment(Moment::duration(since)) > stall_max_;
}

bool Committer::submit(const Entry& entry, Waiter* waiter) {
  thread_local std::string scratch;
  scratch.clear();
  const std::uint64_t number = entry.producer == nullptr ? 0 : entry.producer->take();
  const EntrySlots slots = append_prepared_entry(scratch, entry, node_, number);
  const IntentStep step = intent_step(entry.kind, prepared_request_id(scratch, slots), entry.attempt);
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    std::optional<Error> refusal;
    if (closing_) {
      refusal = Error{ErrorCode::kClosed, "the ledger is closed"};
    } else if (down_) {
      refusal = down_;
    } else if (waiter != nullptr && stalled()) {
      // What nobody waits for is still taken: the disk may come back, and then nothing is lost.
      refusal =
          Error{ErrorCode::kUnavailable, "the ledger's disk does not answer; calls go on by themselves when it does"};
    } else if (gathering_.text.size() + in_flight_bytes_ + scratch.size() > queue_bytes_max_) {
      refusal = Error{ErrorCode::kUnavailable, "the ledger's disk is too slow for what is to be recorded; try again"};
    }
    if (refusal) {
      stats_.refused.fetch_add(1, std::memory_order_relaxed);
      losses_.add(entry.producer, number, waiter != nullptr, clock_.now(), refusal->message);
      if (waiter != nullptr) waiter->result.emplace(*std::move(refusal));
      return false;
    }
    gathering_.items.push_back({.offset = gathering_.text.size(),
                                .length = scratch.size(),
                                .slots = slots,
                                .step = step,
                                .waiter = waiter,
                                .producer = entry.producer,
                                .number = number});
    gathering_.text += scratch;
    hurry_ = hurry_ || waiter != nullptr;
    // While it dozes it will look by itself soon enough for an entry that nobody waits for.
    wake = (idle_ && (waiter != nullptr || !dozing_)) || gathering_.items.size() == group_entries_max_;
    if (wake) idle_ = false;
  }
  if (wake) work_.notify_one();
  return true;
}

PlacedEntries Committer::submit_and_wait(std::span<const Entry> entries) {
  std::condition_variable answered;
  // Queued waiters are pointed at, so none of them moves.
  std::vector<Waiter> waiters(entries.size(), Waiter{.thread = &answered});
  std::size_t queued = 0;
  while (queued < entries.size() && submit(entries[queued], &waiters[queued])) ++queued;
  wait_for_last(std::span(waiters).first(queued), answered);
  PlacedEntries placed;
  for (Waiter& waiter : waiters) {
    if (!waiter.result->ok()) {
      placed.error = waiter.result->error();
      break;
    }
    placed.places.push_back(**waiter.result);
  }
  return placed;
}

/// Whoever was queued last is answered last.
void Committer::wait_for_last(std::span<Waiter> waiters, std::condition_variable& answered) {
  if (waiters.empty()) return;
  std::unique_lock lock(mutex_);
  while (!answered.wait_for(lock, stall_max_, [&] { return waiters.back().result.has_value(); })) {
    if (!stalled()) continue;
    for (Waiter& waiter : waiters) {
      if (waiter.result) continue;
      forget_locked(waiter);
      waiter.result.emplace(
          Error{ErrorCode::kUnavailable, "the ledger's disk does not answer; the entry waits in memory until it does"});
    }
    return;
  }
}

void Committer::forget(const Waiter& waiter) {
  const std::scoped_lock lock(mutex_);
  forget_locked(waiter);
}

void Committer::forget_locked(const Waiter& waiter) {
  for (Batch* batch : {&gathering_, &in_flight_}) {
    for (Item& item : batch->items) {
      if (item.waiter == &waiter) item.waiter = nullptr;
    }
  }
}

void Committer::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Committer::run() {
  begin_background_thread("ledger-commit");
  // Lingering sleeps for fractions of a millisecond; the default slack would add 50 microseconds to each.
  prctl(PR_SET_TIMERSLACK, 1UL);
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    linger(lock);
    add_gap();
    std::swap(gathering_, in_flight_);
    hurry_ = false;
    in_flight_bytes_ = in_flight_.text.size();
    in_flight_done_ = 0;
    lock.unlock();
    const Moment before = std::chrono::steady_clock::now();
    const auto committed = commit_in_flight();
    if (!committed) fail(committed.error());
    last_commit_ = std::chrono::steady_clock::now() - before;
    lock.lock();
    writing_since_.store(0, std::memory_order_relaxed);
    in_flight_.clear();
    in_flight_bytes_ = 0;
    gathered_in_last_commit_ = gathering_.items.size();
  }
  if (losses_.lost() > 0) log_error("ledger closed with lost records", {{"lost", losses_.lost()}});
}

/// False when there is nothing left to do and the log closes.
bool Committer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (true) {
    if (down_) {
      if (closing_) return false;
      work_.wait_for(lock, probe_interval_, [this] { return closing_; });
      if (closing_) return false;
      lock.unlock();
      const bool works = probe();
      lock.lock();
      if (works) down_.reset();
      continue;
    }
    if (hurry_ || !losses_.empty() || gathering_.items.size() >= group_entries_max_) return true;
    if (closing_) return !gathering_.items.empty();
    if (!doze(lock)) return true;
  }
}

/// Waits for somebody who waits. First with a limit, so that unhurried entries need no wake-up of their own: false when
/// it passed and there are such entries. When it passes without any, waits for whatever comes.
bool Committer::doze(std::unique_lock<std::mutex>& lock) {
  const auto called = [this] {
    return hurry_ || closing_ || !losses_.empty() || gathering_.items.size() >= group_entries_max_;
  };
  idle_ = dozing_ = true;
  const bool in_time = work_.wait_for(lock, kUnhurriedMax, called);
  dozing_ = false;
  const bool look_again = in_time || gathering_.items.empty();
  if (!in_time && look_again) work_.wait(lock, [&] { return called() || !gathering_.items.empty(); });
  idle_ = false;
  return look_again;
}

/// Waits for more to come while appends come faster than syncs: fewer, larger groups cost less and make the slowest
/// answers faster. Ends early when none came for a while, as it is when everyone who appends already waits.
void Committer::linger(std::unique_lock<std::mutex>& lock) {
  if (linger_max_ <= Duration::zero() || last_commit_ <= Duration::zero()) return;
  const double rate = static_cast<double>(gathered_in_last_commit_) / static_cast<double>(last_commit_.count());
  if (rate * static_cast<double>(linger_max_.count()) < kLingerGainMin) return;
  std::size_t seen = gathering_.items.size();
  for (int step = 0; step < kLingerSteps && !closing_ && seen < group_entries_max_; ++step) {
    work_.wait_for(lock, linger_max_ / kLingerSteps);
    if (gathering_.items.size() == seen) return;
    seen = gathering_.items.size();
  }
}

/// Records that records were lost, once something can be written again.
void Committer::add_gap() {
  if (losses_.empty()) return;
  const std::string detail = losses_.detail();
  Entry entry;
  entry.kind = "ledger.gap";
  entry.detail = detail;
  Item item{.offset = gathering_.text.size(), .gap = true};
  item.slots = append_prepared_entry(gathering_.text, entry, node_);
  item.length = gathering_.text.size() - item.offset;
  gathering_.items.push_back(item);
  told_.clear();
  std::swap(told_, losses_);
}

Result<void> Committer::commit_in_flight() {
  while (in_flight_done_ < in_flight_.items.size()) {
    auto group = write_group(in_flight_done_);
    if (!group) return std::move(group).error();
    acknowledge(*group);
  }
  return {};
}

/// The time of the next group: whole microseconds, as entries show it, and never before the last one.
Instant Committer::next_time() {
  last_time_ = std::max(last_time_, whole_microseconds(clock_.now()));
  return last_time_;
}

Result<Committer::Group> Committer::write_group(std::size_t begin) {
  writing_since_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  Group group{.begin = begin, .time = next_time()};
  group.end = build_group(begin, group.time);
  if (group.end == begin) {
    if (auto begun = writer_.begin_segment(size(), group.time); !begun) return std::move(begun).error();
    group.end = build_group(begin, group.time);
    CHECK(group.end > begin);
  }
  const Moment before = std::chrono::steady_clock::now();
  if (auto written = writer_.write_group({frames_.get(), frames_size_}); !written) return std::move(written).error();
  const Duration took = std::chrono::steady_clock::now() - before;
  stats_.syncs.fetch_add(1, std::memory_order_relaxed);
  stats_.sync_nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
  return group;
}

/// Fills frames_ with as many items from `begin` on as the group and the segment take. Returns the end.
std::size_t Committer::build_group(std::size_t begin, Instant time) {
  const std::uint64_t room = std::min<std::uint64_t>(writer_.room(), kGroupBytesMax);
  const std::size_t last = std::min(in_flight_.items.size(), begin + group_entries_max_);
  std::size_t end = begin;
  std::size_t bytes = 0;
  for (; end < last; ++end) {
    const std::size_t most = kFrameHeaderBytes + in_flight_.items[end].length + kSeqDigitsMax;
    if (bytes + most > room) break;
    bytes += most;
  }
  if (bytes > frames_capacity_ || (frames_capacity_ > kKeptBytesMax / 2 && bytes < frames_capacity_ / 8)) {
    frames_capacity_ = bytes + bytes / 2;
    frames_.reset(new char[frames_capacity_]);
  }
  const TimeText time_text(time);
  const std::uint64_t first = size();
  frames_size_ = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const Item& item = in_flight_.items[i];
    char* frame = frames_.get() + frames_size_;
    const std::string_view prepared(in_flight_.text.data() + item.offset, item.length);
    const std::size_t length =
        place_entry(prepared, item.slots, first + (i - begin), time_text, frame + kFrameHeaderBytes);
    seal_frame(frame, length, static_cast<std::uint16_t>(i - begin), first + (i - begin));
    frames_size_ += kFrameHeaderBytes + length;
  }
  return end;
}

void Committer::acknowledge(const Group& group) {
  const std::uint64_t first = size();
  const std::uint64_t count = group.end - group.begin;
  durable_.store(first + count, std::memory_order_release);
  stats_.entries.fetch_add(count, std::memory_order_relaxed);
  stats_.bytes.fetch_add(frames_size_ - count * kFrameHeaderBytes, std::memory_order_relaxed);
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = group.begin; i < group.end; ++i) {
      Waiter* waiter = std::exchange(in_flight_.items[i].waiter, nullptr);
      if (waiter != nullptr) answer(*waiter, Placed{first + (i - group.begin), group.time});
    }
    in_flight_done_ = group.end;
  }
  resume_waiters();
  steps_.clear();
  for (std::size_t i = group.begin; i < group.end; ++i) steps_.push_back(in_flight_.items[i].step);
  on_durable_(first + count, steps_);
}

/// With mutex_ held, so that forget() and this exclude each other.
void Committer::answer(Waiter& waiter, Result<Placed> result) {
  waiter.result.emplace(std::move(result));
  if (waiter.thread != nullptr) {
    waiter.thread->notify_one();
    return;
  }
  auto known = std::find_if(resumptions_.begin(), resumptions_.end(),
                            [&](const Resumption& r) { return r.executor == waiter.executor; });
  if (known == resumptions_.end()) known = resumptions_.insert(known, Resumption{waiter.executor, {}});
  known->handles.push_back(waiter.handle);
}

void Committer::resume_waiters() {
  for (Resumption& resumption : resumptions_) {
    if (resumption.handles.empty()) continue;
    resumption.executor->resume_later(resumption.handles);
    resumption.handles.clear();
  }
}

void Committer::fail(const Error& error) {
  stats_.failures.fetch_add(1, std::memory_order_relaxed);
  stats_.writable.store(false, std::memory_order_relaxed);
  log_error("ledger cannot be written", {{"reason", error.message}});
  {
    const std::scoped_lock lock(mutex_);
    down_ = Error{ErrorCode::kUnavailable, "the ledger cannot be written: " + error.message};
    refuse(in_flight_, *down_);
    refuse(gathering_, *down_);
    gathering_.clear();
    hurry_ = false;
  }
  resume_waiters();
}

/// Answers everyone in the batch who has no answer yet. With mutex_ held.
void Committer::refuse(Batch& batch, const Error& error) {
  for (std::size_t i = &batch == &in_flight_ ? in_flight_done_ : 0; i < batch.items.size(); ++i) {
    Item& item = batch.items[i];
    stats_.refused.fetch_add(1, std::memory_order_relaxed);
    if (item.gap) {
      losses_.take_back(told_);
      continue;
    }
    losses_.add(item.producer, item.number, item.waiter != nullptr, clock_.now(), error.message);
    if (Waiter* waiter = std::exchange(item.waiter, nullptr)) answer(*waiter, error);
  }
}

/// Tries to write again: in a new segment, because what the failed write left behind is unknown.
bool Committer::probe() {
  const auto begun = writer_.begin_segment(size(), next_time());
  if (!begun) return false;
  stats_.writable.store(true, std::memory_order_relaxed);
  log_info("ledger can be written again", {{"entries", size()}});
  return true;
}

}  // namespace reeve::ledger
