#pragma once

// A time zone as its file tells it. Source: RFC 8536, "The Time Zone Information Format (TZif)".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::policy::cel {

/// When a zone's clocks change each year, from the text at a file's end: "CET-1CEST,M3.5.0,M10.5.0/3".
struct ZoneRule {
  struct Change {
    enum class Form : std::uint8_t { kWeekday, kDayWithoutLeap, kDayOfYear };
    Form form = Form::kWeekday;
    int month = 1;  // kWeekday: 1 to 12
    int week = 1;   // 1 to 5; 5 is the last one
    int day = 0;    // weekday from Sunday 0; or day of the year, from 1 without 29 February or from 0 with it
    std::int32_t second = 7200;  // of that day, by the clock before the change
  };
  std::int32_t standard_offset = 0;  // seconds east of UTC
  std::int32_t summer_offset = 0;
  bool has_summer = false;
  Change begin;  // of summer time
  Change end;
};

struct ZoneFile {
  std::vector<std::int64_t> changes;  // seconds since 1970, rising
  std::vector<std::int32_t> offsets;  // offsets[i] holds from changes[i] on
  std::int32_t first_offset = 0;      // before the first change
  std::optional<ZoneRule> rule;       // after the last one
};

/// Nothing when the bytes are no zone file of version 2 or later, or one with unreasonably many changes.
std::optional<ZoneFile> parse_zone_file(std::string_view bytes);
std::optional<ZoneRule> parse_zone_rule(std::string_view text);
std::int32_t offset_at(const ZoneFile& zone, std::int64_t at);

}  // namespace reeve::policy::cel
