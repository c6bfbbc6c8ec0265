#pragma once

// Doubles, timestamps and durations as text, and back.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::policy::cel {

/// The shortest text that reads back as the same double: "1.5", "1000000", "1e+21", "NaN", "-Infinity". Whole numbers
/// have no point.
std::string double_text(double number);
/// A decimal number with optional sign, fraction and exponent, or NaN, Infinity, Inf in any case, whole text. Too large
/// becomes infinite, too small 0.
std::optional<double> parse_double(std::string_view text);

/// Seconds since 1970 and 0 to 999,999,999 nanoseconds.
struct TimestampParts {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
inline constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
inline constexpr std::int32_t kNanosPerSecond = 1'000'000'000;

/// RFC 3339 with any offset and up to nine fractional digits, in the years 0001 to 9999.
std::optional<TimestampParts> parse_timestamp(std::string_view text);
/// In UTC with as many fractional digits as there are: "2009-02-13T23:31:30.5Z".
std::string timestamp_text(std::int64_t seconds, std::int32_t nanos);

/// A duration is a whole number of nanoseconds that fits 64 bits, some 292 years: what the specification's suite
/// expects. Signed decimal numbers with units h, m, s, ms, us (or µs), ns: "1h30m", "-1.5s"; or "0".
std::optional<std::int64_t> parse_duration_nanos(std::string_view text);
/// In seconds: "5400s", "-1.5s".
std::string duration_text(std::int64_t seconds, std::int32_t nanos);

/// A day of the proleptic Gregorian calendar.
struct CalendarDay {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
};
std::int64_t days_since_1970(const CalendarDay& day);
CalendarDay calendar_day(std::int64_t days_since_1970);

}  // namespace reeve::policy::cel
