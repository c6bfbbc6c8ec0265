#include "cpp_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::house {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(CodeOnly, BlanksCommentsAndLiteralsAndKeepsTheLayout) {
  EXPECT_EQ(code_only("a; // b\nc;"), "a;     \nc;");
  EXPECT_EQ(code_only("a /* {\n} */ b"), "a     \n     b");
  EXPECT_EQ(code_only(R"(f("{ // \" }", '{');)"), R"(f("         ", ' ');)");
  EXPECT_EQ(code_only("auto t = R\"x({ )\" })x\";"), "auto t = R\"``````````\";");
  EXPECT_EQ(code_only("1'000'000 + '\\''"), "1'000'000 + '  '");
}

TEST(CodeOnly, SurvivesTextThatEndsInsideALiteral) {
  for (const std::string_view text : {"\"open", "'", "/* open", "R\"x(open", "R\"", "\"\\"}) {
    EXPECT_EQ(code_only(text).size(), text.size()) << text;
  }
}

TEST(FindIncludes, FindsBothKindsAndIgnoresCommentedOnes) {
  const std::string text = "#include \"net/net.h\"\n// #include \"no.h\"\n#  include <boost/asio.hpp>\n";
  const std::vector<Include> includes = find_includes(text, code_only(text));
  ASSERT_THAT(includes, SizeIs(2));
  EXPECT_EQ(includes[0].path, "net/net.h");
  EXPECT_EQ(includes[1].path, "boost/asio.hpp");
  EXPECT_EQ(includes[1].line, 3U);
}

std::vector<std::string> extents(std::string_view code) {
  std::vector<std::string> out;
  for (const FunctionExtent& function : find_functions(code)) {
    out.push_back(function.head + " @" + std::to_string(function.first_line) + "+" + std::to_string(function.lines()));
  }
  return out;
}

TEST(FindFunctions, MeasuresFunctionsInNamespacesAndClasses) {
  EXPECT_THAT(extents("namespace a::b {\n\nint f(int x) {\n  if (x) {\n  }\n}\n}"), ElementsAre("int f(int x) @3+4"));
  EXPECT_THAT(extents("class A final : public B<int> {\n public:\n  void f() const {}\n  int x{0};\n};"),
              ElementsAre("public: void f() const @2+2"));
  EXPECT_THAT(extents("template <typename T>\n  requires(std::is_same_v<T, int>)\nstruct A {\n  A(T x) {}\n};"),
              ElementsAre("A(T x) @4+1"));
  EXPECT_THAT(extents("TEST(Room, Case) {\n  f();\n}"), ElementsAre("TEST(Room, Case) @1+3"));
}

TEST(FindFunctions, FollowsConstructorsThroughBracedMembers) {
  EXPECT_THAT(extents("A::A(int x)\n    : a_{x}, b_(x), c_{1, 2} {\n  f();\n}"), ElementsAre("A::A(int x) : a_ @1+4"));
}

TEST(FindFunctions, CountsALambdaWithTheFunctionAroundIt) {
  EXPECT_THAT(extents("void f() {\n  g([](int) {\n    h();\n  });\n}"), ElementsAre("void f() @1+5"));
}

TEST(FindFunctions, PassesOverTablesAndMacros) {
  EXPECT_THAT(extents("const std::vector<Row> kRows = {\n  {f(1), 2},\n};\nint x = g({1}) + 2;"), IsEmpty());
  EXPECT_THAT(extents("#define OPEN(x) \\\n  if (x) {\nvoid f() {}\n"), ElementsAre("void f() @3+1"));
  EXPECT_THAT(extents("enum class E : int { kA, kB };\nstruct P {\n  int x = 0;\n};"), IsEmpty());
}

TEST(FindFunctions, KnowsOperators) {
  EXPECT_THAT(extents("A& A::operator=(A&& other) noexcept {\n  return *this;\n}"),
              ElementsAre("A& A::operator=(A&& other) noexcept @1+3"));
  EXPECT_THAT(extents("bool operator==(A a, B b) { return a.x == b.x; }"),
              ElementsAre("bool operator==(A a, B b) @1+1"));
}

TEST(FindLambdas, TellsLambdasFromSubscriptsBindingsAndAttributes) {
  EXPECT_THAT(find_lambdas("x[i](3); int a[2] = {1, 2}; auto [k, v] = f(); for (auto& [k, v] : m) {}"), IsEmpty());
  EXPECT_THAT(find_lambdas("[[nodiscard]] int f() { return 1; }"), IsEmpty());
  const std::vector<Lambda> found = find_lambdas("g([&x](int) mutable -> int { return x; }); return [=] { f(); };");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].capture, "&x");
  EXPECT_EQ(found[1].capture, "=");
}

TEST(FindLambdas, ChargesAnAwaitToTheInnermostLambda) {
  const std::vector<Lambda> found = find_lambdas("g([this] { h([](A& a) -> Task<void> { co_await a; }); });");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_FALSE(found[0].is_coroutine);
  EXPECT_TRUE(found[1].is_coroutine);
}

TEST(FindWord, WantsTheWholeWord) {
  EXPECT_THAT(find_word("helper helpers my_helper helper.", "helper"), ElementsAre(0U, 25U));
}

}  // namespace
}  // namespace reeve::house
