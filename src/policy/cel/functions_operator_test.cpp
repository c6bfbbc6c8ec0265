#include <string>

#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(Operators, WholeNumbersDoNotOverflow) {
  constexpr std::string_view kOverflow = "error: the number does not fit its type";
  expect_all({{"1 + 2", "3"},
              {"9223372036854775807 + 1", kOverflow},
              {"-9223372036854775808 - 1", kOverflow},
              {"-(-9223372036854775808)", kOverflow},
              {"-9223372036854775808 / -1", kOverflow},
              {"-9223372036854775808 % -1", "0"},
              {"4611686018427387904 * 2", kOverflow},
              {"18446744073709551615u + 1u", kOverflow},
              {"0u - 1u", kOverflow},
              {"9223372036854775808u * 2u", kOverflow},
              {"18446744073709551615u / 18446744073709551615u", "1u"},
              {"-7 / 2", "-3"},
              {"-7 % 2", "-1"},
              {"7u % 4u", "3u"}});
}

TEST(Operators, DivisionByZero) {
  expect_all({{"1 / 0", "error: division by zero"},
              {"1u / 0u", "error: division by zero"},
              {"1 % 0", "error: modulus by zero"},
              {"1u % 0u", "error: modulus by zero"},
              {"1.0 / 0.0", "double(\"Infinity\")"},
              {"0.0 / 0.0", "double(\"NaN\")"}});
}

TEST(Operators, TypesAreNotMixed) {
  expect_all(
      {{"1 + 1u", "error: int + uint has no meaning"},
       {"1 + 1.0", "error: int + double has no meaning"},
       {"'a' + 1", "error: string + int has no meaning"},
       {"1.5 % 1.0", "error: double % double has no meaning"},
       {"-(1u)", "error: -(uint) has no meaning"},
       {"!1", "error: a value of type int stands where a bool should"},
       {"null < null", "error: null_type < null_type has no meaning"},
       {"[1] < [2]", "error: list < list has no meaning"},
       {"1 in 2", "error: int in int has no meaning"},
       {"'a' * 2", "error: string * int has no meaning"},
       {"timestamp(0) + timestamp(0)", "error: google.protobuf.Timestamp + google.protobuf.Timestamp has no meaning"}});
}

TEST(Operators, OrderAcrossNumbers) {
  expect_all({{"1 < 2u", "true"},
              {"-1 < 0u", "true"},
              {"1.5 >= 1", "true"},
              {"2u > 1.5", "true"},
              {"0.0 / 0.0 < 1.0", "false"},
              {"0.0 / 0.0 >= 1", "false"},
              {"'a' < 'b'", "true"},
              {"b'b' <= b'a'", "false"},
              {"false < true", "true"},
              {"duration('1s') < duration('2s')", "true"},
              {"timestamp(5) >= timestamp(5)", "true"}});
}

TEST(Operators, Equality) {
  expect_all({{"1 == 1u && 1u == 1.0", "true"},
              {"1 == 'a'", "false"},
              {"1 != 'a'", "true"},
              {"'a' == 'a'", "true"},
              {"'a' != 'b'", "true"},
              {"null == null", "true"},
              {"[1, 2u, 3.0] == [1.0, 2, 3u]", "true"},
              {"{'a': 1} == {'a': 1.0}", "true"},
              {"{'a': 1} == {'b': 1}", "false"},
              {"0.0 / 0.0 == 0.0 / 0.0", "false"},
              {"type(1) == int", "true"}});
}

TEST(Operators, Concatenation) {
  expect_all({{"'ab' + 'c' + ''", "\"abc\""},
              {"b'a' + b'\\xff'", "b\"a\\xff\""},
              {"[1] + [] + [2, 3]", "[1, 2, 3]"},
              {"size('x' + 'y')", "2"}});
}

TEST(Operators, ConcatenationIsBounded) {
  std::string source_text;
  std::string source_list;
  for (int i = 0; i < 21; ++i) {
    const std::string name = std::to_string(i);
    const std::string next = std::to_string(i + 1);
    source_text += "cel.bind(x" + next + ", x" + name + " + x" + name + ", ";
    source_list += "cel.bind(y" + next + ", y" + name + " + y" + name + ", ";
  }
  const std::string ends(21, ')');
  EXPECT_EQ(display_of(source_text + "size(x21)" + ends, R"({"x0": "a"})"),
            "error: a text or bytes would be longer than 1 MiB");
  EXPECT_EQ(display_of(source_list + "size(y21)" + ends, R"({"y0": [1]})"),
            "error: a list or map would have more than 100,000 elements");
}

TEST(Operators, Membership) {
  expect_all({{"1 in [1.0, 2.0]", "true"},
              {"3 in [1, 2]", "false"},
              {"'a' in {'a': 1}", "true"},
              {"1u in {1: 'x'}", "true"},
              {"b'a' in {'a': 1}", "false"},
              {"'b' in ['a', 'b']", "true"},
              {"1 in ['a', 'b']", "false"},
              {"x in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'x']", "true"},
              {"'y' in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'x']", "false"},
              {"5.0 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "true"},
              {"5.5 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "false"},
              {"null in [null, 1.5]", "true"},
              {"x in [y, 'x']", "true"},
              {"'z' in [1/0, 'z']", "error: division by zero"}},
             R"({"x": "x", "y": 1})");
}

TEST(Operators, Index) {
  expect_all({{"[7, 8][1]", "8"},
              {"[7, 8][1u]", "8"},
              {"[7, 8][1.0]", "8"},
              {"[7, 8][0.5]", "error: a list of 2 elements has no place 0.5"},
              {"[7, 8][2]", "error: a list of 2 elements has no place 2"},
              {"[7, 8][-1]", "error: a list of 2 elements has no place -1"},
              {"[7, 8]['a']", "error: a list has no place of type string"},
              {"{'a': 1}['a']", "1"},
              {"{1: 'x'}[1u]", "\"x\""},
              {"{1: 'x'}[1.0]", "\"x\""},
              {"{'a': 1}['b']", "error: no such key: \"b\""},
              {"{'a': 1}[null]", "error: no such key: null"},
              {"'abc'[1]", "error: string [] int has no meaning"}});
}

}  // namespace
}  // namespace reeve::policy::cel
