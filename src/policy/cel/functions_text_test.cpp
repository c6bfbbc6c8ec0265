#include <string>

#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(TextFunctions, Size) {
  expect_all({{"size('')", "0"},
              {"size('πέντε')", "5"},
              {"'🐱'.size()", "1"},
              {"size(b'πέ')", "4"},
              {"size([1, 2])", "2"},
              {"{'a': 1}.size()", "1"},
              {"size(1)", "error: size(int) has no meaning"},
              {"size()", "error: size() has no meaning"}});
}

TEST(TextFunctions, Contains) {
  expect_all({{"'hubba'.contains('bb')", "true"},
              {"'hubba'.contains('')", "true"},
              {"''.contains('a')", "false"},
              {"'a'.contains(1)", "error: contains(string, int) has no meaning"}});
}

TEST(TextFunctions, StartsAndEnds) {
  expect_all({{"x.startsWith('fo')", "true"},
              {"x.startsWith('')", "true"},
              {"x.startsWith('foobars')", "false"},
              {"x.startsWith(x)", "true"},
              {"x.endsWith('ar')", "true"},
              {"x.endsWith(y)", "error: endsWith(string, int) has no meaning"},
              {"y.startsWith('1')", "error: startsWith(int) has no meaning"},
              {"y.endsWith(x)", "error: endsWith(int, string) has no meaning"},
              {"startsWith('a', 'a')", "error: no such function: startsWith"}},
             R"({"x": "foobar", "y": 1})");
}

TEST(TextFunctions, CharacterAt) {
  expect_all({{"'©αT'.charAt(1)", "\"α\""},
              {"'abc'.charAt(3)", "\"\""},
              {"'abc'.charAt(4)", "error: the text has no place 4"},
              {"'abc'.charAt(-1)", "error: the text has no place -1"},
              {"'abc'.charAt('1')", "error: charAt(string, string) has no meaning"}});
}

TEST(TextFunctions, IndexOf) {
  expect_all({{"'tacocat'.indexOf('ac')", "1"},
              {"'tacocat'.indexOf('none')", "-1"},
              {"'tacocat'.indexOf('')", "0"},
              {"'tacocat'.indexOf('', 3)", "3"},
              {"'tacocat'.indexOf('', 7)", "7"},
              {"'ta©o©αT'.indexOf('©', 3)", "4"},
              {"'tacocat'.indexOf('a', 30)", "error: the text has no place 30"},
              {"'tacocat'.indexOf('a', 7)", "error: the text has no place 7"},
              {"'tacocat'.indexOf('a', -1)", "error: the text has no place -1"},
              {"'a'.indexOf(1)", "error: indexOf(string, int) has no meaning"},
              {"'a'.indexOf('a', '0')", "error: indexOf(string, string, string) has no meaning"}});
}

TEST(TextFunctions, LastIndexOf) {
  expect_all({{"'tacocat'.lastIndexOf('at')", "5"},
              {"'tacocat'.lastIndexOf('')", "7"},
              {"'tacocat'.lastIndexOf('', 3)", "3"},
              {"'tacocat'.lastIndexOf('a', 3)", "1"},
              {"'ta©o©αT'.lastIndexOf('©α', 4)", "4"},
              {"'ta©o©αT'.lastIndexOf('©')", "4"},
              {"''.lastIndexOf('@@')", "-1"},
              {"'tacocat'.lastIndexOf('a', 7)", "error: the text has no place 7"},
              {"'tacocat'.lastIndexOf('a', -1)", "error: the text has no place -1"}});
}

TEST(TextFunctions, Substring) {
  expect_all({{"'tacocat'.substring(4)", "\"cat\""},
              {"'tacocat'.substring(7)", "\"\""},
              {"'ta©o©αT'.substring(2, 6)", "\"©o©α\""},
              {"'ta©o©αT'.substring(7, 7)", "\"\""},
              {"'tacocat'.substring(40)", "error: the text has no place 40"},
              {"'tacocat'.substring(-1)", "error: the text has no place -1"},
              {"'tacocat'.substring(1, 50)", "error: the text has no place 50"},
              {"'tacocat'.substring(4, 3)", "error: substring() ends before it begins"},
              {"'abc'.substring(1, 2, 3)", "error: substring(string, int, int, int) has no meaning"}});
}

TEST(TextMakingFunctions, Case) {
  expect_all({{"'TacoCÆt'.lowerAscii()", "\"tacocÆt\""},
              {"'tacoCαt'.upperAscii()", "\"TACOCαT\""},
              {"dyn(1).lowerAscii()", "error: lowerAscii(int) has no meaning"},
              {"dyn(1).upperAscii()", "error: upperAscii(int) has no meaning"}});
}

TEST(TextMakingFunctions, Replace) {
  expect_all({{"'a b a'.replace('a', 'cc')", "\"cc b cc\""},
              {"'a b a'.replace('a', '', 1)", "\" b a\""},
              {"'a b a'.replace('a', 'x', 0)", "\"a b a\""},
              {"'a b a'.replace('a', 'x', -1)", "\"x b x\""},
              {"'aαb'.replace('', '-')", "\"-a-α-b-\""},
              {"'aαb'.replace('', '-', 2)", "\"-a-αb\""},
              {"''.replace('', '-')", "\"-\""},
              {"'aaa'.replace('aa', 'b')", "\"ba\""},
              {"'a'.replace('a')", "error: replace(string, string) has no meaning"},
              {"'a'.replace('a', 'b', 'c')", "error: replace(string, string, string, string) has no meaning"}});
}

TEST(TextMakingFunctions, ReplaceIsBounded) {
  TestVariables variables;
  const std::string text(100'000, 'a');
  variables.declare("x", Type::dyn(), Value::of_string(text));
  EXPECT_EQ(display_of("x.replace('a', 'bbbbbbbbbbbb')", variables),
            "error: a text or bytes would be longer than 1 MiB");
  EXPECT_EQ(display_of("size(x.split('') + ['b'])", variables),
            "error: a list or map would have more than 100,000 elements");
  EXPECT_EQ(display_of("size(x.split(''))", variables), "100000");
  EXPECT_EQ(display_of("size([x, x, x, x, x, x, x, x, x, x, x].join())", variables),
            "error: a text or bytes would be longer than 1 MiB");
}

TEST(TextMakingFunctions, Split) {
  expect_all({{"'a b c'.split(' ')", R"(["a", "b", "c"])"},
              {"'a b c'.split(' ', 2)", R"(["a", "b c"])"},
              {"'a b c'.split(' ', 1)", R"(["a b c"])"},
              {"'a b c'.split(' ', 0)", "[]"},
              {"'a b c'.split(' ', -1)", R"(["a", "b", "c"])"},
              {"'aαb'.split('')", R"(["a", "α", "b"])"},
              {"'aαb'.split('', 2)", R"(["a", "αb"])"},
              {"''.split('')", "[]"},
              {"''.split(',')", R"([""])"},
              {"',a,'.split(',')", R"(["", "a", ""])"},
              {"'a'.split(1)", "error: split(string, int) has no meaning"}});
}

TEST(TextMakingFunctions, Join) {
  expect_all({{"['x', 'y'].join()", "\"xy\""},
              {"['x', 'y'].join('-')", "\"x-y\""},
              {"[].join('-')", "\"\""},
              {"['x', 1].join()", "error: join() of a list that holds a value of type int"},
              {"['x'].join(1)", "error: join(list, int) has no meaning"}});
}

TEST(TextMakingFunctions, TrimAndReverse) {
  expect_all({{"' \\f\\n\\r\\t\\vtext  '.trim()", "\"text\""},
              {"'\\u0085\\u00a0\\u1680text\\u2000\\u3000'.trim()", "\"text\""},
              {"'\\u180etext'.trim() == '\\u180etext'", "true"},
              {"'   '.trim()", "\"\""},
              {"'a©🐱'.reverse()", "\"🐱©a\""},
              {"''.reverse()", "\"\""},
              {"dyn(1).trim()", "error: trim(int) has no meaning"},
              {"dyn([]).reverse()", "error: reverse(list) has no meaning"}});
}

TEST(TextMakingFunctions, Quote) {
  expect_all({{R"(strings.quote('a"b\\c\n') == '"a\\"b\\\\c\\n"')", "true"},
              {R"(strings.quote("\a\b\f\r\t\v") == '"\\a\\b\\f\\r\\t\\v"')", "true"},
              {"strings.quote('😀') == '\"😀\"'", "true"},
              {"strings.quote(1)", "error: strings.quote(int) has no meaning"}});
}

TEST(TextMakingFunctions, Base64) {
  expect_all({{"base64.encode(b'hello')", "\"aGVsbG8=\""},
              {"base64.decode('aGVsbG8=')", "b\"hello\""},
              {"base64.decode('aGVsbG8')", "b\"hello\""},
              {"base64.decode('')", "b\"\""},
              {"base64.decode('a')", "error: the text is no base64"},
              {"base64.decode('!!!!')", "error: the text is no base64"},
              {"base64.encode('x')", "error: base64.encode(string) has no meaning"},
              {"base64.decode(b'x')", "error: base64.decode(bytes) has no meaning"}});
}

}  // namespace
}  // namespace reeve::policy::cel
