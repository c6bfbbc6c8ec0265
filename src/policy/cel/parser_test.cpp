#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {
namespace {

using ::testing::HasSubstr;

/// The tree with every call, loop and bind in parentheses and its name before its operands.
std::string shape(const Node& node) {
  std::string out;
  switch (node.kind) {
    case NodeKind::kConstant: return to_text(node);
    case NodeKind::kName: return node.name;
    case NodeKind::kSelect: return shape(*node.operands[0]) + "." + node.name;
    case NodeKind::kHas: return "has(" + shape(*node.operands[0]) + "." + node.name + ")";
    case NodeKind::kCall: out = node.member ? "." + node.name : node.name; break;
    case NodeKind::kList: out = "list"; break;
    case NodeKind::kMap: out = "map"; break;
    case NodeKind::kLoop: out = "loop" + std::to_string(static_cast<int>(node.macro)); break;
    case NodeKind::kBind: out = "bind"; break;
  }
  for (const std::string& variable : node.variables) out += " $" + variable;
  for (const Node* operand : node.operands) out += " " + shape(*operand);
  return "(" + out + ")";
}

std::string parsed(std::string_view source) {
  std::vector<Fault> faults;
  const auto ast = parse(source, faults);
  if (ast == nullptr) return "fault at " + std::to_string(faults.at(0).offset) + ": " + faults.at(0).message;
  EXPECT_TRUE(faults.empty());
  return shape(*ast->root);
}

Value constant(std::string_view source, std::unique_ptr<Ast>& keeper) {
  std::vector<Fault> faults;
  keeper = parse(source, faults);
  if (keeper == nullptr || keeper->root->kind != NodeKind::kConstant) {
    ADD_FAILURE() << source << " is no constant" << (faults.empty() ? "" : ": " + faults[0].message);
    return Value::null();
  }
  return keeper->root->value;
}

std::string text_of(std::string_view source) {
  std::unique_ptr<Ast> ast;
  return std::string(constant(source, ast).text());
}

TEST(Parser, OperatorsBindAsTheSpecificationSays) {
  EXPECT_EQ(parsed("1 + 2 * 3 - 4 / 5 % 6"), "(_-_ (_+_ 1 (_*_ 2 3)) (_%_ (_/_ 4 5) 6))");
  EXPECT_EQ(parsed("a || b && c == d + 1"), "(_||_ a (_&&_ b (_==_ c (_+_ d 1))))");
  EXPECT_EQ(parsed("a ? b : c ? d : e"), "(_?_:_ a b (_?_:_ c d e))");
  EXPECT_EQ(parsed("!a.b && -c[0] < 1"), "(_&&_ (!_ a.b) (_<_ (-_ (_[_] c 0)) 1))");
  EXPECT_EQ(parsed("a in b == c"), "(_==_ (@in a b) c)");
  EXPECT_EQ(parsed("(1 + 2) * 3"), "(_*_ (_+_ 1 2) 3)");
  EXPECT_EQ(parsed("a <= b"), "(_<=_ a b)");
  EXPECT_EQ(parsed("!!a"), "(!_ (!_ a))");
}

TEST(Parser, AMinusBeforeANumberBelongsToIt) {
  std::unique_ptr<Ast> ast;
  EXPECT_EQ(constant("-9223372036854775808", ast).integer, INT64_MIN);
  EXPECT_EQ(constant("-0x10", ast).integer, -16);
  EXPECT_EQ(constant("- 2.5", ast).real, -2.5);
  EXPECT_EQ(parsed("4--4"), "(_-_ 4 -4)");
  EXPECT_EQ(parsed("--4"), "(-_ -4)");
  EXPECT_EQ(parsed("-(4)"), "(-_ 4)");
  EXPECT_EQ(parsed("-4.abs()"), "(.abs -4)");
}

TEST(Parser, Numbers) {
  std::unique_ptr<Ast> ast;
  EXPECT_EQ(constant("0xFFu", ast).unsigned_integer, 255U);
  EXPECT_EQ(constant("18446744073709551615U", ast).unsigned_integer, UINT64_MAX);
  EXPECT_EQ(constant(".5", ast).real, 0.5);
  EXPECT_EQ(constant("1e3", ast).real, 1000.0);
  EXPECT_EQ(constant("1e-999", ast).real, 0.0);
  EXPECT_TRUE(constant("1E+2", ast).is(Kind::kDouble));
  EXPECT_THAT(parsed("9223372036854775808"), HasSubstr("fault at 0: an int lies between"));
  EXPECT_THAT(parsed("0xFFFFFFFFFFFFFFFFFu"), HasSubstr("a uint lies between"));
  EXPECT_THAT(parsed("1 + 1.99e90000009"), HasSubstr("fault at 4: a double has no room"));
  EXPECT_THAT(parsed("12ab"), HasSubstr("'12ab' is neither a number nor a name"));
  EXPECT_THAT(parsed("-1u"), HasSubstr("a uint lies between"));
}

TEST(Parser, TextsAndTheirEscapes) {
  EXPECT_EQ(text_of(R"('it\'s \"q\" \\ \? \` \a\b\f\n\r\t\v')"), "it's \"q\" \\ ? ` \a\b\f\n\r\t\v");
  EXPECT_EQ(text_of(R"("\x41\X42\103\u0044\U00000045")"), "ABCDE");
  EXPECT_EQ(text_of(R"("\303\277\u2764\U0001f431")"), "Ã¿❤🐱");
  EXPECT_EQ(text_of("'''a\n'b' \"c\"'''"), "a\n'b' \"c\"");
  EXPECT_EQ(text_of("\"\"\"\"\"\""), "");
  EXPECT_EQ(text_of(R"(r'\d+\\')"), R"(\d+\\)");
  EXPECT_EQ(text_of(R"(R"""\x""")"), R"(\x)");
  EXPECT_EQ(text_of(R"(b'\000\xff\377é')"), std::string("\0\xff\xff\xc3\xa9", 5));
  EXPECT_EQ(text_of(R"(Br'\xff')"), R"(\xff)");
  EXPECT_EQ(text_of(R"(rb'\xff')"), R"(\xff)");
}

TEST(Parser, WrongTextsSayWhere) {
  EXPECT_THAT(parsed(R"(a == "\xFh")"), HasSubstr("fault at 6: this escape takes 2 hexadecimal digits"));
  EXPECT_THAT(parsed(R"("ab\>")"), HasSubstr("fault at 3: no escape begins like this"));
  EXPECT_THAT(parsed(R"("\udead")"), HasSubstr("no character has this code"));
  EXPECT_THAT(parsed(R"("\U00110000")"), HasSubstr("no character has this code"));
  EXPECT_THAT(parsed(R"(b"\u0041")"), HasSubstr("bytes have no \\u escapes"));
  EXPECT_THAT(parsed(R"("\400")"), HasSubstr("no escape begins like this"));
  EXPECT_THAT(parsed("'open"), HasSubstr("fault at 0: this text has no closing '"));
  EXPECT_THAT(parsed("'line\nbreak'"), HasSubstr("not closed on its line"));
  EXPECT_THAT(parsed("'''open'"), HasSubstr("no closing '''"));
  EXPECT_THAT(parsed("'\xFF'"), HasSubstr("not UTF-8"));
}

TEST(Parser, NamesFieldsAndCalls) {
  EXPECT_EQ(parsed("a.b.c"), "a.b.c");
  EXPECT_EQ(parsed(".a.b"), ".a.b");
  EXPECT_EQ(parsed("a.`content-type`"), "a.content-type");
  EXPECT_EQ(parsed("a.`in`"), "a.in");
  EXPECT_EQ(parsed("{'as': 1}.as"), "(map \"as\" 1).as");
  EXPECT_EQ(parsed("a.package(1)"), "(.package a 1)");
  EXPECT_EQ(parsed("f(1, b)"), "(f 1 b)");
  EXPECT_EQ(parsed(".f()"), "(.f)");
  EXPECT_EQ(parsed("a.b.f(1)[2].c"), "(_[_] (.f a.b 1) 2).c");
  EXPECT_EQ(parsed("size // the call\n  (a)"), "(size a)");
}

TEST(Parser, ListsAndMaps) {
  EXPECT_EQ(parsed("[]"), "(list)");
  EXPECT_EQ(parsed("[1, [2,],]"), "(list 1 (list 2))");
  EXPECT_EQ(parsed("{}"), "(map)");
  EXPECT_EQ(parsed("{'a': 1, 2: {},}"), "(map \"a\" 1 2 (map))");
  EXPECT_EQ(parsed("[,]"), "(list)");
  EXPECT_EQ(parsed("{,}"), "(map)");
  EXPECT_THAT(parsed("{'a'}"), HasSubstr("fault at 4: '}' does not fit here; expected is ':'"));
  EXPECT_THAT(parsed("[1 2]"), HasSubstr("expected is ',' or ']'"));
  EXPECT_THAT(parsed("f(1,)"), HasSubstr("expected is a value"));
}

TEST(Parser, MacrosAreNodesOfTheirOwn) {
  EXPECT_EQ(parsed("has(a.b.c)"), "has(a.b.c)");
  EXPECT_EQ(parsed("a.all(x, x > 1)"), "(loop0 $x a (_>_ x 1))");
  EXPECT_EQ(parsed("a.exists(i, v, true)"), "(loop1 $i $v a true)");
  EXPECT_EQ(parsed("a.exists_one(x, x) == a.existsOne(x, x)"), "(_==_ (loop2 $x a x) (loop2 $x a x))");
  EXPECT_EQ(parsed("a.filter(x, x)"), "(loop3 $x a x)");
  EXPECT_EQ(parsed("a.map(x, x > 1, x)"), "(loop4 $x a (_>_ x 1) x)");
  EXPECT_EQ(parsed("a.transformList(i, v, v)"), "(loop5 $i $v a v)");
  EXPECT_EQ(parsed("a.transformMap(k, v, true, v)"), "(loop6 $k $v a true v)");
  EXPECT_EQ(parsed("a.transformMapEntry(k, v, {v: k})"), "(loop7 $k $v a (map v k))");
  EXPECT_EQ(parsed("cel.bind(x, 1, x + x)"), "(bind $x 1 (_+_ x x))");
  EXPECT_EQ(parsed("a.all(x)"), "(.all a x)");
}

TEST(Parser, WrongMacrosSayWhatTheyTake) {
  EXPECT_THAT(parsed("has(m)"), HasSubstr("fault at 4: has() asks for one field"));
  EXPECT_THAT(parsed("has(a.b, c)"), HasSubstr("has() asks for one field"));
  EXPECT_THAT(parsed("has()"), HasSubstr("fault at 0: has() asks for one field"));
  EXPECT_THAT(parsed("m.filter(a.b, false)"), HasSubstr("fault at 9: the variable must be a simple name"));
  EXPECT_THAT(parsed("1.all(2, 3)"), HasSubstr("fault at 6: the variable must be a simple name"));
  EXPECT_THAT(parsed("m.all(.x, true)"), HasSubstr("the variable must be a simple name"));
  EXPECT_THAT(parsed("m.all(x, x, true)"), HasSubstr("the two variables need different names"));
  EXPECT_THAT(parsed("[].existsOne(__result__, __result__)"), HasSubstr("is kept for the language"));
  EXPECT_THAT(parsed("cel.bind(x, 2)"), HasSubstr("fault at 4: bind takes a name, its value and an expression"));
  EXPECT_THAT(parsed("cel.bind(1, 2, 3)"), HasSubstr("the variable must be a simple name"));
}

TEST(Parser, WhatIsNotSupportedSaysSo) {
  for (const char* message : {"Type{}", "a.b.Type{field: 1}", ".Type{}", "1 + T{x: 1}"})
    EXPECT_THAT(parsed(message), HasSubstr("messages (Type{field: value}) are not supported")) << message;
  for (const char* optional : {"a.?b", "a[?0]", "[?a]", "[1, ?a]", "{?'k': v}", "f(?a)"})
    EXPECT_THAT(parsed(optional), HasSubstr("optional values")) << optional;
  EXPECT_THAT(parsed("f(){}"), HasSubstr("expected is an operator or the end"));
}

TEST(Parser, FaultsPointAtTheTokenAndDoNotCascade) {
  EXPECT_THAT(parsed("a = 1"), HasSubstr("fault at 2: a single '='"));
  EXPECT_THAT(parsed("a & b"), HasSubstr("'&&' is and"));
  EXPECT_THAT(parsed("a | b"), HasSubstr("'||' is or"));
  EXPECT_THAT(parsed("1 + $"), HasSubstr("fault at 4: an expression has no '$'"));
  EXPECT_THAT(parsed("a and b"), HasSubstr("fault at 2: 'and' does not fit here"));
  EXPECT_THAT(parsed(""), HasSubstr("the expression ends too early; expected is a value"));
  EXPECT_THAT(parsed("(a"), HasSubstr("expected is ')'"));
  EXPECT_THAT(parsed("a ? b"), HasSubstr("expected is ':'"));
  EXPECT_THAT(parsed("for"), HasSubstr("'for' is a reserved word"));
  EXPECT_THAT(parsed("while()"), HasSubstr("'while' is a reserved word"));
  EXPECT_THAT(parsed("in"), HasSubstr("'in' does not fit here"));
  EXPECT_THAT(parsed("self.true == 1"), HasSubstr("as a field write `true`"));
  EXPECT_THAT(parsed("`a-b`"), HasSubstr("only fields are written between"));
  EXPECT_THAT(parsed("a.`b"), HasSubstr("no closing `"));
  EXPECT_THAT(parsed("a.`$`"), HasSubstr("stand letters, digits, spaces"));
  EXPECT_THAT(parsed("{\"a\": 1}.\"a\""), HasSubstr("expected is a field's name"));
  std::vector<Fault> faults;
  EXPECT_EQ(parse("*@a | b $", faults), nullptr);
  EXPECT_EQ(faults.size(), 1U);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Parser, ChainsOfLogicAreBalancedHoweverTheyArePut) {
  EXPECT_EQ(parsed("a && b && c && d"), "(_&&_ (_&&_ a b) (_&&_ c d))");
  EXPECT_EQ(parsed("a && (b && (c && d))"), "(_&&_ (_&&_ a b) (_&&_ c d))");
  EXPECT_EQ(parsed("(a || b) && c"), "(_&&_ (_||_ a b) c)");
  std::vector<Fault> faults;
  const auto ast = parse("a" + repeated(" || a", 5000), faults);
  ASSERT_NE(ast, nullptr);
  EXPECT_LE(ast->root->height, 15U);
}

TEST(Parser, NestingIsBounded) {
  for (const char* opening :
       {"(", "[", "!", "-", "f(", "{1:", "a[", "a ? b : ", "[1].map(x, ", "a.f(", "[[", "!(", "a ? ("})
    EXPECT_THAT(parsed(repeated(opening, 5'000)), HasSubstr("nests too deep")) << opening;
  for (const char* chain : {" + 1", ".a", "[0]", " < 1", ".f()"})
    EXPECT_THAT(parsed("a" + repeated(chain, 5'000)), HasSubstr("nests too deep")) << chain;
  EXPECT_THAT(parsed(repeated("(", 200) + "1" + repeated(")", 200)), "1");
  EXPECT_THAT(parsed(repeated("1,", 70'000)), HasSubstr("longer than 65536 bytes"));
  std::vector<Fault> faults;
  EXPECT_EQ(parse("[1, 2, 3, 4]", faults, {.nodes_max = 3}), nullptr);
  EXPECT_THAT(faults.at(0).message, HasSubstr("too many parts"));
}

TEST(Parser, NodesKnowTheirPlaces) {
  std::vector<Fault> faults;
  const auto ast = parse("  (a.b + 1)  * f(c)", faults);
  ASSERT_NE(ast, nullptr);
  const Node& product = *ast->root;
  EXPECT_EQ(ast->source.substr(product.offset, product.end - product.offset), "(a.b + 1)  * f(c)");
  EXPECT_EQ(product.at, 13U);
  const Node& sum = *product.operands[0];
  EXPECT_EQ(ast->source.substr(sum.offset, sum.end - sum.offset), "a.b + 1");
  EXPECT_EQ(sum.operands[0]->at, 5U);
}

TEST(Position, CountsCharactersAndLines) {
  const std::string_view source = "é == 1 &&\n  ü";
  EXPECT_EQ(position_of(source, 0).column, 1U);
  EXPECT_EQ(position_of(source, 3).column, 3U);
  const Position second = position_of(source, 13);
  EXPECT_EQ(second.line, 2U);
  EXPECT_EQ(second.column, 3U);
}

}  // namespace
}  // namespace reeve::policy::cel
