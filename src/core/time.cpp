#include "core/time.h"

#include <array>

#include "core/bytes.h"
#include "core/time_text.h"

namespace reeve {

namespace {

class SystemClock final : public Clock {
 public:
  Instant now() const override {
    return {std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
};

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 6> kUnits{{{"w", 604'800'000'000'000},
                                      {"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000}}};
constexpr std::int64_t kDurationMaxSeconds = 100LL * 366 * 86'400;

Error not_a_time(std::string_view text) {
  return {ErrorCode::kInvalid,
          "'" + printable(text, 60) + "' is not a time; write it as 2026-11-21T10:55:03Z or 2026-11-21"};
}

/// Reads exactly `digits` digits at `at` and moves past them; -1 when they are not there.
int read_digits(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += digits;
  return value;
}

bool read_char(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

/// The part after the seconds: fraction and offset. Returns nanoseconds to add, or nothing.
std::optional<std::int64_t> read_fraction_and_offset(std::string_view text, std::size_t& at) {
  std::int64_t fraction = 0;
  if (read_char(text, at, ".")) {
    std::int64_t scale = 100'000'000;
    std::size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits, scale /= 10) {
      fraction += (text[at] - '0') * scale;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
  }
  if (read_char(text, at, "Zz")) return fraction;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  const int sign = text[at++] == '+' ? 1 : -1;
  const int hours = read_digits(text, at, 2);
  if (!read_char(text, at, ":")) return std::nullopt;
  const int minutes = read_digits(text, at, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return fraction - sign * (hours * 3600LL + minutes * 60LL) * 1'000'000'000;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

TimeText::TimeText(Instant at) {
  using namespace std::chrono;
  // In steps, because the first day of the range begins before the first nanosecond that fits.
  const auto second = floor<seconds>(sys_time<nanoseconds>{nanoseconds(at.nanoseconds)});
  const auto day = floor<days>(second);
  const year_month_day date{day};
  const hh_mm_ss<seconds> time{second - day};
  const auto microsecond =
      static_cast<unsigned>((at.nanoseconds % 1'000'000'000 + 1'000'000'000) % 1'000'000'000 / 1000);
  char* to = characters_.data();
  const auto put = [&to](unsigned number, int digits, char after) {
    for (int i = digits - 1; i >= 0; --i, number /= 10) to[i] = static_cast<char>('0' + number % 10);
    to[digits] = after;
    to += digits + 1;
  };
  put(static_cast<unsigned>(int(date.year())), 4, '-');  // 1677 to 2262: what 64 bits of nanoseconds reach
  put(unsigned(date.month()), 2, '-');
  put(unsigned(date.day()), 2, 'T');
  put(static_cast<unsigned>(time.hours().count()), 2, ':');
  put(static_cast<unsigned>(time.minutes().count()), 2, ':');
  put(static_cast<unsigned>(time.seconds().count()), 2, '.');
  put(microsecond, 6, 'Z');
}

std::string format_time(Instant at) { return std::string(TimeText(at)); }

Result<Instant> parse_time(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  const int year_number = read_digits(text, at, 4);
  const bool dash1 = read_char(text, at, "-");
  const int month_number = read_digits(text, at, 2);
  const bool dash2 = read_char(text, at, "-");
  const int day_number = read_digits(text, at, 2);
  if (year_number < 0 || month_number < 0 || day_number < 0 || !dash1 || !dash2) return not_a_time(text);
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  // The range that fits 64-bit nanoseconds.
  if (!date.ok() || year_number < 1700 || year_number > 2250) return not_a_time(text);
  Instant result{duration_cast<nanoseconds>(sys_days{date}.time_since_epoch()).count()};
  if (at == text.size()) return result;

  if (!read_char(text, at, "Tt ")) return not_a_time(text);
  const int hour = read_digits(text, at, 2);
  const bool colon1 = read_char(text, at, ":");
  const int minute = read_digits(text, at, 2);
  const bool colon2 = read_char(text, at, ":");
  const int second = read_digits(text, at, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || !colon1 || !colon2) {
    return not_a_time(text);
  }
  const auto rest = read_fraction_and_offset(text, at);
  if (!rest || at != text.size()) return not_a_time(text);
  result.nanoseconds += (hour * 3600LL + minute * 60LL + second) * 1'000'000'000 + *rest;
  return result;
}

Result<Duration> parse_duration(std::string_view text) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  if (unit_at != 0 && unit_at != std::string_view::npos) {
    const auto number = parse_int(text.substr(0, unit_at));
    for (const Unit& unit : kUnits) {
      if (unit.name != text.substr(unit_at) || !number) continue;
      if (*number > kDurationMaxSeconds * 1'000'000'000 / unit.nanoseconds) break;
      return Duration(*number * unit.nanoseconds);
    }
  }
  return Error{ErrorCode::kInvalid,
               "'" + printable(text, 40) + "' is not a duration; write it as 90s, 15m, 12h, 30d or 2w"};
}

std::string format_duration(Duration duration) {
  for (const Unit& unit : kUnits) {
    if (duration.count() != 0 && duration.count() % unit.nanoseconds == 0) {
      return std::to_string(duration.count() / unit.nanoseconds) + std::string(unit.name);
    }
  }
  return duration.count() == 0 ? "0s" : std::to_string(duration.count() / 1'000'000) + "ms";
}

Result<Instant> parse_since(std::string_view text, Instant now) {
  if (auto duration = parse_duration(text)) return now - *duration;
  auto time = parse_time(text);
  if (time) return time;
  return Error{ErrorCode::kInvalid,
               "'" + printable(text, 60) + "' is neither a duration such as 7d nor a time such as 2026-11-21"};
}

}  // namespace reeve
