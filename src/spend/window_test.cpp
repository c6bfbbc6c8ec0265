#include "spend/window.h"

#include <gtest/gtest.h>

namespace reeve::spend {
namespace {

Instant at(std::string_view text) { return *parse_time(text); }

WindowRule rule(Period period, std::string_view zone, Duration rolling = {}) {
  auto found = TimeZone::named(zone);
  EXPECT_TRUE(found.ok());
  return {period, rolling, *found};
}

/// "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z"
std::string window(Period period, std::string_view zone, std::string_view now) {
  const Window found = rule(period, zone).at(at(now));
  const auto text = [](Instant when) { return format_time(when).substr(0, 19) + "Z"; };
  return text(found.begin) + "/" + text(found.end);
}

TEST(TimeZone, FollowsTheDatabase) {
  const auto berlin = *TimeZone::named("Europe/Berlin");
  EXPECT_EQ(berlin->to_local(0), 3600);
  const auto offset = [](const TimeZone& zone, std::string_view time) {
    return zone.stretch_at(unix_seconds(at(time))).offset;
  };
  EXPECT_EQ(offset(*berlin, "2026-03-29T00:59:59Z"), 3600);
  EXPECT_EQ(offset(*berlin, "2026-03-29T01:00:00Z"), 7200);
  EXPECT_EQ(offset(*berlin, "2026-10-25T00:59:59Z"), 7200);
  EXPECT_EQ(offset(*berlin, "2026-10-25T01:00:00Z"), 3600);
  // Past the end of the table the rule of the footer holds.
  EXPECT_EQ(offset(*berlin, "2199-07-01T00:00:00Z"), 7200);
  EXPECT_EQ(offset(*berlin, "2199-12-01T00:00:00Z"), 3600);
  EXPECT_EQ(offset(**TimeZone::named("Asia/Kolkata"), "2026-01-01T00:00:00Z"), 19'800);
  EXPECT_EQ(offset(**TimeZone::named("America/New_York"), "2199-07-01T00:00:00Z"), -4 * 3600);
}

TEST(TimeZone, RuleAndTableAgreeWhereBothHold) {
  // The Sunday of a change is the same whether the file's table or a file of the rule alone tells it.
  const std::string header = "TZif2" + std::string(15, '\0');
  const std::string none = header + std::string(24, '\0');
  std::string counts(24, '\0');
  counts[19] = 1;  // one type
  counts[23] = 1;  // one letter
  const std::string type = std::string("\0\0\x0E\x10\0\0", 6) + std::string(1, '\0');
  const auto slim = TimeZone::from_tzif(none + header + counts + type + "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
  ASSERT_TRUE(slim.ok()) << slim.error().message;
  const auto full = *TimeZone::named("Europe/Berlin");
  for (std::int64_t time = unix_seconds(at("2020-01-01")); time < unix_seconds(at("2036-01-01")); time += 1800) {
    ASSERT_EQ((*slim)->to_local(time), full->to_local(time)) << time;
  }
}

TEST(TimeZone, RefusesWhatIsNone) {
  for (const char* name : {"Europe/Berlim", "", "../../etc/passwd", "/etc/passwd", "Europe", "posixrules\n"}) {
    EXPECT_FALSE(TimeZone::named(name).ok()) << name;
  }
  for (const char* bytes : {"", "TZif", "TZif2", "TZif2and then something that is no header at all............."}) {
    EXPECT_FALSE(TimeZone::from_tzif(bytes).ok()) << bytes;
  }
}

TEST(Window, OfTheCalendarInUtc) {
  constexpr const char* kNow = "2026-11-20T12:34:56Z";  // a Friday
  EXPECT_EQ(window(Period::kHour, "UTC", kNow), "2026-11-20T12:00:00Z/2026-11-20T13:00:00Z");
  EXPECT_EQ(window(Period::kDay, "UTC", kNow), "2026-11-20T00:00:00Z/2026-11-21T00:00:00Z");
  EXPECT_EQ(window(Period::kWeek, "UTC", kNow), "2026-11-16T00:00:00Z/2026-11-23T00:00:00Z");
  EXPECT_EQ(window(Period::kMonth, "UTC", kNow), "2026-11-01T00:00:00Z/2026-12-01T00:00:00Z");
  EXPECT_EQ(window(Period::kQuarter, "UTC", kNow), "2026-10-01T00:00:00Z/2027-01-01T00:00:00Z");
  EXPECT_EQ(window(Period::kMonth, "UTC", "2028-02-29T23:59:59Z"), "2028-02-01T00:00:00Z/2028-03-01T00:00:00Z");
}

TEST(Window, DaysOfAPlaceWhoseClockChanges) {
  EXPECT_EQ(window(Period::kDay, "Europe/Berlin", "2026-03-29T12:00:00Z"), "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z");
  EXPECT_EQ(window(Period::kDay, "Europe/Berlin", "2026-10-25T12:00:00Z"), "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z");
  EXPECT_EQ(window(Period::kMonth, "Europe/Berlin", "2026-10-31T23:30:00Z"),
            "2026-10-31T23:00:00Z/2026-11-30T23:00:00Z");
  // Midnight is skipped there: the day begins at one.
  EXPECT_EQ(window(Period::kDay, "America/Santiago", "2026-09-06T12:00:00Z"),
            "2026-09-06T04:00:00Z/2026-09-07T03:00:00Z");
  // The clock goes back over midnight there: what comes again is the new day's.
  EXPECT_EQ(window(Period::kDay, "America/Santiago", "2026-04-04T12:00:00Z"),
            "2026-04-04T03:00:00Z/2026-04-05T04:00:00Z");
}

TEST(Window, FollowEachOtherWithoutGapAndOverlap) {
  for (const char* zone : {"UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata",
                           "Africa/Cairo", "America/Havana", "Pacific/Apia"}) {
    for (const Period period :
         {Period::kHour, Period::kDay, Period::kWeek, Period::kMonth, Period::kQuarter, Period::kRolling}) {
      const WindowRule windows = rule(period, zone, std::chrono::hours(15));
      Window here = windows.at(at("2025-12-28T00:10:00Z"));
      while (here.begin < at("2027-01-08T00:00:00Z")) {
        ASSERT_LT(here.begin, here.end);
        ASSERT_EQ(windows.at(here.begin), here) << zone << " " << format_time(here.begin);
        ASSERT_EQ(windows.at(here.begin + (here.end - here.begin) / 2), here) << zone << " " << format_time(here.begin);
        ASSERT_EQ(windows.at(here.end - Duration(1)), here) << zone << " " << format_time(here.begin);
        const Window next = windows.at(here.end);
        ASSERT_EQ(next.begin, here.end) << zone << " " << period_name(period) << " " << format_time(here.end);
        here = next;
      }
    }
  }
}

}  // namespace
}  // namespace reeve::spend
