#include <gtest/gtest.h>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {
namespace {

std::string folded(std::string_view source) {
  Declarations declarations;
  declarations.add("flag", Type::plain(Kind::kBool), 0);
  declarations.add("name", Type::plain(Kind::kString), 1);
  declarations.add("names", Type::list(Type::plain(Kind::kString)), 2);
  declarations.add("any", Type::dyn(), 3);
  std::vector<Fault> faults;
  const auto ast = parse(source, faults);
  if (ast == nullptr || !check(*ast, declarations, Strictness::kTyped, faults)) {
    return faults.empty() ? "no tree" : faults[0].message;
  }
  fold_constants(*ast);
  return to_text(*ast->root);
}

TEST(Fold, WhatNeedsNoFactsBecomesItsValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"1 + 2 * 3", "7"},
      {"name == 'a' + \"b\"", "name == \"ab\""},
      {"name in ['a', 'b' + 'c']", "name in [\"a\", \"bc\"]"},
      {"{'a': [1 + 1]}.a", "[2]"},
      {"names.exists(n, n == string(1 + 1))", "names.exists(n, n == \"2\")"},
      {"[1, 2].map(x, x * 2)", "[2, 4]"},
      {"names.map(n, [1].map(x, x + 1))", "names.map(n, [2])"},
      {"names.map(n, [1].map(x, n))", "names.map(n, [1].map(x, n))"},
      {"cel.bind(x, 2, x * x)", "4"},
      {"cel.bind(x, name, x + ('a' + 'b'))", "cel.bind(x, name, x + \"ab\")"},
      {"duration('1h') > duration('1s')", "true"},
      {"timestamp('2024-01-01T00:00:00Z')", "timestamp(\"2024-01-01T00:00:00Z\")"},
      {"type(1)", "int"},
      {"b'a' + b'\\xff'", "b\"a\\xff\""},
      {"has({'a': 1}.a) && flag", "flag"},
  };
  for (const auto& [source, text] : cases) EXPECT_EQ(folded(source), text) << source;
}

TEST(Fold, LogicDropsWhatDecidesNothing) {
  const std::pair<const char*, const char*> cases[] = {
      {"true && flag", "flag"},      {"flag && 1 < 2", "flag"},
      {"flag && false", "false"},    {"flag || true", "true"},
      {"false || flag", "flag"},     {"true && any", "true && any"},
      {"any && false", "false"},     {"1 > 2 ? name : 'x'", "\"x\""},
      {"true ? name : 'x'", "name"}, {"flag && (name == 'a' || 1 == 1) && any", "flag && true && any"},
  };
  for (const auto& [source, text] : cases) EXPECT_EQ(folded(source), text) << source;
}

/// A list that stands in the next one twice, again and again, has more elements than there is memory for.
TEST(Fold, DoublingListsAreLeftToRunTime) {
  std::string source = "cel.bind(x0, 1, ";
  for (int i = 0; i < 60; ++i) {
    const std::string before = "x" + std::to_string(i);
    source += "cel.bind(x" + std::to_string(i + 1) + ", [" + before + ", " + before + "], ";
  }
  source += "x60" + std::string(61, ')');
  EXPECT_TRUE(folded(source).starts_with("cel.bind("));
}

TEST(Fold, ErrorsAndCostlyPartsAreLeftToRunTime) {
  const std::string big =
      "[1,2,3,4,5,6,7,8].map(a, [1,2,3,4,5,6,7,8].map(b, [1,2,3,4,5,6,7,8].map(c, [1,2,3,4,5,6,7,8].map(d, "
      "[1,2,3,4])))) "
      "== []";
  EXPECT_NE(folded(big), "false");
  EXPECT_EQ(folded("1 / 0 == 1 + 1"), "1 / 0 == 2");
  EXPECT_EQ(folded("flag || 1 / 0 > 1"), "flag || 1 / 0 > 1");
  EXPECT_EQ(folded("{'a': 1}['b'] == 2"), "{\"a\": 1}[\"b\"] == 2");
  EXPECT_EQ(folded("0.0 / 0.0"), "0.0 / 0.0");
  EXPECT_EQ(folded("[1.0 / 0.0]"), "[1.0 / 0.0]");
}

}  // namespace
}  // namespace reeve::policy::cel
