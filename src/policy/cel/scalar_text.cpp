#include "policy/cel/scalar_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/bytes.h"

namespace reeve::policy::cel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Decimal digits without a point become a number as people write it: a point within 21 digits, an exponent beyond.
std::string place_point(std::string_view digits, int exponent) {
  constexpr int kDigitsMax = 21;
  constexpr int kZerosMax = 6;
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // how many digits stand before the point
  std::string text;
  if (point >= count && point <= kDigitsMax) {
    text.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= kDigitsMax) {
    text.append(digits.substr(0, static_cast<std::size_t>(point))).append(".");
    text.append(digits.substr(static_cast<std::size_t>(point)));
  } else if (point <= 0 && point > -kZerosMax) {
    text.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else {
    text.append(digits.substr(0, 1));
    if (count > 1) text.append(".").append(digits.substr(1));
    text.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  }
  return text;
}

/// Reads exactly `count` digits.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

/// ".5" as nanoseconds: 1 to 9 digits.
std::optional<std::int32_t> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return 0;
  std::int32_t nanos = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits > 9) return std::nullopt;
  for (std::size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return nanos;
}

/// "Z" or "+02:00", as seconds east of UTC.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, "Z") || take(text, "z")) return 0;
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take(text, "-") && !take(text, "+")) return std::nullopt;
  const std::optional<int> hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const std::optional<int> minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

std::optional<std::int64_t> take_days(std::string_view& text) {
  const std::optional<int> year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const std::optional<int> month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const std::optional<int> day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return days_since_1970({*year, *month, *day});
}

std::optional<int> take_second_of_day(std::string_view& text) {
  const std::optional<int> hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const std::optional<int> minutes = take_digits(text, 2);
  if (!minutes || !take(text, ":")) return std::nullopt;
  const std::optional<int> seconds = take_digits(text, 2);
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  return *hours * 3600 + *minutes * 60 + *seconds;
}

std::string fraction_text(std::int32_t nanos) {
  if (nanos == 0) return {};
  std::string digits = std::to_string(nanos);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  const std::string text = std::to_string(number);
  if (text.size() < width) out.append(width - text.size(), '0');
  out += text;
}

struct DurationUnit {
  std::string_view name;
  std::int64_t nanos;
};
/// A longer name before one that it begins with.
constexpr std::array kDurationUnits = {DurationUnit{"ns", 1},
                                       DurationUnit{"us", 1'000},
                                       DurationUnit{"\xC2\xB5s", 1'000},
                                       DurationUnit{"\xCE\xBCs", 1'000},
                                       DurationUnit{"ms", 1'000'000},
                                       DurationUnit{"s", 1'000'000'000},
                                       DurationUnit{"m", 60'000'000'000},
                                       DurationUnit{"h", 3'600'000'000'000}};

/// "1.5h" as nanoseconds.
std::optional<__int128> take_duration_part(std::string_view& text) {
  constexpr __int128 kTooMuch = static_cast<__int128>(1) << 64U;
  std::size_t digits = 0;
  __int128 whole = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    whole = std::min(whole * 10 + (text[digits++] - '0'), kTooMuch);
  }
  text.remove_prefix(digits);
  __int128 fraction = 0;
  __int128 scale = 1;
  if (take(text, ".")) {
    std::size_t places = 0;
    for (; places < text.size() && is_digit(text[places]); ++places) {
      if (scale >= 1'000'000'000'000'000'000) continue;  // finer than any unit can tell
      fraction = fraction * 10 + (text[places] - '0');
      scale *= 10;
    }
    digits += places;
    text.remove_prefix(places);
  }
  if (digits == 0) return std::nullopt;
  for (const DurationUnit& unit : kDurationUnits) {
    if (take(text, unit.name)) return whole * unit.nanos + fraction * unit.nanos / scale;
  }
  return std::nullopt;
}

}  // namespace

std::string double_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number), std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  const std::size_t sign = e + 1;
  std::from_chars(text.data() + sign + (text[sign] == '+' ? 1 : 0), end, exponent);
  return (std::signbit(number) ? "-" : "") + place_point(digits, exponent);
}

std::optional<double> parse_double(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  if (equal_ignoring_case(text, "nan")) {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (equal_ignoring_case(text, "inf") || equal_ignoring_case(text, "infinity")) {
    number = std::numeric_limits<double>::infinity();
  } else {
    const bool starts_well = !text.empty() && (is_digit(text[0]) || (text.size() > 1 && text[0] == '.'));
    if (!starts_well) return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size()) return std::nullopt;
    // Out of range leaves the number unset: strtod tells which end it is. The text is decimal digits throughout.
    if (problem == std::errc::result_out_of_range)
      number = std::strtod(std::string(text).c_str(), nullptr);
    else if (problem != std::errc())
      return std::nullopt;
  }
  return negative ? -number : number;
}

std::int64_t days_since_1970(const CalendarDay& day) {
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(day.year)),
                                         std::chrono::month(static_cast<unsigned>(day.month)),
                                         std::chrono::day(static_cast<unsigned>(day.day)));
  return std::chrono::sys_days(date).time_since_epoch().count();
}

CalendarDay calendar_day(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

std::optional<TimestampParts> parse_timestamp(std::string_view text) {
  const std::optional<std::int64_t> days = take_days(text);
  if (!days || (!take(text, "T") && !take(text, "t"))) return std::nullopt;
  const std::optional<int> second_of_day = take_second_of_day(text);
  if (!second_of_day) return std::nullopt;
  const std::optional<std::int32_t> nanos = take_fraction(text);
  if (!nanos) return std::nullopt;
  const std::optional<int> offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const std::int64_t seconds = *days * 86400 + *second_of_day - *offset;
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return std::nullopt;
  return TimestampParts{seconds, *nanos};
}

std::string timestamp_text(std::int64_t seconds, std::int32_t nanos) {
  const std::int64_t days = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400);
  const std::int64_t second = seconds - days * 86400;
  const CalendarDay day = calendar_day(days);
  constexpr std::size_t kUsualBytes = 30;
  std::string text;
  text.reserve(kUsualBytes);
  const auto put = [&text](std::int64_t number, std::size_t width, char after) {
    append_padded(text, number, width);
    text += after;
  };
  put(day.year, 4, '-');
  put(day.month, 2, '-');
  put(day.day, 2, 'T');
  put(second / 3600, 2, ':');
  put(second / 60 % 60, 2, ':');
  append_padded(text, second % 60, 2);
  text.append(fraction_text(nanos)).append("Z");
  return text;
}

std::optional<std::int64_t> parse_duration_nanos(std::string_view text) {
  constexpr std::size_t kBytesMax = 128;
  if (text.size() > kBytesMax) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  __int128 nanos = 0;
  while (!text.empty()) {
    const std::optional<__int128> part = take_duration_part(text);
    if (!part) return std::nullopt;
    nanos += *part;
  }
  if (negative) nanos = -nanos;
  if (nanos < std::numeric_limits<std::int64_t>::min() || nanos > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(nanos);
}

std::string duration_text(std::int64_t seconds, std::int32_t nanos) {
  const bool negative = seconds < 0 || nanos < 0;
  return (negative ? "-" : "") + std::to_string(std::abs(seconds)) + fraction_text(std::abs(nanos)) + "s";
}

}  // namespace reeve::policy::cel
