#pragma once

// One event loop: an Asio io_context with its thread, its mailbox, its sleepers, the sweep over connections that finds
// passed deadlines, and the stock of buffers. Private to the room.
//
// Life: made, started once, stopped once. After the stop nothing runs on it any more: what is posted is dropped, and
// every coroutine and socket that was left is gone. Connections, servers and clients hold it by shared_ptr, so the
// order in which they are destroyed does not matter.

#include <array>
#include <boost/intrusive/list.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "net/asio.h"
#include "net/buffer.h"
#include "net/net.h"
#include "net/readiness.h"
#include "net/wait.h"

namespace reeve::net {

class Transport;

using TransportHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using TransportList = boost::intrusive::list<Transport, boost::intrusive::base_hook<TransportHook>,
                                             boost::intrusive::constant_time_size<false>>;

class LoopCore final : public Loop, public std::enable_shared_from_this<LoopCore> {
 public:
  explicit LoopCore(std::size_t index);
  ~LoopCore() override;

  void post(std::function<void()> work) override;
  void resume_later(std::span<const std::coroutine_handle<>> handles) override;
  Task<void> sleep(Duration duration) override;
  Moment now() const override;
  std::size_t index() const override { return index_; }
  bool is_current_thread() const override;

  /// As post(), and says whether the work will be run or at least destroyed: false once the loop has stopped.
  bool try_post(std::function<void()> work);
  /// True between start() and the end of stop(); decides whether close() may wait for the loop.
  bool running() const;

  void start();
  /// Asks the loop to end; join() then waits for it and destroys what is left. From any thread but the loop's.
  void request_stop();
  void join();

  // Loop thread only from here on.
  asio::io_context& context() { return context_; }
  BufferStock& buffers() { return buffers_; }
  TransportList& transports() { return transports_; }
  Readiness& readiness() { return readiness_; }

  /// Wakes `slot` with kTimeout at `at`, unless the Alarm is gone by then.
  class Alarm {
   public:
    Alarm(LoopCore& loop, Moment at, WaitSlot& slot);
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm();

   private:
    friend class LoopCore;
    LoopCore& loop_;
    WaitSlot& slot_;
    std::multimap<Moment, Alarm*>::iterator position_;
    bool pending_ = true;
  };

  /// "Date: ...\r\n" of this second.
  std::string_view date_field();

  /// Connections whose coroutine runs: a stopping loop gives them a moment to unwind before it destroys them.
  void connection_began() { ++connections_; }
  void connection_ended();
  /// Runs `work` when the loop begins to stop.
  void when_stopping(std::function<void()> work) { stop_work_.push_back(std::move(work)); }

  /// Vectors of header fields that idle connections do not need to hold.
  Headers take_headers();
  void give_back_headers(Headers headers);

 private:
  enum class State { kCreated, kRunning, kStopped };

  void run();
  void empty_mailbox();
  void wake_loop();
  void schedule_sweep();
  void sweep();
  void schedule_alarms();
  void ring_alarms();
  void begin_stop();
  void close_everything();

  const std::size_t index_;
  asio::io_context context_;
  Readiness readiness_;
  LoopTimer sweep_timer_;
  LoopTimer alarm_timer_;
  LoopTimer stop_timer_;
  std::thread thread_;

  mutable std::mutex mutex_;  // guards the mailbox and state_
  std::vector<std::function<void()>> posted_;
  std::vector<std::coroutine_handle<>> resumed_;
  bool mail_announced_ = false;
  State state_ = State::kCreated;

  TransportList transports_;
  std::multimap<Moment, Alarm*> alarms_;
  BufferStock buffers_;
  std::vector<Headers> spare_headers_;
  std::vector<std::function<void()>> stop_work_;
  std::size_t connections_ = 0;
  unsigned sweeps_ = 0;
  bool stopping_ = false;
  std::array<char, 40> date_{};
  std::int64_t date_second_ = -1;
  DetachedTasks detached_;
};

/// The loop behind the public face. Every Loop of this room is a LoopCore.
LoopCore& core_of(Loop& loop);

}  // namespace reeve::net
