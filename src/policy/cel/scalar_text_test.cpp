#include "policy/cel/scalar_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reeve::policy::cel {
namespace {

TEST(ScalarText, DoublesAreShortestAndReadBack) {
  EXPECT_EQ(double_text(0), "0");
  EXPECT_EQ(double_text(-0.0), "-0");
  EXPECT_EQ(double_text(1), "1");
  EXPECT_EQ(double_text(-4.5e-3), "-0.0045");
  EXPECT_EQ(double_text(123.456), "123.456");
  EXPECT_EQ(double_text(1e6), "1000000");
  EXPECT_EQ(double_text(123e18), "123000000000000000000");
  EXPECT_EQ(double_text(1e21), "1e+21");
  EXPECT_EQ(double_text(1.25e21), "1.25e+21");
  EXPECT_EQ(double_text(1e-6), "0.000001");
  EXPECT_EQ(double_text(1.5e-7), "1.5e-7");
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(double_text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(double_text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(double_text(std::nan("")), "NaN");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "-Infinity");
  for (const double number : {1.0 / 3, 2e-310, 9007199254740993.0, 6.02214076e23, 1e100 / 7}) {
    EXPECT_EQ(parse_double(double_text(number)), number);
  }
}

TEST(ScalarText, DoublesAreReadStrictly) {
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("+1e3"), 1000);
  EXPECT_EQ(parse_double("-.5"), -0.5);
  EXPECT_EQ(parse_double("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("-1e400"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("1e-400"), 0);
  EXPECT_TRUE(std::isnan(*parse_double("NaN")));
  EXPECT_EQ(parse_double("-Infinity"), -std::numeric_limits<double>::infinity());
  for (const char* wrong : {"", "-", ".", "1.5x", " 1", "1 ", "0x10", "--1", "+-1", "e5", "infinit"}) {
    EXPECT_EQ(parse_double(wrong), std::nullopt) << wrong;
  }
}

void expect_time(std::string_view text, std::int64_t seconds, std::int32_t nanos) {
  const auto parts = parse_timestamp(text);
  ASSERT_TRUE(parts) << text;
  EXPECT_EQ(parts->seconds, seconds) << text;
  EXPECT_EQ(parts->nanos, nanos) << text;
}

TEST(ScalarText, TimestampsAreReadAsRfc3339) {
  expect_time("1970-01-01T00:00:00Z", 0, 0);
  expect_time("2009-02-13T23:31:30Z", 1234567890, 0);
  expect_time("2009-02-14T00:31:30+01:00", 1234567890, 0);
  expect_time("2009-02-13t23:31:30.5z", 1234567890, 500'000'000);
  expect_time("1969-12-31T23:59:59.999999999Z", -1, 999'999'999);
  expect_time("0001-01-01T00:00:00Z", kTimestampSecondsMin, 0);
  expect_time("9999-12-31T23:59:59.999999999Z", kTimestampSecondsMax, 999'999'999);
  expect_time("2024-02-29T00:00:00Z", 1709164800, 0);
  for (const char* wrong : {"",
                            "2009",
                            "2009-02-13",
                            "2009-02-13T23:31:30",
                            "2009-02-30T00:00:00Z",
                            "2023-02-29T00:00:00Z",
                            "2009-13-01T00:00:00Z",
                            "2009-02-13T24:00:00Z",
                            "2009-02-13T23:60:00Z",
                            "2009-02-13T23:59:60Z",
                            "2009-02-13 23:31:30Z",
                            "2009-02-13T23:31:30.Z",
                            "2009-02-13T23:31:30.1234567890Z",
                            "2009-02-13T23:31:30+0100",
                            "2009-02-13T23:31:30Zx",
                            "0000-01-01T00:00:00Z",
                            "10000-01-01T00:00:00Z",
                            "0001-01-01T00:00:00+00:01",
                            "9999-12-31T23:59:59-00:01",
                            "-009-02-13T23:31:30Z"}) {
    EXPECT_FALSE(parse_timestamp(wrong)) << wrong;
  }
}

TEST(ScalarText, TimestampsAreWrittenInUtc) {
  EXPECT_EQ(timestamp_text(0, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(timestamp_text(-1, 500'000'000), "1969-12-31T23:59:59.5Z");
  EXPECT_EQ(timestamp_text(kTimestampSecondsMin, 0), "0001-01-01T00:00:00Z");
  EXPECT_EQ(timestamp_text(kTimestampSecondsMax, 999'999'999), "9999-12-31T23:59:59.999999999Z");
}

TEST(ScalarText, DurationsAreNumbersWithUnits) {
  EXPECT_EQ(parse_duration_nanos("0"), 0);
  EXPECT_EQ(parse_duration_nanos("-0"), 0);
  EXPECT_EQ(parse_duration_nanos("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration_nanos("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_duration_nanos("-1h30m.5s"), -5'400'500'000'000);
  EXPECT_EQ(parse_duration_nanos("+20ms"), 20'000'000);
  EXPECT_EQ(parse_duration_nanos("3us"), 3'000);
  EXPECT_EQ(parse_duration_nanos("3µs"), 3'000);
  EXPECT_EQ(parse_duration_nanos("7ns"), 7);
  EXPECT_EQ(parse_duration_nanos("0.5ns"), 0);
  EXPECT_EQ(parse_duration_nanos("1.0000000000000000000000001s"), 1'000'000'000);
  EXPECT_EQ(parse_duration_nanos("9223372036.854775807s"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_duration_nanos("-9223372036.854775808s"), std::numeric_limits<std::int64_t>::min());
  for (const char* wrong : {"", "-", "1", "s", ".s", "1x", "1s2", "1 s", "1d", "1.5", "--1s", "1s-2s",
                            "9223372036.854775808s", "99999999999999999999999999999h"}) {
    EXPECT_FALSE(parse_duration_nanos(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_duration_nanos(std::string(200, '1') + "s"));
}

TEST(ScalarText, DurationsAreWrittenInSeconds) {
  EXPECT_EQ(duration_text(5400, 0), "5400s");
  EXPECT_EQ(duration_text(-1, -500'000'000), "-1.5s");
  EXPECT_EQ(duration_text(0, -1), "-0.000000001s");
}

}  // namespace
}  // namespace reeve::policy::cel
