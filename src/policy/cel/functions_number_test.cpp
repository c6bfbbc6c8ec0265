#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(NumberFunctions, GreatestAndLeast) {
  expect_all({{"math.greatest(1, 2.5, 2u)", "2.5"},
              {"math.greatest(1, 1.0)", "1"},
              {"math.greatest([3, 7u])", "7u"},
              {"math.greatest(5)", "5"},
              {"math.least(1, 2.5, -2)", "-2"},
              {"math.least([dyn(3), 7u])", "3"},
              {"math.least(1, 2, 3, 4, 5, 6, 7, 8, 9, 0)", "0"},
              {"math.greatest([])", "error: an empty list has no greatest or least"},
              {"math.greatest(1, 'a')", "error: math.greatest(int, string) has no meaning"},
              {"math.least(['a'])", "error: math.least(list) has no meaning"}});
}

TEST(NumberFunctions, Rounding) {
  expect_all({{"math.ceil(1.2)", "2.0"},
              {"math.floor(-1.2)", "-2.0"},
              {"math.round(-1.5)", "-2.0"},
              {"math.round(2.5)", "3.0"},
              {"math.trunc(-1.9)", "-1.0"},
              {"math.isNaN(math.round(0.0 / 0.0))", "true"},
              {"math.ceil(1)", "error: math.ceil(int) has no meaning"},
              {"math.floor('a')", "error: math.floor(string) has no meaning"},
              {"math.round(null)", "error: math.round(null_type) has no meaning"},
              {"math.trunc(1u)", "error: math.trunc(uint) has no meaning"}});
}

TEST(NumberFunctions, Kinds) {
  expect_all({{"math.isNaN(1.0)", "false"},
              {"math.isInf(-1.0 / 0.0)", "true"},
              {"math.isInf(1.0)", "false"},
              {"math.isFinite(1.0 / 0.0)", "false"},
              {"math.isFinite(1.0)", "true"},
              {"math.isFinite(1)", "error: math.isFinite(int) has no meaning"}});
}

TEST(NumberFunctions, AbsoluteAndSign) {
  expect_all({{"math.abs(-5)", "5"},
              {"math.abs(5u)", "5u"},
              {"math.abs(-1.5)", "1.5"},
              {"math.abs(-9223372036854775808)", "error: the number does not fit its type"},
              {"math.abs('a')", "error: math.abs(string) has no meaning"},
              {"math.sign(-5)", "-1"},
              {"math.sign(0)", "0"},
              {"math.sign(5u)", "1u"},
              {"math.sign(-0.5)", "-1.0"},
              {"math.sign(0.0)", "0.0"},
              {"math.isNaN(math.sign(0.0 / 0.0))", "true"},
              {"math.sign(true)", "error: math.sign(bool) has no meaning"}});
}

TEST(NumberFunctions, Bits) {
  expect_all({{"math.bitAnd(6, 3)", "2"},
              {"math.bitAnd(6u, 3u)", "2u"},
              {"math.bitOr(4, -2)", "-2"},
              {"math.bitXor(5, 1)", "4"},
              {"math.bitNot(0)", "-1"},
              {"math.bitNot(0u)", "18446744073709551615u"},
              {"math.bitAnd(6, 3u)", "error: math.bitAnd(int, uint) has no meaning"},
              {"math.bitNot(1.0)", "error: math.bitNot(double) has no meaning"},
              {"math.bitShiftLeft(1, 62)", "4611686018427387904"},
              {"math.bitShiftLeft(1, 64)", "0"},
              {"math.bitShiftRight(-1024, 3)", "2305843009213693824"},
              {"math.bitShiftRight(8u, 2)", "2u"},
              {"math.bitShiftRight(8u, -1)", "error: bits are moved by a negative number of places"},
              {"math.bitShiftLeft(1, 1u)", "error: math.bitShiftLeft(int, uint) has no meaning"}});
}

}  // namespace
}  // namespace reeve::policy::cel
