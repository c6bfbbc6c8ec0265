#pragma once

// Time zones, read from the system's tz database: when the days of a place begin. Private to the spend room.
//
// Local times that a change of clocks skips count from the moment of the change, those that it repeats from the first
// of both, so that local days follow each other without gap and overlap.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve::spend {

/// Immutable. All times are seconds since 1970-01-01T00:00:00, local ones as if the place's clock showed UTC.
class TimeZone {
 public:
  /// "Europe/Berlin". kNotFound when the database has no such name; "UTC" needs no database.
  static Result<std::shared_ptr<const TimeZone>> named(std::string_view name);
  /// From the bytes of a TZif file (RFC 8536) of version 2 or later.
  static Result<std::shared_ptr<const TimeZone>> from_tzif(std::string_view bytes);

  /// A time in which the distance to UTC does not change: [begin, end).
  struct Stretch {
    std::int64_t begin = 0, end = 0;
    std::int64_t offset = 0;  // local is UTC plus this
  };
  Stretch stretch_at(std::int64_t utc) const;
  std::int64_t to_local(std::int64_t utc) const { return utc + stretch_at(utc).offset; }
  std::int64_t to_utc(std::int64_t local) const;

 private:
  /// A yearly change: "the last Sunday of March at 2:00".
  struct Change {
    enum class Day : std::uint8_t { kJulianWithoutLeap, kYearDay, kMonthWeekDay } day = Day::kYearDay;
    int month = 1, week = 1, number = 0;  // number: weekday from Sunday, or day of the year
    std::int64_t seconds = 7200;          // of local time into that day; may be negative or past its end
  };
  /// What holds after the last transition of the file.
  struct Rule {
    std::int64_t standard = 0, summer = 0;         // offsets
    std::optional<std::array<Change, 2>> changes;  // to summer time, to standard time; none: always standard
  };
  struct RuleReader;

  static std::int64_t change_at(const Change& change, int year, std::int64_t offset_before);
  Stretch stretch_of_rule(std::int64_t utc) const;

  std::vector<std::int64_t> transitions_;  // ascending
  std::vector<std::int64_t> offsets_;      // one more than transitions: the first holds before all of them
  std::optional<Rule> rule_;
};

}  // namespace reeve::spend
