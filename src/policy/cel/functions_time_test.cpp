#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(TimeFunctions, PartsOfATimestamp) {
  expect_all({{"timestamp('2009-02-13T23:31:30.123456789Z').getFullYear()", "2009"},
              {"timestamp('2009-02-13T23:31:30Z').getMonth()", "1"},
              {"timestamp('2009-02-13T23:31:30Z').getDayOfYear()", "43"},
              {"timestamp('2024-12-31T00:00:00Z').getDayOfYear()", "365"},
              {"timestamp('2009-02-13T23:31:30Z').getDayOfMonth()", "12"},
              {"timestamp('2009-02-13T23:31:30Z').getDate()", "13"},
              {"timestamp('2009-02-13T23:31:30Z').getDayOfWeek()", "5"},
              {"timestamp('1969-12-28T00:00:00Z').getDayOfWeek()", "0"},
              {"timestamp('2009-02-13T23:31:30Z').getHours()", "23"},
              {"timestamp('2009-02-13T23:31:30Z').getMinutes()", "31"},
              {"timestamp('2009-02-13T23:31:30Z').getSeconds()", "30"},
              {"timestamp('1969-12-31T23:59:59.987Z').getMilliseconds()", "987"},
              {"timestamp('1969-12-31T23:59:59.987Z').getSeconds()", "59"}});
}

TEST(TimeFunctions, PartsSomewhere) {
  expect_all(
      {{"timestamp('2009-02-13T23:31:30Z').getDate('Australia/Sydney')", "14"},
       {"timestamp('2009-02-13T02:00:00Z').getDayOfMonth('-02:30')", "11"},
       {"timestamp('2009-02-13T23:31:30Z').getHours('02:00')", "1"},
       {"timestamp('2009-02-13T23:31:30Z').getMinutes('Asia/Kathmandu')", "16"},
       {"timestamp('2024-07-15T12:00:00Z').getHours('Europe/Berlin')", "14"},
       {"timestamp('2009-02-13T23:31:30Z').getHours('Mars/Olympus')", "error: no such time zone: \"Mars/Olympus\""},
       {"timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00')", "0"},
       {"timestamp(0).getHours(1)", "error: getHours(google.protobuf.Timestamp, int) has no meaning"}});
}

TEST(TimeFunctions, PartsOfADuration) {
  expect_all({{"duration('3730s').getHours()", "1"},
              {"duration('3730s').getMinutes()", "62"},
              {"duration('-3730.5s').getSeconds()", "-3730"},
              {"duration('1.321s').getMilliseconds()", "321"},
              {"duration('1s').getHours('UTC')", "error: getHours(google.protobuf.Duration, string) has no meaning"},
              {"duration('1s').getDate()", "error: getDate(google.protobuf.Duration) has no meaning"}});
}

TEST(TimeFunctions, Arithmetic) {
  constexpr std::string_view kTooLong = "error: the duration is longer than 292 years";
  constexpr std::string_view kNoTime = "error: the timestamp is not in the years 0001 to 9999";
  expect_all(
      {{"timestamp(10) + duration('1.5s')", "timestamp(\"1970-01-01T00:00:11.5Z\")"},
       {"duration('1s') + timestamp(0)", "timestamp(\"1970-01-01T00:00:01Z\")"},
       {"timestamp(0) - duration('1ns')", "timestamp(\"1969-12-31T23:59:59.999999999Z\")"},
       {"timestamp(10) - timestamp(12)", "duration(\"-2s\")"},
       {"duration('1s') - duration('1.5s')", "duration(\"-0.5s\")"},
       {"duration('1m') + duration('1s')", "duration(\"61s\")"},
       {"duration('1s') - timestamp(0)", "error: google.protobuf.Duration - google.protobuf.Timestamp has no meaning"},
       {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", kNoTime},
       {"timestamp('0001-01-01T00:00:00Z') - duration('1ns')", kNoTime},
       {"timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", kTooLong},
       {"duration('9000000000s') + duration('9000000000s')", kTooLong}});
}

}  // namespace
}  // namespace reeve::policy::cel
