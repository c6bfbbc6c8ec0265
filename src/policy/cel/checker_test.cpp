#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {
namespace {

using ::testing::HasSubstr;

Declarations facts() {
  const auto text = Type::plain(Kind::kString);
  const auto finding = std::make_shared<const Structure>(
      Structure{"Finding", {{"class", text}, {"count", Type::plain(Kind::kInt)}, {"labels", Type::list(text)}}});
  Declarations declarations;
  declarations.add("model.tier", text, 0);
  declarations.add("model.name", text, 1);
  declarations.add("content.findings", Type::list(Type::of_structure(finding)), 2);
  declarations.add("principal.groups", Type::list(text), 3);
  declarations.add("size_in", Type::plain(Kind::kInt), 4);
  declarations.add("cost", Type::plain(Kind::kDouble), 5);
  declarations.add("at", Type::plain(Kind::kTimestamp), 6);
  declarations.add("headers", Type::map(text, text), 7);
  declarations.add("ports", Type::map(Type::plain(Kind::kInt), text), 8);
  declarations.add("any", Type::dyn(), 9);
  declarations.add("urgent", Type::plain(Kind::kBool), 10);
  declarations.add("headers.host", Type::plain(Kind::kBool), 11);
  return declarations;
}

struct Checked {
  std::unique_ptr<Ast> ast;
  std::vector<Fault> faults;
};

Checked checked(std::string_view source, const Declarations& declarations, Strictness strictness) {
  Checked result;
  result.ast = parse(source, result.faults);
  if (result.ast != nullptr) check(*result.ast, declarations, strictness, result.faults);
  return result;
}

/// The type, or the first fault with its place.
std::string type_of(std::string_view source) {
  const Declarations declarations = facts();
  const Checked result = checked(source, declarations, Strictness::kTyped);
  if (result.faults.empty()) return type_text(result.ast->root->type);
  return std::to_string(result.faults[0].offset) + ": " + result.faults[0].message;
}

TEST(Checker, TypesOfWhatIsWritten) {
  const std::pair<const char*, const char*> cases[] = {
      {"1", "int"},
      {"[1, 2]", "list(int)"},
      {"[1, 'a']", "list(dyn)"},
      {"[1, 2u]", "list(dyn)"},
      {"[]", "list(dyn)"},
      {"[[], [1]]", "list(list(int))"},
      {"[[[[[]]]], [], [[[]]]]", "list(list(list(list(list(dyn)))))"},
      {"{'a': 1, 'b': 2}", "map(string, int)"},
      {"{'a': 1, 2: 'b'}", "map(dyn, dyn)"},
      {"[] + [1] + []", "list(int)"},
      {"[1] + [dyn('a')]", "list(dyn)"},
      {"[1][0]", "int"},
      {"{'a': 1}.a", "int"},
      {"{'a': 1}['a'] + 2", "int"},
      {"true ? 1 : 2", "int"},
      {"true ? 1 : 'a'", "dyn"},
      {"true ? [] : [1]", "list(int)"},
      {"([].map(x, x))[0].foo", "dyn"},
      {"type(1)", "type"},
      {"type(1) == int && type(type(1)) == type && int == google.protobuf.Duration", "bool"},
      {"'a' + 'b' + string(1)", "string"},
      {"at + duration('1h') - at", "duration"},
      {"math.greatest(1, 2)", "int"},
      {"math.greatest(1, 2.0)", "dyn"},
      {"math.greatest([1, 2])", "int"},
      {"math.abs(-1.5)", "double"},
      {"'a,b'.split(',')", "list(string)"},
      {"size([1]) + 'a'.size()", "int"},
      {"dyn(1) + 1", "int"},
      {"dyn(1) + dyn(1)", "dyn"},
      {"(any + [1])[0]", "dyn"},
      {"cel.bind(x, 1, [x])", "list(int)"},
  };
  for (const auto& [source, type] : cases) EXPECT_EQ(type_of(source), type) << source;
}

TEST(Checker, TypesOfLoops) {
  const std::pair<const char*, const char*> cases[] = {
      {"content.findings.exists(f, f.class in ['pii', 'secret'])", "bool"},
      {"content.findings.filter(f, f.count > 1)", "list(Finding)"},
      {"content.findings.map(f, f.labels)", "list(list(string))"},
      {"content.findings.map(f, f.count > 1, f.class)", "list(string)"},
      {"headers.all(k, k != '')", "bool"},
      {"headers.map(k, k)", "list(string)"},
      {"ports.filter(k, k > 80)", "list(int)"},
      {"ports.exists(k, v, k > 80 && v == 'x')", "bool"},
      {"principal.groups.transformList(i, g, g + string(i))", "list(string)"},
      {"ports.transformMap(k, v, k)", "map(int, int)"},
      {"['a'].transformMap(i, v, v)", "map(int, string)"},
      {"ports.transformMapEntry(k, v, {v: k})", "map(string, int)"},
      {"any.map(x, x)", "list(dyn)"},
      {"[1].map(x, ['a'].map(x, x))", "list(list(string))"},
  };
  for (const auto& [source, type] : cases) EXPECT_EQ(type_of(source), type) << source;
}

TEST(Checker, NamesMeanTheLongestDeclaredOne) {
  const Declarations declarations = facts();
  const auto slot_of = [&declarations](std::string_view source) {
    const Checked result = checked(source, declarations, Strictness::kTyped);
    EXPECT_TRUE(result.faults.empty()) << source << ": " << result.faults[0].message;
    return result.ast->root->slot;
  };
  EXPECT_EQ(slot_of("model.tier"), 0U);
  EXPECT_EQ(slot_of(".model.tier"), 0U);
  EXPECT_EQ(slot_of("headers.host"), 11U);
  EXPECT_EQ(slot_of("headers.other"), Node::kNoSlot);
  EXPECT_EQ(slot_of("has(model.name)"), 1U);
  EXPECT_EQ(slot_of("has(headers.via)"), Node::kNoSlot);
  EXPECT_EQ(type_of("headers.host"), "bool");
  EXPECT_EQ(type_of("headers.other"), "string");
  EXPECT_EQ(type_of("headers.`host`"), "bool");
  EXPECT_EQ(type_of("has(model.name)"), "bool");
}

TEST(Checker, LocalsShadowAndKnowTheirPlaces) {
  const Declarations declarations = facts();
  EXPECT_EQ(type_of("[1].map(cost, cost)"), "list(int)");
  EXPECT_EQ(type_of("[1].map(cost, .cost)"), "list(double)");
  EXPECT_EQ(type_of("[{'tier': 1}].map(model, model.tier)"), "list(int)");
  EXPECT_EQ(type_of("[1].map(int, int)"), "list(int)");
  const Checked result =
      checked("[1].exists(a, [2].exists(b, c, a < b + c)) && [3].all(d, d > 0)", declarations, Strictness::kTyped);
  ASSERT_TRUE(result.faults.empty());
  EXPECT_EQ(result.ast->locals, 3U);
  const Node& outer = *result.ast->root->operands[0];
  EXPECT_EQ(outer.first_local, 0U);
  EXPECT_EQ(outer.operands[1]->first_local, 1U);
  EXPECT_EQ(result.ast->root->operands[1]->first_local, 0U);
  const Node& sum = *outer.operands[1]->operands[1]->operands[1];
  EXPECT_EQ(sum.operands[0]->local, 1U);
  EXPECT_EQ(sum.operands[1]->local, 2U);
}

TEST(Checker, AContainerIsLookedInFirst) {
  Declarations declarations;
  declarations.add("x.y", Type::plain(Kind::kBool), 0);
  declarations.add("y", Type::plain(Kind::kString), 1);
  declarations.set_container("x.z");
  EXPECT_EQ(checked("y", declarations, Strictness::kTyped).ast->root->slot, 0U);
  EXPECT_EQ(checked(".y", declarations, Strictness::kTyped).ast->root->slot, 1U);
  declarations.set_container("base64");
  const Checked result = checked("encode(b'hello')", declarations, Strictness::kTyped);
  EXPECT_TRUE(result.faults.empty());
  EXPECT_EQ(to_text(*result.ast->root), "base64.encode(b\"hello\")");
}

TEST(Checker, QualifiedFunctionsArePlainCallsUnlessAVariableIsMeant) {
  Declarations declarations;
  const Checked plain = checked("math.abs(-1)", declarations, Strictness::kTyped);
  ASSERT_TRUE(plain.faults.empty());
  EXPECT_EQ(plain.ast->root->name, "math.abs");
  EXPECT_FALSE(plain.ast->root->member);
  EXPECT_EQ(plain.ast->root->operands.size(), 1U);
  declarations.add("math", Type::dyn(), 0);
  const Checked shadowed = checked("math.abs(-1)", declarations, Strictness::kDynamic);
  EXPECT_TRUE(shadowed.ast->root->member);
}

TEST(Checker, WrongNamesSayWhatWasMeant) {
  EXPECT_EQ(type_of("modle.tier == 'x'"), "0: 'modle' is not declared; did you mean 'model.tier'?");
  EXPECT_EQ(type_of("1 < csot"), "4: 'csot' is not declared; did you mean 'cost'?");
  EXPECT_EQ(type_of("nothing_like_it"), "0: 'nothing_like_it' is not declared");
  EXPECT_EQ(type_of("model.teir == 'x'"), "6: 'model' has no 'teir'; did you mean 'model.tier'?");
  EXPECT_EQ(type_of("has(model.flavour)"), "10: 'model' has no 'flavour'; it has model.name, model.tier");
  EXPECT_EQ(type_of("model == 'x'"), "0: 'model' stands for several facts; name one of them: model.name, model.tier");
  EXPECT_EQ(type_of("content.findings.all(f, f.clas == '')"),
            "26: 'f' is a Finding, which has no field 'clas'; did you mean 'class'?");
  EXPECT_EQ(type_of("content.findings[0].severity"),
            "20: 'content.findings[0]' is a Finding, which has no field 'severity'; it has class, count, labels");
  EXPECT_EQ(type_of("cost.value"), "5: 'cost' is a double and has no field 'value'");
  EXPECT_EQ(type_of("[1].map(x, x) == x"), "17: 'x' is not declared");
  EXPECT_EQ(type_of("ports.http"),
            "6: 'ports' is a map(int, string), and only text keys are written with a dot; write ports[...]");
}

TEST(Checker, WrongCallsSayWhatThereIs) {
  EXPECT_EQ(type_of("model.name.startWith('a')"), "11: there is no function 'startWith'; did you mean 'startsWith'?");
  EXPECT_EQ(type_of("model.name.startsWith(1)"),
            "11: there is no string.startsWith(int), but string.startsWith(string)");
  EXPECT_EQ(type_of("startsWith(model.name, 'a')"),
            "0: there is no startsWith(string, string), but string.startsWith(string)");
  EXPECT_EQ(type_of("math.absolute(1)"), "5: there is no function 'absolute'");
  EXPECT_EQ(type_of("math.celi(1.5)"), "5: there is no function 'celi'; did you mean 'math.ceil'?");
  EXPECT_THAT(type_of("principal.groups.exists(g)"),
              HasSubstr("17: this is not how 'exists' is written: list.exists("));
  EXPECT_THAT(type_of("undef()"), HasSubstr("there is no function 'undef'"));
}

TEST(Checker, WrongOperandsSayWhatTheyAre) {
  EXPECT_EQ(type_of("model.tier == 3"), "11: 'model.tier' is a string and 3 an int; they are never equal");
  EXPECT_THAT(type_of("'a' != null"), HasSubstr("they are never equal"));
  EXPECT_THAT(type_of("principal.groups == 'admins'"), HasSubstr("'principal.groups' is a list(string)"));
  EXPECT_EQ(type_of("3 in principal.groups"),
            "2: 3 is an int, and 'principal.groups' has only string elements; it is never in there");
  EXPECT_THAT(type_of("'a' in model.name"), HasSubstr("write text.contains(part)"));
  EXPECT_EQ(type_of("cost && true"), "0: '&&' takes conditions (true or false), and 'cost' is a double");
  EXPECT_THAT(type_of("true || !size_in"), HasSubstr("9: '!' takes conditions"));
  EXPECT_THAT(type_of("cost ? 1 : 2"), HasSubstr("'?' takes conditions"));
  EXPECT_THAT(type_of("1 + 2.0"), HasSubstr("2: '+' has no meaning here: 1 is an int and 2.0 a double; convert one"));
  EXPECT_THAT(type_of("'n' + 1"), HasSubstr("as in string(x)"));
  EXPECT_THAT(type_of("-'a'"), HasSubstr("'-' takes a number with a sign"));
  EXPECT_THAT(type_of("model.name < 1"), HasSubstr("'<' has no meaning here"));
  EXPECT_THAT(type_of("principal.groups['a']"), HasSubstr("a list is indexed with an int"));
  EXPECT_THAT(type_of("headers[1]"), HasSubstr("its keys are string"));
  EXPECT_THAT(type_of("content.findings[0]['class']"), HasSubstr("written with a dot"));
  EXPECT_THAT(type_of("urgent.all(x, x)"), HasSubstr("'urgent' is a bool; only lists and maps"));
  EXPECT_THAT(type_of("[1].all(x, x)"), HasSubstr("11: here stands a condition"));
  EXPECT_THAT(type_of("[1].map(x, 'a', x)"), HasSubstr("here stands a condition"));
  EXPECT_THAT(type_of("{1.5: 2}"), HasSubstr("1: a map's keys are"));
  EXPECT_THAT(type_of("ports.transformMapEntry(k, v, k)"), HasSubstr("here stands an entry"));
}

TEST(Checker, NumbersCompareAcrossTypes) {
  for (const char* source : {"1 == 1.0", "1u != 1", "1 < 1.5", "1u >= 1", "1 in [1.0]", "[1] == [1.0]", "cost > 3",
                             "any == 'a'", "any + 1 < any", "[] == [1]", "{} == {'a': 1}", "any in [1]", "1 in any"})
    EXPECT_EQ(type_of(source).find(':'), std::string::npos) << source << " " << type_of(source);
}

TEST(Checker, FaultsDoNotCascadeAndAreNotEndless) {
  const Declarations declarations = facts();
  const Checked one = checked("size(nope[0].foo[1]) + 'a'.size() > -nope_too()[2]", declarations, Strictness::kTyped);
  EXPECT_EQ(one.faults.size(), 2U);
  const Checked two = checked("nope && cost", declarations, Strictness::kTyped);
  EXPECT_EQ(two.faults.size(), 2U);
  std::string many = "nope";
  for (int i = 0; i < 100; ++i) many += " || nope";
  EXPECT_EQ(checked(many, declarations, Strictness::kTyped).faults.size(), kFaultsMax);
}

TEST(Checker, DeepAndLongExpressionsAreNoTrouble) {
  const Declarations declarations = facts();
  const auto nested = [](std::string_view opening, std::string_view inside, std::string_view closing, int depth) {
    std::string text(inside);
    for (int i = 0; i < depth; ++i) text = std::string(opening) + text + std::string(closing);
    return text;
  };
  std::string wide = "[";
  for (int i = 0; i < 100; ++i) wide += nested("[", "1", "]", 230) + ",";
  for (const std::string& source :
       {wide + "]", nested("[", "1", "]", 240), nested("{'a': ", "1", "}", 240), nested("-(", "1", ")", 120),
        nested("[1].map(x, ", "x", ")", 240), nested("cel.bind(x, [1], [x] + ", "[[1]]", ")", 120)}) {
    const Checked result = checked(source, declarations, Strictness::kTyped);
    ASSERT_NE(result.ast, nullptr) << source << result.faults[0].message;
    EXPECT_TRUE(result.faults.empty()) << result.faults[0].message;
    fold_constants(*result.ast);
    EXPECT_FALSE(to_text(*result.ast->root).empty());
  }
}

TEST(Checker, DynamicOnlyResolves) {
  const Declarations declarations = facts();
  for (const char* source : {"nope || true", "true || 32", "model.tier == 3", "undef(1)", "model", "1 + 'a'"}) {
    const Checked result = checked(source, declarations, Strictness::kDynamic);
    EXPECT_TRUE(result.faults.empty()) << source;
    EXPECT_TRUE(result.ast->root->type.is_dyn()) << source;
  }
  EXPECT_EQ(checked("model.tier", declarations, Strictness::kDynamic).ast->root->slot, 0U);
  EXPECT_EQ(checked("nope", declarations, Strictness::kDynamic).ast->root->slot, Node::kNoSlot);
}

TEST(Checker, PartsOfUnknownCallsAreResolvedForRunTime) {
  for (const char* source : {"[1].all(n, [1].all(m, true))", "[1].exists([2].all(m, true))",
                             "math.unheard([1].all(m, true))", "math.a.b([1].all(m, true)).c"}) {
    const Checked result = checked(source, Declarations(), Strictness::kDynamic);
    EXPECT_TRUE(result.faults.empty()) << source;
    for (const Node& node : result.ast->nodes) {
      if (node.kind == NodeKind::kLoop) {
        EXPECT_NE(node.first_local, Node::kNoSlot) << source;
      }
    }
  }
}

TEST(Checker, CheckedAgainItForgetsWhatItFound) {
  const Declarations declarations = facts();
  Checked result = checked("cost > 1.0", declarations, Strictness::kTyped);
  ASSERT_EQ(result.ast->root->operands[0]->slot, 5U);
  EXPECT_TRUE(check(*result.ast, Declarations(), Strictness::kDynamic, result.faults));
  EXPECT_EQ(result.ast->root->operands[0]->slot, Node::kNoSlot);
}

}  // namespace
}  // namespace reeve::policy::cel
