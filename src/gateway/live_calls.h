#pragma once

// The calls under way on one loop, so that what is cut off in the meantime can be ended, and what ending them took.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/gateway.h"

namespace reeve::gateway {

class LiveCalls;

/// A call under way: listed from its construction to its destruction. Loop thread only.
class LiveCall {
 public:
  explicit LiveCall(LiveCalls& calls);
  LiveCall(const LiveCall&) = delete;
  LiveCall& operator=(const LiveCall&) = delete;
  virtual ~LiveCall();

  /// Nothing for a practice stream.
  virtual std::optional<CallUnderWay> view() const = 0;
  /// What is known of it so far; views into the call.
  virtual identity::CutoffSubject subject() const = 0;
  /// The cutoff that ended it; null while none did. It may be over by now: the call stays ended.
  const identity::Cutoff* cut() const { return cut_ ? &*cut_ : nullptr; }
  /// From now on it is ended. Nothing more may go to the client but the reason. The first one counts.
  void end_by(const identity::Cutoff& cutoff);

 protected:
  /// Ends what it waits for. May be called at any time; must not end the call's life at once.
  virtual void stop_waiting() = 0;
  /// Whether it waits for its client to take what it was given: one that takes nothing would keep it.
  virtual bool waits_for_client() const = 0;
  /// Cuts the client off.
  virtual void abandon() = 0;
  /// That the last byte for the client is out, or never will be.
  void ended();

 private:
  friend class LiveCalls;
  LiveCalls& calls_;
  LiveCall* previous_ = nullptr;
  LiveCall* next_ = nullptr;
  std::optional<identity::Cutoff> cut_;
  std::uint64_t round_ = 0;  // in which it was ended while under way: its end is counted; 0: in none
  bool told_ = false;
};

/// One per loop; its thread only.
class LiveCalls {
 public:
  /// How long a call that was ended has for its last words, before a client that does not take them is cut off.
  static constexpr Duration kLastWordsMax = std::chrono::milliseconds(600);

  /// `tally` may be null.
  LiveCalls(const Clock& clock, CutoffTally* tally) : clock_(clock), tally_(tally) {}
  LiveCalls(const LiveCalls&) = delete;
  LiveCalls& operator=(const LiveCalls&) = delete;

  /// What end_covered() did; `round` names it, from 1.
  struct Ended {
    std::size_t calls = 0;
    std::uint64_t round = 0;
  };
  /// Ends the calls that the cutoffs cover.
  Ended end_covered(const identity::CutoffSet& cutoffs);
  /// Of the calls that were ended in this round or an earlier one: cuts off the clients that take nothing. Those of
  /// later rounds still have their time. How many go on, because they wait for something else.
  std::size_t abandon_ended(std::uint64_t round);
  std::vector<CallUnderWay> views() const;
  std::size_t size() const { return size_; }

 private:
  friend class LiveCall;
  const Clock& clock_;
  CutoffTally* tally_;
  LiveCall* first_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t rounds_ = 0;
};

/// One practice stream: a piece every hundredth of a second, until a cutoff ends it or its time is over.
Task<void> play_practice_stream(LiveCalls& calls, net::Loop& loop, identity::CutoffScope scope);

}  // namespace reeve::gateway
