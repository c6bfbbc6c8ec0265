#pragma once

// Group commit. Producers serialise their entry on their own thread and copy it into the gathering batch; one committer
// thread takes the batch, gives each entry its place, writes and syncs the group, and only then answers.

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "ledger/entry_json.h"
#include "ledger/intent_step.h"
#include "ledger/losses.h"
#include "ledger/segment_writer.h"

namespace reeve::ledger {

/// Someone who waits for an entry to be durable: a coroutine on an executor, or a thread. Owned by the one who waits.
struct Waiter {
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;
  std::condition_variable* thread = nullptr;
  std::optional<Result<Placed>> result;
};

class Committer {
 public:
  struct Start {
    std::uint64_t size = 0;  // durable entries
    Instant last_time;
  };
  /// Called on the committer's thread after each group, with the new size and what the group's entries mean for
  /// intents.
  using OnDurable = std::function<void(std::uint64_t size, std::span<const IntentStep> steps)>;
  Committer(const LogOptions& options, Duration probe_interval, SegmentWriter& writer, LogStats& stats, Start start,
            OnDurable on_durable);
  ~Committer() { close(); }

  /// Queues `entry`; `waiter` may be null. When it cannot be queued the reason is in waiter->result (the waiter is then
  /// not resumed), or the loss is counted.
  bool submit(const Entry& entry, Waiter* waiter);
  /// As submit() for each in turn, until one is refused; then waits on this thread, but not for a disk that does not
  /// answer.
  PlacedEntries submit_and_wait(std::span<const Entry> entries);
  /// The waiter goes away: its entry stays, the answer is dropped.
  void forget(const Waiter& waiter);

  /// The disk has been writing one group for longer than stall_max.
  bool stalled() const;

  std::uint64_t size() const { return durable_.load(std::memory_order_acquire); }
  /// Writes what is queued and ends the thread. Further submits fail.
  void close();

 private:
  struct Item {
    std::size_t offset = 0;
    std::size_t length = 0;
    EntrySlots slots;
    IntentStep step;
    Waiter* waiter = nullptr;  // guarded by mutex_
    bool gap = false;          // a ledger.gap: what it tells is in told_
    Producer* producer = nullptr;
    std::uint64_t number = 0;
  };
  struct Batch {
    std::string text;
    std::vector<Item> items;
    void clear();
  };
  struct Group {
    std::size_t begin = 0;  // items of in_flight_
    std::size_t end = 0;
    Instant time;
  };

  void forget_locked(const Waiter& waiter);
  void wait_for_last(std::span<Waiter> waiters, std::condition_variable& answered);
  void run();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  bool doze(std::unique_lock<std::mutex>& lock);
  void linger(std::unique_lock<std::mutex>& lock);
  void add_gap();
  Result<void> commit_in_flight();
  Result<Group> write_group(std::size_t begin);
  std::size_t build_group(std::size_t begin, Instant time);
  void acknowledge(const Group& group);
  void fail(const Error& error);
  void refuse(Batch& batch, const Error& error);
  void answer(Waiter& waiter, Result<Placed> result);
  void resume_waiters();
  Instant next_time();
  bool probe();

  const std::string node_;
  const std::size_t group_entries_max_;
  const std::size_t queue_bytes_max_;
  const Duration stall_max_;
  const Duration linger_max_;
  const Duration probe_interval_;
  const Clock& clock_;
  SegmentWriter& writer_;
  LogStats& stats_;
  const OnDurable on_durable_;
  std::atomic<std::uint64_t> durable_;
  std::atomic<Moment::rep> writing_since_{0};  // when the group that is being written was begun; 0: none is

  std::mutex mutex_;
  std::condition_variable work_;
  Batch gathering_;                  // guarded by mutex_
  bool idle_ = false;                // the committer waits for work; guarded
  bool dozing_ = false;              // it waits with a limit, so unhurried entries need not wake it; guarded
  bool hurry_ = false;               // somebody waits for an entry of gathering_; guarded
  bool closing_ = false;             // guarded
  std::optional<Error> down_;        // why nothing can be written; guarded
  std::size_t in_flight_bytes_ = 0;  // guarded
  Losses losses_;                    // not yet in a ledger.gap; guarded
  Losses told_;                      // in the ledger.gap that is queued or being written; guarded

  // The committer's own.
  Batch in_flight_;
  std::size_t in_flight_done_ = 0;  // items that were answered
  std::unique_ptr<char[]> frames_;
  std::size_t frames_capacity_ = 0;
  std::size_t frames_size_ = 0;
  Instant last_time_;
  std::uint64_t gathered_in_last_commit_ = 0;
  Duration last_commit_{};
  struct Resumption {
    Executor* executor = nullptr;
    std::vector<std::coroutine_handle<>> handles;
  };
  std::vector<Resumption> resumptions_;
  std::vector<IntentStep> steps_;  // of the group that became durable
  std::thread thread_;
};

}  // namespace reeve::ledger
