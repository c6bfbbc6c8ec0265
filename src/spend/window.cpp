#include "spend/window.h"

#include <algorithm>

namespace reeve::spend {

namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kHourSeconds = 3'600;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t remainder = value % unit;
  return value - (remainder < 0 ? remainder + unit : remainder);
}

std::int64_t day_number(std::chrono::year_month_day date) {
  return std::chrono::sys_days(date).time_since_epoch().count();
}

}  // namespace

WindowRule::WindowRule(Period period, Duration rolling, std::shared_ptr<const TimeZone> zone)
    : period_(period), rolling_(rolling), zone_(std::move(zone)) {
  if (period_ == Period::kRolling) step_ = Duration((rolling_.count() + kRollingSteps - 1) / kRollingSteps);
}

/// From the beginning of one local day to that of another; days since 1970-01-01.
Window WindowRule::local_days(std::int64_t first, std::int64_t last) const {
  return {from_unix_seconds(zone_->to_utc(first * kDaySeconds)), from_unix_seconds(zone_->to_utc(last * kDaySeconds))};
}

Window WindowRule::day_at(Instant now) const {
  const std::int64_t seconds = floor_to(now.nanoseconds, kSecond) / kSecond;
  const std::int64_t day = floor_to(zone_->to_local(seconds), kDaySeconds) / kDaySeconds;
  // Where the clock is set back over midnight the day before has a second piece after its end: it is the new day's.
  const Window window = local_days(day, day + 1);
  return now < window.end ? window : local_days(day + 1, day + 2);
}

Window WindowRule::at(Instant now) const {
  using namespace std::chrono;
  if (period_ == Period::kSession) return {{0}, kFarFuture};
  if (period_ == Period::kRolling) {
    const Instant begin{floor_to(now.nanoseconds, step_.count())};
    return {begin, begin + step_};
  }
  const std::int64_t now_seconds = floor_to(now.nanoseconds, kSecond) / kSecond;
  if (period_ == Period::kHour) {
    // Hours of the local clock; one that a change of clocks cuts is two windows.
    const TimeZone::Stretch stretch = zone_->stretch_at(now_seconds);
    const std::int64_t begin = floor_to(now_seconds + stretch.offset, kHourSeconds) - stretch.offset;
    return {from_unix_seconds(std::max(begin, stretch.begin)),
            from_unix_seconds(std::min(begin + kHourSeconds, stretch.end))};
  }
  const Window today = day_at(now);
  if (period_ == Period::kDay) return today;
  // The middle of the day lies in it whatever its clock does at its ends.
  const Instant noon = today.begin + Duration((today.end - today.begin).count() / 2);
  const std::int64_t day = floor_to(zone_->to_local(unix_seconds(noon)), kDaySeconds) / kDaySeconds;
  if (period_ == Period::kWeek) {
    const std::int64_t monday = floor_to(day + 3, 7) - 3;  // 1970-01-01 was a Thursday
    return local_days(monday, monday + 7);
  }
  const year_month_day date{sys_days{days{day}}};
  year_month first = date.year() / date.month();
  int length = 1;
  if (period_ == Period::kQuarter) {
    first = date.year() / month((unsigned(date.month()) - 1) / 3 * 3 + 1);
    length = 3;
  }
  return local_days(day_number(first / 1), day_number((first + months(length)) / 1));
}

}  // namespace reeve::spend
