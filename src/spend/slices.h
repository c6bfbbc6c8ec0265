#pragma once

// Slices: how several nodes share one budget. Each node admits from the slice it holds, without asking anybody; the
// shared store gives slices out and never gives out more than the limit. A node that dies keeps what it held until it
// comes back and says what it had spent, or until the window ends: better a budget that looks fuller than one that is
// overspent.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::spend {

/// What one node wants to know and have of one counter's quantity.
struct SliceRequest {
  std::string counter;     // canonical text: budget, values of its `each` dimensions, quantity
  Instant window_begin;    // with the counter it names the row; {0} for concurrency and sessions
  Instant window_end;      // rows whose window ended long ago are swept
  std::int64_t limit = 0;  // with carry-over and allowances, as this node knows it; the store takes the newest
  std::int64_t spent = 0;  // settled by this node in this window, all in all: absolute, so that repeating is harmless
  std::int64_t reserved = 0;  // held by this node now
  /// What its slice should be in all, at least spent + reserved. Less than it has gives back: that is somebody else's
  /// from the asking on, also when no answer comes.
  std::int64_t wanted = 0;
};

struct Slice {
  std::int64_t granted = 0;      // this node's slice in all: at most `wanted`, at least what it had unless it gave back
  std::int64_t spent_all = 0;    // by all nodes, as far as they told
  std::int64_t granted_all = 0;  // to all nodes; never more than the limit, unless the limit was lowered since
};

/// Port: implemented by the store for PostgreSQL, in memory for tests. Thread-safe; calls block.
class SliceStore {
 public:
  virtual ~SliceStore() = default;
  /// One transaction and one round trip for all of them, answers in the same order. Also this node's sign of life.
  /// Repeating a call whose answer was lost is harmless. kUnavailable, kTimeout: nothing is known to have changed.
  /// kConflict: another process has taken this node's name and what it holds; this one must admit no more. kInvalid: an
  /// amount is negative, or a row is named twice; a `wanted` below spent + reserved counts as these.
  virtual Result<std::vector<Slice>> exchange(std::string_view node, std::span<const SliceRequest> requests) = 0;
  /// What this node held when it stopped: asked once at its start, so that it settles what it had not told.
  virtual Result<std::vector<SliceRequest>> held_by(std::string_view node) = 0;
};

}  // namespace reeve::spend
