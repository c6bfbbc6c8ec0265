#pragma once

// Time. An Instant is wall-clock time in nanoseconds since 1970-01-01T00:00:00Z and can step; a Moment is monotonic and
// only good for measuring. Code whose decisions depend on time takes a Clock, so that tests drive it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve {

using Duration = std::chrono::nanoseconds;
using Moment = std::chrono::steady_clock::time_point;

struct Instant {
  std::int64_t nanoseconds = 0;  // since the Unix epoch, UTC, without leap seconds
  auto operator<=>(const Instant&) const = default;
};

inline Instant operator+(Instant at, Duration by) { return {at.nanoseconds + by.count()}; }
inline Instant operator-(Instant at, Duration by) { return {at.nanoseconds - by.count()}; }
inline Duration operator-(Instant left, Instant right) { return Duration(left.nanoseconds - right.nanoseconds); }
inline std::int64_t unix_seconds(Instant at) { return at.nanoseconds / 1'000'000'000; }
/// Seconds outside the years 1678 to 2261 become the nearest end of that range: they come from tokens of others.
inline Instant from_unix_seconds(std::int64_t seconds) {
  constexpr std::int64_t kMax = 9'200'000'000;
  return {std::clamp(seconds, -kMax, kMax) * 1'000'000'000};
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;    // thread-safe
  virtual Moment steady() const = 0;  // thread-safe
};

/// The machine's clocks. One shared instance, never destroyed before exit.
const Clock& system_clock();

/// A clock that stands still until told. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  Moment steady() const override { return steady_; }
  void advance(Duration by) {
    now_ = now_ + by;
    steady_ += by;
  }
  void step_wall_clock(Duration by) { now_ = now_ + by; }

 private:
  Instant now_;
  Moment steady_{};
};

/// RFC 3339 in UTC with microseconds: 2026-11-21T10:55:03.000000Z. Always 27 characters for years 0000 to 9999.
std::string format_time(Instant at);
/// RFC 3339 with any offset and up to nine fractional digits, or a plain date (midnight UTC).
Result<Instant> parse_time(std::string_view text);

/// A number and a unit: 90s, 15m, 12h, 30d, 2w. Also 250ms. No sign, no fraction, at most 100 years.
Result<Duration> parse_duration(std::string_view text);
/// The shortest such text: 30d, 90m, 1500ms.
std::string format_duration(Duration duration);

/// For --since and --until: a duration before `now` (7d), or a time.
Result<Instant> parse_since(std::string_view text, Instant now);

}  // namespace reeve
