#include <limits>

#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/scalar_text.h"
#include "policy/cel/time_arithmetic.h"
#include "policy/cel/time_zone.h"

namespace reeve::policy::cel {
namespace {

constexpr std::int64_t kDay = 86'400;

/// Rounded down, also below 0.
std::int64_t floor_divide(std::int64_t number, std::int64_t by) {
  return number >= 0 ? number / by : -((by - 1 - number) / by);
}

/// A timestamp as a clock and a calendar somewhere show it.
struct LocalTime {
  std::int64_t days = 0;    // since 1970
  std::int64_t second = 0;  // of the day
  std::int32_t nanos = 0;
};

/// What all the functions on a timestamp begin with: `value.f()` or `value.f("zone")`.
template <typename Read>
Value read_local(Frame& frame, std::string_view name, Arguments arguments, Read read) {
  const bool with_zone = arguments.size() == 2 && arguments[1].is(Kind::kString);
  if (arguments.empty() || !arguments[0].is(Kind::kTimestamp) || (arguments.size() > 1 && !with_zone)) {
    return no_overload(frame, name, arguments);
  }
  std::int64_t seconds = arguments[0].integer;
  if (with_zone) {
    constexpr std::uint64_t kZoneCost = 4;
    constexpr std::uint64_t kNoZoneCost = 1000;  // the system's files may be looked through for it
    if (!charge(frame, kZoneCost)) return cost_exceeded();
    const std::optional<std::int32_t> offset = zone_offset(arguments[1].text(), seconds);
    if (!offset) {
      if (!charge(frame, kNoZoneCost)) return cost_exceeded();
      return fail_with(frame, ErrorKind::kInvalidArgument, "no such time zone: " + to_display(arguments[1], 80));
    }
    seconds += *offset;
  }
  const std::int64_t days = floor_divide(seconds, kDay);
  return Value::of_int(read(LocalTime{days, seconds - days * kDay, arguments[0].nanos()}));
}

/// `value.f()` of a duration, or false.
template <typename Read>
bool read_duration(Arguments arguments, Value& result, Read read) {
  if (arguments.size() != 1 || !arguments[0].is(Kind::kDuration)) return false;
  result = Value::of_int(read(arguments[0].integer, arguments[0].nanos()));
  return true;
}

}  // namespace

__int128 nanos_of(const Value& time) { return static_cast<__int128>(time.integer) * kNanosPerSecond + time.nanos(); }

Value duration_of(Frame& frame, __int128 nanos) {
  if (nanos < std::numeric_limits<std::int64_t>::min() || nanos > std::numeric_limits<std::int64_t>::max()) {
    return fail(frame, ErrorKind::kOutOfRange, "the duration is longer than 292 years");
  }
  return Value::of_duration(static_cast<std::int64_t>(nanos / kNanosPerSecond),
                            static_cast<std::int32_t>(nanos % kNanosPerSecond));
}

Value timestamp_of(Frame& frame, __int128 nanos) {
  __int128 seconds = nanos / kNanosPerSecond;
  auto rest = static_cast<std::int32_t>(nanos % kNanosPerSecond);
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) {
    return fail(frame, ErrorKind::kOutOfRange, "the timestamp is not in the years 0001 to 9999");
  }
  return Value::of_timestamp(static_cast<std::int64_t>(seconds), rest);
}

bool add_times(Frame& frame, const Value& left, const Value& right, Value& result) {
  const bool left_is_duration = left.is(Kind::kDuration);
  const bool right_is_duration = right.is(Kind::kDuration);
  if ((!left_is_duration && !left.is(Kind::kTimestamp)) || (!right_is_duration && !right.is(Kind::kTimestamp)) ||
      (!left_is_duration && !right_is_duration))
    return false;
  const __int128 sum = nanos_of(left) + nanos_of(right);
  result = left_is_duration && right_is_duration ? duration_of(frame, sum) : timestamp_of(frame, sum);
  return true;
}

bool subtract_times(Frame& frame, const Value& left, const Value& right, Value& result) {
  const bool left_is_time = left.is(Kind::kTimestamp) || left.is(Kind::kDuration);
  if (!left_is_time || (!right.is(Kind::kDuration) && !right.is(left.kind))) return false;
  const __int128 rest = nanos_of(left) - nanos_of(right);
  result = left.kind == right.kind ? duration_of(frame, rest) : timestamp_of(frame, rest);
  return true;
}

Value get_full_year(Frame& frame, Arguments arguments) {
  return read_local(frame, "getFullYear", arguments, [](const LocalTime& at) { return calendar_day(at.days).year; });
}

Value get_month(Frame& frame, Arguments arguments) {
  return read_local(frame, "getMonth", arguments, [](const LocalTime& at) { return calendar_day(at.days).month - 1; });
}

Value get_day_of_year(Frame& frame, Arguments arguments) {
  return read_local(frame, "getDayOfYear", arguments,
                    [](const LocalTime& at) { return at.days - days_since_1970({calendar_day(at.days).year, 1, 1}); });
}

Value get_day_of_month(Frame& frame, Arguments arguments) {
  return read_local(frame, "getDayOfMonth", arguments,
                    [](const LocalTime& at) { return calendar_day(at.days).day - 1; });
}

Value get_date(Frame& frame, Arguments arguments) {
  return read_local(frame, "getDate", arguments, [](const LocalTime& at) { return calendar_day(at.days).day; });
}

Value get_day_of_week(Frame& frame, Arguments arguments) {
  constexpr std::int64_t kThursday = 4;  // 1970-01-01
  return read_local(frame, "getDayOfWeek", arguments,
                    [](const LocalTime& at) { return ((at.days + kThursday) % 7 + 7) % 7; });
}

Value get_hours(Frame& frame, Arguments arguments) {
  Value hours;
  if (read_duration(arguments, hours, [](std::int64_t seconds, std::int32_t) { return seconds / 3600; })) return hours;
  return read_local(frame, "getHours", arguments, [](const LocalTime& at) { return at.second / 3600; });
}

Value get_minutes(Frame& frame, Arguments arguments) {
  Value minutes;
  if (read_duration(arguments, minutes, [](std::int64_t seconds, std::int32_t) { return seconds / 60; })) {
    return minutes;
  }
  return read_local(frame, "getMinutes", arguments, [](const LocalTime& at) { return at.second / 60 % 60; });
}

Value get_seconds(Frame& frame, Arguments arguments) {
  Value seconds;
  if (read_duration(arguments, seconds, [](std::int64_t whole, std::int32_t) { return whole; })) return seconds;
  return read_local(frame, "getSeconds", arguments, [](const LocalTime& at) { return at.second % 60; });
}

Value get_milliseconds(Frame& frame, Arguments arguments) {
  Value thousandths;
  const auto of_nanos = [](std::int64_t, std::int32_t nanos) { return nanos / 1'000'000; };
  if (read_duration(arguments, thousandths, of_nanos)) return thousandths;
  return read_local(frame, "getMilliseconds", arguments, [](const LocalTime& at) { return at.nanos / 1'000'000; });
}

}  // namespace reeve::policy::cel
