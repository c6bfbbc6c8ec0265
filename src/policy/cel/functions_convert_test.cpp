#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(Conversions, Bool) {
  expect_all({{"bool('true') && bool('True') && bool('TRUE') && bool('t') && bool('1')", "true"},
              {"bool('false') || bool('False') || bool('FALSE') || bool('f') || bool('0')", "false"},
              {"bool(true)", "true"},
              {"bool('TrUe')", "error: \"TrUe\" is no bool"},
              {"bool(1)", "error: bool(int) has no meaning"}});
}

TEST(Conversions, Int) {
  expect_all({{"int(-5)", "-5"},
              {"int(5u)", "5"},
              {"int(9223372036854775808u)", "error: 9223372036854775808u does not fit int"},
              {"int(-7.9)", "-7"},
              {"int(9223372036854775807.0)", "error: 9223372036854776000.0 does not fit int"},
              {"int(-9223372036854775808.0)", "error: -9223372036854776000.0 does not fit int"},
              {"int(0.0 / 0.0)", "error: double(\"NaN\") does not fit int"},
              {"int('-987')", "-987"},
              {"int('+5')", "5"},
              {"int('')", "error: \"\" is no int"},
              {"int('1.5')", "error: \"1.5\" is no int"},
              {"int(' 1')", "error: \" 1\" is no int"},
              {"int('+-1')", "error: \"+-1\" is no int"},
              {"int('9223372036854775808')", "error: \"9223372036854775808\" is no int"},
              {"int(timestamp('2009-02-13T23:31:30.9Z'))", "1234567890"},
              {"int(true)", "error: int(bool) has no meaning"}});
}

TEST(Conversions, Uint) {
  expect_all({{"uint(5u)", "5u"},
              {"uint(5)", "5u"},
              {"uint(-1)", "error: -1 does not fit uint"},
              {"uint(25.9)", "25u"},
              {"uint(-0.5)", "error: -0.5 does not fit uint"},
              {"uint(18446744073709551616.0)", "error: 18446744073709552000.0 does not fit uint"},
              {"uint('300')", "300u"},
              {"uint('-1')", "error: \"-1\" is no uint"},
              {"uint(null)", "error: uint(null_type) has no meaning"}});
}

TEST(Conversions, Double) {
  expect_all({{"double(5)", "5.0"},
              {"double(18446744073709551615u)", "18446744073709552000.0"},
              {"double('-5.43e-21')", "-5.43e-21"},
              {"double(1.5)", "1.5"},
              {"double('x')", "error: \"x\" is no double"},
              {"double([])", "error: double(list) has no meaning"}});
}

TEST(Conversions, String) {
  expect_all({{"string('a')", "\"a\""},
              {"string(true)", "\"true\""},
              {"string(-5)", "\"-5\""},
              {"string(5u)", "\"5\""},
              {"string(-4.5e-3)", "\"-0.0045\""},
              {"string(b'\\303\\277')", "\"ÿ\""},
              {"string(b'\\000\\xff')", "error: the bytes are not UTF-8"},
              {"string(timestamp('2009-02-13T23:31:30.50Z'))", "\"2009-02-13T23:31:30.5Z\""},
              {"string(duration('1h'))", "\"3600s\""},
              {"string(null)", "error: string(null_type) has no meaning"},
              {"string([1])", "error: string(list) has no meaning"}});
}

TEST(Conversions, Bytes) {
  expect_all(
      {{"bytes('ÿ')", "b\"\\xc3\\xbf\""}, {"bytes(b'a')", "b\"a\""}, {"bytes(1)", "error: bytes(int) has no meaning"}});
}

TEST(Conversions, Times) {
  expect_all(
      {{"timestamp(1000000000)", "timestamp(\"2001-09-09T01:46:40Z\")"},
       {"timestamp(timestamp(1)) == timestamp(1)", "true"},
       {"timestamp(253402300800)", "error: the timestamp is not in the years 0001 to 9999"},
       {"timestamp('x')", "error: \"x\" is no timestamp as RFC 3339 writes it, in the years 0001 to 9999"},
       {"timestamp(1.5)", "error: timestamp(double) has no meaning"},
       {"duration('-1.5h')", "duration(\"-5400s\")"},
       {"duration(duration('1s'))", "duration(\"1s\")"},
       {"duration('1')", "error: \"1\" is no duration as 1h30m or 1.5s, up to 292 years"},
       {"duration('320000000000s')", "error: \"320000000000s\" is no duration as 1h30m or 1.5s, up to 292 years"},
       {"duration(1)", "error: duration(int) has no meaning"}});
}

TEST(Conversions, TypeAndDyn) {
  expect_all({{"type(1)", "int"},
              {"type(type(1))", "type"},
              {"type(null)", "null_type"},
              {"type(timestamp(0)) == google.protobuf.Timestamp", "true"},
              {"type(1) == type(1u)", "false"},
              {"dyn('a')", "\"a\""},
              {"dyn()", "error: dyn() has no meaning"}});
}

}  // namespace
}  // namespace reeve::policy::cel
