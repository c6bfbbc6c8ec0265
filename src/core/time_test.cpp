#include "core/time.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/time_text.h"

namespace reeve {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenInOneForm) {
  EXPECT_EQ(format_time({0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time({1'764'000'000'123'456'789}), "2025-11-24T16:00:00.123456Z");
  EXPECT_EQ(format_time(*parse_time("2024-02-29T23:59:59.9999999Z")), "2024-02-29T23:59:59.999999Z");
  for (const std::int64_t extreme :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(format_time({extreme}).size(), 27U);
  }
}

TEST(Time, IsReadInTheFormsOfRfc3339) {
  const auto nanos = [](const char* text) { return parse_time(text)->nanoseconds; };
  EXPECT_EQ(nanos("1970-01-01"), 0);
  EXPECT_EQ(nanos("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(nanos("1970-01-01t00:00:01z"), 1'000'000'000);
  EXPECT_EQ(nanos("1970-01-01 00:00:00.5Z"), 500'000'000);
  EXPECT_EQ(nanos("1970-01-01T00:00:00.000000001Z"), 1);
  EXPECT_EQ(nanos("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(nanos("1969-12-31T18:30:00-05:30"), 0);
  EXPECT_EQ(nanos("1969-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(nanos("2016-12-31T23:59:60Z"), nanos("2017-01-01T00:00:00Z")) << "a leap second is the next second";
}

TEST(Time, IsWrittenTheSameFromTheFirstToTheLastMomentThatFits) {
  EXPECT_EQ(format_time({std::numeric_limits<std::int64_t>::min()}), "1677-09-21T00:12:43.145224Z");
  EXPECT_EQ(format_time({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time({0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time({1'000}), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_time({std::numeric_limits<std::int64_t>::max()}), "2262-04-11T23:47:16.854775Z");
  const TimeText text({1'000'000'007'000'000'000});
  EXPECT_EQ(std::string_view(text), "2001-09-09T01:46:47.000000Z");
}

TEST(Time, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-02-30",
                           "2025-02-29",
                           "2026-1-1",
                           "26-01-01",
                           "2026-11-21T",
                           "2026-11-21T10:55",
                           "2026-11-21T10:55:03",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T10:60:00Z",
                           "2026-11-21T10:55:61Z",
                           "2026-11-21T10:55:03.Z",
                           "2026-11-21T10:55:03.1234567890Z",
                           "2026-11-21T10:55:03,5Z",
                           "2026-11-21T10:55:03+24:00",
                           "2026-11-21T10:55:03+01:60",
                           "2026-11-21T10:55:03+0100",
                           "2026-11-21T10:55:03+",
                           "2026-11-21T10:55:03ZZ",
                           "2026-11-21 ",
                           " 2026-11-21",
                           "2026/11/21",
                           "-2026-11-21",
                           "0001-01-01",
                           "9999-12-31",
                           "2026-11-21T-1:00:00Z"}) {
    EXPECT_FALSE(parse_time(text).ok()) << text;
  }
  EXPECT_EQ(parse_time("\x1b]0;x").error().message.find('\x1b'), std::string::npos);
}

TEST(Time, ReadsBackWhatItWrote) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 5000; ++i) {
    const auto micros = static_cast<std::int64_t>(random() % 16'000'000'000'000'000ULL) - 8'000'000'000'000'000;
    const Instant at{micros * 1000};
    if (at < *parse_time("1700-01-01") || at > *parse_time("2250-01-01")) continue;
    EXPECT_EQ(parse_time(format_time(at))->nanoseconds, at.nanoseconds);
  }
}

TEST(Time, SecondsOfOthersDoNotOverflow) {
  EXPECT_EQ(from_unix_seconds(1).nanoseconds, 1'000'000'000);
  EXPECT_GT(from_unix_seconds(std::numeric_limits<std::int64_t>::max()), *parse_time("2250-01-01"));
  EXPECT_LT(from_unix_seconds(std::numeric_limits<std::int64_t>::min()), *parse_time("1700-01-01"));
  EXPECT_EQ(unix_seconds(from_unix_seconds(1'764'000'000)), 1'764'000'000);
}

TEST(Durations, AreReadAndWritten) {
  const std::vector<std::pair<const char*, Duration>> durations = {
      {"90s", 90s},     {"15m", 15min},   {"12h", 12h}, {"30d", 30 * 24h},
      {"2w", 14 * 24h}, {"250ms", 250ms}, {"0s", 0s},   {"36500d", 36500 * 24h}};
  for (const auto& [text, duration] : durations) {
    ASSERT_TRUE(parse_duration(text).ok()) << text;
    EXPECT_EQ(*parse_duration(text), duration) << text;
    EXPECT_EQ(*parse_duration(format_duration(duration)), duration) << text;
  }
  EXPECT_EQ(format_duration(30 * 24h), "30d");
  EXPECT_EQ(format_duration(14 * 24h), "2w");
  EXPECT_EQ(format_duration(90min), "90m");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
}

TEST(Durations, RefuseEverythingElse) {
  for (const char* text : {"", "5", "s", "-5s", "+5s", "1.5h", "5 s", "5S", "5min", "5y", "101y", "36601d", "5300w",
                           "99999999999999999999s", "9223372036854775807ms", "1h30m", "5s "}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(Since, TakesADurationOrATime) {
  const Instant now = *parse_time("2026-11-21T12:00:00Z");
  EXPECT_EQ(*parse_since("7d", now), *parse_time("2026-11-14T12:00:00Z"));
  EXPECT_EQ(*parse_since("2026-01-02", now), *parse_time("2026-01-02"));
  EXPECT_FALSE(parse_since("yesterday", now).ok());
}

TEST(Clocks, TheManualOneMovesWhenTold) {
  ManualClock clock(Instant{1000});
  const Moment start = clock.steady();
  clock.advance(5s);
  EXPECT_EQ(clock.now().nanoseconds, 5'000'001'000);
  EXPECT_EQ(clock.steady() - start, 5s);
  clock.step_wall_clock(-1h);
  EXPECT_EQ(clock.steady() - start, 5s) << "steady time does not step";
  EXPECT_LT(clock.now(), Instant{0});
}

TEST(Clocks, TheSystemOneRuns) {
  const Clock& clock = system_clock();
  const Moment first = clock.steady();
  EXPECT_GT(clock.now(), *parse_time("2025-01-01"));
  EXPECT_GE(clock.steady(), first);
}

}  // namespace
}  // namespace reeve
