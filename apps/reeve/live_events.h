#pragma once

// What happens on this server at this moment, put into an EventRing while somebody reads: calls as the ledger has them,
// sessions that begin and end, that something may wait for approval, what is cut off, how long the ledger is. And the
// places of those who read, of which there are not more than the server can serve.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "reeve/control_api.h"
#include "reeve/event_ring.h"

namespace reeve::app {

class LiveEvents {
 public:
  static constexpr std::size_t kSeatsMax = 200;         // of all
  static constexpr std::size_t kSeatsOfEachMax = 4;     // of one person: a browser has six connections
  static constexpr std::uint64_t kEntriesMax = 20'000;  // read at once: who is further behind reads lists again

  /// All of it outlives stop().
  explicit LiveEvents(const ControlApi::Sources& sources);
  ~LiveEvents() { stop(); }
  LiveEvents(const LiveEvents&) = delete;
  LiveEvents& operator=(const LiveEvents&) = delete;

  /// A reader's place, until it is gone. Any thread.
  class Seat {
   public:
    Seat(LiveEvents& events, std::string who) : events_(&events), who_(std::move(who)) {}
    Seat(Seat&& other) noexcept : events_(std::exchange(other.events_, nullptr)), who_(std::move(other.who_)) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (events_ != nullptr) events_->leave(who_);
    }

   private:
    LiveEvents* events_;
    std::string who_;
  };
  /// Nothing when there are too many, or when it ends.
  std::optional<Seat> take_seat(const std::string& who);
  /// Whether what happens from now on is put into the ring. For whoever has a seat it soon is so, and stays so.
  bool is_looking() const;
  const EventRing& ring() const { return ring_; }

  /// From now on no seat is given and is_over() says so: streams end by themselves. Any thread.
  void end();
  bool is_over() const;
  void stop();

 private:
  using SessionKey = std::pair<std::string, std::string>;  // the person, the id
  void leave(const std::string& who);
  void run();
  /// Waits for the next look; false: nobody has read for a while, or it ends.
  bool wait();
  void begin();
  void set_looking(bool is_looking);
  void open_reader();
  void tell(const Error& error);  // once, while it stays the same
  void look();
  void look_at_ledger();
  void look_at_sessions();
  void look_at_kill_switch();
  std::set<std::string> cutoffs_now() const;
  std::set<SessionKey> sessions_now(std::map<SessionKey, std::string>* told) const;

  const ControlApi::Sources& sources_;
  EventRing ring_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::size_t, std::less<>> seats_;  // by who
  std::size_t taken_ = 0;
  bool is_over_ = false;
  bool is_looking_ = false;
  // Of the thread alone.
  std::unique_ptr<ledger::LogReader> reader_;
  std::uint64_t next_ = 0;  // entry
  std::string trouble_;     // told last
  std::uint64_t looks_ = 0;
  std::set<SessionKey> sessions_;
  std::set<std::string> cutoffs_;
  Moment read_last_{};  // when somebody did
  std::thread thread_;
};

}  // namespace reeve::app
