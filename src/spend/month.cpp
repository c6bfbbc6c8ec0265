#include <array>
#include <cstdio>

#include "core/bytes.h"
#include "spend/insight.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

MonthSpan span_of(std::chrono::year_month month) {
  const auto begin = [](std::chrono::year_month of) {
    return day_begin(std::chrono::sys_days(of / std::chrono::day(1)).time_since_epoch().count());
  };
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "%04d-%02u", static_cast<int>(month.year()),
                static_cast<unsigned>(month.month()));
  return {name.data(), begin(month), begin(month + std::chrono::months(1))};
}

std::chrono::year_month calendar_month(Instant when) {
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(day_number(when))));
  return date.year() / date.month();
}

}  // namespace

Result<MonthSpan> parse_month(std::string_view text) {
  const bool form = text.size() == 7 && text[4] == '-';
  const std::int64_t year = form ? parse_int(text.substr(0, 4)).value_or(0) : 0;
  const std::int64_t month = form ? parse_int(text.substr(5)).value_or(0) : 0;
  if (year < 1970 || year > 2200 || month < 1 || month > 12) {
    return Error{ErrorCode::kInvalid, "a month is written like 2026-11"};
  }
  return span_of(std::chrono::year(static_cast<int>(year)) / std::chrono::month(static_cast<unsigned>(month)));
}

MonthSpan month_of(Instant when) { return span_of(calendar_month(when)); }

MonthSpan month_before(const MonthSpan& month) { return span_of(calendar_month(month.begin) - std::chrono::months(1)); }

}  // namespace reeve::spend
