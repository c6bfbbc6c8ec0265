#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(Format, TextOfEveryType) {
  expect_all({{"'%s'.format([null])", "\"null\""},
              {"'%s %s'.format([true, 'x'])", "\"true x\""},
              {"'%s %s %s'.format([1, 2u, 1.5])", "\"1 2 1.5\""},
              {"'%s'.format([b'abc'])", "\"abc\""},
              {"'%s'.format([b'\\xff'])", "error: the bytes are not UTF-8"},
              {"'%s'.format([type(1)])", "\"int\""},
              {"'%s'.format([duration('1h45m47s')])", "\"6347s\""},
              {"'%s'.format([timestamp('2023-02-03T23:31:20+00:00')])", "\"2023-02-03T23:31:20Z\""},
              {"'%s'.format([['abc', 3.14, null, [9]]])", "\"[abc, 3.14, null, [9]]\""},
              {"'%s'.format([{'strKey': 'x', 6: duration('422s'), true: 42}])", "\"{6: 422s, strKey: x, true: 42}\""}});
}

TEST(Format, Numbers) {
  expect_all({{"'%d %d'.format([-5, 7u])", "\"-5 7\""},
              {"'%d'.format([double('NaN')])", "\"NaN\""},
              {"'%.3f'.format([1.2345])", "\"1.234\""},
              {"'%f'.format([2.71828])", "\"2.718280\""},
              {"'%.0f %.0f'.format([1.5, 2.5])", "\"2 2\""},
              {"'%f'.format([double('-Infinity')])", "\"-Infinity\""},
              {"'%.6e'.format([1052.032911275])", "\"1.052033e+03\""},
              {"'%e'.format([0.0])", "\"0.000000e+00\""},
              {"'%b %b %b'.format([5, true, -5])", "\"101 1 -101\""},
              {"'%o'.format([11])", "\"13\""},
              {"'%x %X'.format([30, 30u])", "\"1e 1E\""},
              {"'%x %X'.format(['Hello!', b'\\xab'])", "\"48656c6c6f21 AB\""},
              {"'%.100f'.format([1e308]).size()", "410"}});
}

TEST(Format, ClausesAndValuesMustFit) {
  expect_all({{"'%% %s%%'.format(['x'])", "\"% x%\""},
              {"'%s'.format([])", "error: format() has more clauses than values"},
              {"'x'.format([1])", "error: format() has more values than clauses"},
              {"'%'.format([1])", "error: format() ends in the middle of a clause"},
              {"'%.2'.format([1])", "error: format() ends in the middle of a clause"},
              {"'%.f'.format([1.0])", "error: format() takes a precision of 0 to 100 after %."},
              {"'%.101f'.format([1.0])", "error: format() takes a precision of 0 to 100 after %."},
              {"'%a'.format([1])", "error: format() knows %s, %d, %f, %e, %b, %o, %x, %X and %%, but not %a"},
              {"'%E'.format([1.0])", "error: format() knows %s, %d, %f, %e, %b, %o, %x, %X and %%, but not %E"},
              {"'%d'.format([1.5])", "error: format() cannot write double with %d"},
              {"'%f'.format([1])", "error: format() cannot write int with %f"},
              {"'%b'.format(['a'])", "error: format() cannot write string with %b"},
              {"'%o'.format([true])", "error: format() cannot write bool with %o"},
              {"'%x'.format([null])", "error: format() cannot write null_type with %x"},
              {"'%s'.format(1)", "error: format(string, int) has no meaning"}});
}

TEST(Format, ResultsAreBounded) {
  std::string source;
  for (int i = 0; i < 60; ++i) {
    source += "cel.bind(x" + std::to_string(i + 1) + ", [x" + std::to_string(i) + ", x" + std::to_string(i) + "], ";
  }
  source += "'%s'.format([x60])" + std::string(60, ')');
  const std::string shown = display_of(source, R"({"x0": 1})");
  EXPECT_EQ(shown, "error: the formatted text would be longer than 1 MiB");
}

}  // namespace
}  // namespace reeve::policy::cel
