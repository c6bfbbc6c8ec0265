#pragma once

// Counters and where they are found: what was spent and what is held of one budget, for one set of values of its `each`
// dimensions. Private to the spend room. Not thread-safe: whoever owns a table locks it.
//
// Memory is what this file is careful about: a hundred thousand people and sessions each have one of these for every
// budget they fall under.

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spend/budgets.h"
#include "spend/share.h"

namespace reeve::spend {

/// Saturates: sums stay at the largest number rather than wrap around to room that is not there.
inline std::int64_t add_capped(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return left > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}
inline void add_to(Amounts& sum, const Amounts& more) {
  sum.money.nanos = add_capped(sum.money.nanos, more.money.nanos);
  sum.tokens = add_capped(sum.tokens, more.tokens);
  sum.requests = add_capped(sum.requests, more.requests);
}
/// The amount of one of the first three quantities.
inline std::int64_t amount_of(const Amounts& amounts, std::size_t quantity) {
  return quantity == 0 ? amounts.money.nanos : quantity == 1 ? amounts.tokens : amounts.requests;
}
inline constexpr std::size_t kAmounts = 3;

/// One window of a counter; of a rolling budget one step.
struct Cell {
  Instant begin;
  Amounts spent, reserved;
  std::uint16_t notified = 0;  // one bit for each threshold that was told of
  bool empty() const { return spent == Amounts{} && reserved == Amounts{}; }
};

/// What only some counters need.
struct CounterExtra {
  std::vector<Cell> cells;   // windows other than the current one
  std::int64_t minute = -1;  // of the uptime clock, that the next two are of
  std::int64_t minute_tokens = 0, minute_requests = 0;
  std::vector<Share> shares;  // where several nodes share the budget
  Share* find_share(Instant begin);
  Share& share_at(Instant begin);
  void count_in_minute(std::int64_t now_minute, const Amounts& more);
  /// What was held from `held_minute` on turned out to be `actual`. A minute that is over stays as it was; what is more
  /// than was held counts now.
  void correct(std::int64_t held_minute, std::int64_t now_minute, const Amounts& held, const Amounts& actual);
};

/// Its key follows it in memory; make() alone makes one.
struct Counter {
  struct Free {
    void operator()(Counter* counter) const;
  };
  using Pointer = std::unique_ptr<Counter, Free>;
  static Pointer make(std::uint32_t lane, std::string_view key, std::uint64_t hash);

  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }
  const Cell* find(Instant begin) const;
  Cell* find(Instant begin) { return const_cast<Cell*>(std::as_const(*this).find(begin)); }
  /// The cell of that window, made if need be; the pointer is good until the next call.
  Cell& at(Instant begin);
  CounterExtra& more();
  template <typename Function>
  void each_cell(Function&& function) const {
    function(current);
    if (extra == nullptr) return;
    for (const Cell& cell : extra->cells) function(cell);
  }

  std::uint64_t hash;
  std::uint32_t lane;         // the budget, by the number that its owner gave it
  std::uint32_t holds = 0;    // reservations: while there are any it must not go, and as many calls are under way
  std::uint32_t touched = 0;  // seconds of the uptime clock
  std::uint32_t key_size;
  Cell current;  // of the window used last
  std::unique_ptr<CounterExtra> extra;
};

/// A hash table of counters in pieces, so that one grows, or is walked, in a short time.
class CounterTable {
 public:
  CounterTable();
  static constexpr std::size_t kPieces = 64;

  std::uint64_t hash_of(std::uint32_t lane, std::string_view key) const;
  /// Asks the processor for what find() will read.
  void prefetch(std::uint64_t hash) const;
  Counter* find(std::uint32_t lane, std::string_view key, std::uint64_t hash) const;
  Counter& make(std::uint32_t lane, std::string_view key, std::uint64_t hash);  // not there yet
  std::size_t size() const { return size_; }

  /// Every counter of one piece. `visit` returns whether the counter stays.
  void visit(std::size_t piece, const std::function<bool(Counter&)>& visit);
  void visit(std::size_t piece, const std::function<void(const Counter&)>& visit) const;
  /// The first for a few counters after where the last call ended, going round.
  void visit_some(std::size_t count, const std::function<bool(Counter&)>& visit);

 private:
  struct Piece {
    std::vector<std::uint8_t> tags;  // of the hash, never 0; 0: free
    std::vector<Counter::Pointer> slots;
    std::size_t used = 0;
  };
  static std::size_t piece_of(std::uint64_t hash) { return hash >> 58; }
  static std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>((hash >> 50) | 1); }
  static void grow(Piece& piece);
  void remove(Piece& piece, std::size_t slot);

  std::uint64_t seed_;
  std::array<Piece, kPieces> pieces_;
  std::size_t size_ = 0;
  std::size_t next_piece_ = 0, next_slot_ = 0;  // of visit_some
};

}  // namespace reeve::spend
