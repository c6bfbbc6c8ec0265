#include <gtest/gtest.h>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {
namespace {

bool same_shape(const Node& left, const Node& right) {
  if (left.kind != right.kind || left.name != right.name || left.member != right.member || left.macro != right.macro ||
      left.variables != right.variables || left.operands.size() != right.operands.size()) {
    return false;
  }
  if (left.kind == NodeKind::kConstant && to_text(left) != to_text(right)) return false;
  for (std::size_t i = 0; i < left.operands.size(); ++i) {
    if (!same_shape(*left.operands[i], *right.operands[i])) return false;
  }
  return true;
}

TEST(ToText, IsCanonical) {
  const std::pair<const char*, const char*> cases[] = {
      {"a  ==  'x'&&((b))||!c", "a == \"x\" && b || !c"},
      {"(a && b) && (c && (d))", "a && b && c && d"},
      {"((a || b)) && c", "(a || b) && c"},
      {"a - (b - c) - (d)", "a - (b - c) - d"},
      {"(a == b) == c", "a == b == c"},
      {"a == (b == c)", "a == (b == c)"},
      {"(a ? b : c) ? (d ? e : f) : (g ? h : i)", "(a ? b : c) ? (d ? e : f) : g ? h : i"},
      {"-(1) + - 2 - (-a)", "-(1) + -2 - -a"},
      {"-(1.abs())", "-(1.abs())"},
      {"(-a).b", "(-a).b"},
      {"!(a in [1,2,])", "!(a in [1, 2])"},
      {"{'a' : 1u, b : 0x10}", "{\"a\": 1u, b: 16}"},
      {"a.`b-c`.`in`.`d`.for", "a.`b-c`.`in`.d.for"},
      {"x.existsOne(a, a)", "x.exists_one(a, a)"},
      {"x.exists_one(a,b, a)", "x.existsOne(a, b, a)"},
      {"x.map(a, a>1, a)", "x.map(a, a > 1, a)"},
      {"cel.bind(v, (1), v)", "cel.bind(v, 1, v)"},
      {"has( a.b )", "has(a.b)"},
      {"1e3 + 1. 0", nullptr},
      {"1e3 + .5", "1000.0 + 0.5"},
      {"1e300", "1e+300"},
      {"'''a\"\n\\x07é'''", R"("a\"\n\aé")"},
      {R"(b'é\x00"')", R"(b"\xc3\xa9\x00\"")"},
      {"r'\\d'", R"("\\d")"},
      {"math.greatest( 1,2 )", "math.greatest(1, 2)"},
      {"(a)[ 0 ].b( )", "a[0].b()"},
  };
  for (const auto& [source, text] : cases) {
    std::vector<Fault> faults;
    const auto ast = parse(source, faults);
    if (text == nullptr) {
      EXPECT_EQ(ast, nullptr) << source;
      continue;
    }
    ASSERT_NE(ast, nullptr) << source << ": " << faults[0].message;
    EXPECT_EQ(to_text(*ast->root), text);
  }
}

/// Expressions of a grammar, made from a seed: each form in each place.
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : state_(seed * 2654435761U + 1) {}

  std::string expression(int depth) {
    static constexpr const char* kLeaves[] = {"a",    "1",    "-2",   "3u",  "1.5", "-0.25", "'t\\n'",   "b'\\xff'",
                                              "true", "null", ".b.c", "a.b", "[]",  "{}",    "has(a.b)", "a.`x-y`"};
    if (depth == 0) return kLeaves[pick(std::size(kLeaves))];
    const auto part = [this, depth] { return expression(depth - 1 - static_cast<int>(pick(2)) * (depth > 1 ? 1 : 0)); };
    static constexpr const char* kInfix[] = {
        "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"};
    switch (pick(12)) {
      case 0: return "(" + part() + ")";
      case 1: return "!(" + part() + ")";
      case 2: return "-(" + part() + ")";
      case 3: return "- " + part();
      case 4: return "(" + part() + ")." + (pick(2) != 0 ? "field" : "call(" + part() + ", " + part() + ")");
      case 5: return "(" + part() + ")[" + part() + "]";
      case 6: return "(" + part() + ") ? (" + part() + ") : " + part();
      case 7: return "[" + part() + ", " + part() + "]";
      case 8: return "{" + part() + ": " + part() + "}";
      case 9: return "(" + part() + ").exists(x, " + part() + ")";
      case 10: return "cel.bind(x, " + part() + ", " + part() + ")";
      default: return part() + " " + kInfix[pick(std::size(kInfix))] + " " + part();
    }
  }

 private:
  std::size_t pick(std::size_t count) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33U) % count;
  }
  std::uint64_t state_;
};

TEST(ToText, ParsedAgainIsTheSameTree) {
  std::size_t read = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    const std::string source = Maker(seed).expression(static_cast<int>(seed % 6));
    std::vector<Fault> faults;
    const auto first = parse(source, faults);
    if (first == nullptr) continue;  // a minus before a uint
    ++read;
    const std::string text = to_text(*first->root);
    const auto second = parse(text, faults);
    ASSERT_NE(second, nullptr) << source << " -> " << text << ": " << faults[0].message;
    ASSERT_TRUE(same_shape(*first->root, *second->root)) << source << " -> " << text;
    ASSERT_EQ(to_text(*second->root), text) << source;
  }
  EXPECT_GT(read, 19'000U);
}

}  // namespace
}  // namespace reeve::policy::cel
