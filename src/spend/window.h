#pragma once

// When the windows of a budget begin and end. Private to the spend room.

#include <limits>
#include <memory>

#include "core/time.h"
#include "spend/budgets.h"
#include "spend/time_zone.h"

namespace reeve::spend {

inline constexpr Instant kFarFuture{std::numeric_limits<std::int64_t>::max()};

/// [begin, end)
struct Window {
  Instant begin, end;
  bool contains(Instant at) const { return begin <= at && at < end; }
  bool operator==(const Window&) const = default;
};

/// What is spent in a rolling window is kept in this many equal steps, and leaves a step at a time, once all of the
/// step is outside: never early, and at most two steps late.
inline constexpr int kRollingSteps = 24;

/// Immutable.
class WindowRule {
 public:
  WindowRule(Period period, Duration rolling, std::shared_ptr<const TimeZone> zone);
  /// The window that `now` falls into; of rolling windows the step. Sessions: {0, kFarFuture}.
  Window at(Instant now) const;
  /// The one before, of calendar windows.
  Window before(const Window& window) const { return at(window.begin - Duration(1)); }
  /// The calendar day of the zone.
  Window day_at(Instant now) const;
  Period period() const { return period_; }
  Duration rolling() const { return rolling_; }
  Duration step() const { return step_; }

 private:
  Window local_days(std::int64_t first, std::int64_t last) const;

  Period period_;
  Duration rolling_{}, step_{};
  std::shared_ptr<const TimeZone> zone_;
};

}  // namespace reeve::spend
