#include "policy/cel/program.h"

#include <set>
#include <string>

#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

TEST(Program, LogicAbsorbsErrors) {
  expect_all({{"1 / 0 == 1 || true", "true"},
              {"true || 1 / 0 == 1", "true"},
              {"false && 1 / 0 == 1", "false"},
              {"1 / 0 == 1 && false", "false"},
              {"1 / 0 == 1 || false", "error: division by zero"},
              {"1 / 0 == 1 && true", "error: division by zero"},
              {"'a' && false", "false"},
              {"'a' && true", "error: a value of type string stands where a bool should"},
              {"'a' || true", "true"},
              {"!(1 / 0 == 1)", "error: division by zero"},
              {"true && true && true && false && true", "false"},
              {"false || false || false || false || true", "true"}});
}

TEST(Program, OnlyTheTakenBranchIsEvaluated) {
  expect_all({{"true ? 1 : 1 / 0", "1"},
              {"false ? 1 / 0 : 2", "2"},
              {"1 / 0 == 1 ? 1 : 2", "error: division by zero"},
              {"'a' ? 1 : 2", "error: a value of type string stands where a bool should"}});
}

TEST(Program, UnknownBeatsErrorsAndIsAbsorbed) {
  TestVariables variables;
  variables.declare("u", Type::dyn(), Value::unknown("u"));
  variables.declare("v", Type::dyn(), Value::unknown("v"));
  const auto shown = [&](std::string_view source) { return display_of(source, variables); };
  EXPECT_EQ(shown("u"), "unknown: u");
  EXPECT_EQ(shown("u && false"), "false");
  EXPECT_EQ(shown("u || true"), "true");
  EXPECT_EQ(shown("u && true"), "unknown: u");
  EXPECT_EQ(shown("1 / 0 == 1 && u"), "unknown: u");
  EXPECT_EQ(shown("u && v"), "unknown: u");
  EXPECT_EQ(shown("!u"), "unknown: u");
  EXPECT_EQ(shown("u ? 1 : 2"), "unknown: u");
  EXPECT_EQ(shown("1 / 0 + u"), "unknown: u");
  EXPECT_EQ(shown("u == 1 / 0"), "unknown: u");
  EXPECT_EQ(shown("u == 'a'"), "unknown: u");
  EXPECT_EQ(shown("u < 1"), "unknown: u");
  EXPECT_EQ(shown("u in ['a']"), "unknown: u");
  EXPECT_EQ(shown("u in [1.5, 'a']"), "unknown: u");
  EXPECT_EQ(shown("u.startsWith('a')"), "unknown: u");
  EXPECT_EQ(shown("u.matches('a')"), "unknown: u");
  EXPECT_EQ(shown("u.field"), "unknown: u");
  EXPECT_EQ(shown("has(u.field)"), "unknown: u");
  EXPECT_EQ(shown("u[0]"), "unknown: u");
  EXPECT_EQ(shown("[1, u, 1 / 0]"), "unknown: u");
  EXPECT_EQ(shown("{1: u}"), "unknown: u");
  EXPECT_EQ(shown("size(u)"), "unknown: u");
  EXPECT_EQ(shown("math.greatest(1, 2, 3, 4, u)"), "unknown: u");
  EXPECT_EQ(shown("u.exists(x, x)"), "unknown: u");
  EXPECT_EQ(shown("[1, 2].exists(x, x == 2 || u)"), "true");
  EXPECT_EQ(shown("[1, 2].exists(x, x == 3 || u)"), "unknown: u");
  EXPECT_EQ(shown("[0, 1].all(x, 1 / x == 1 && u)"), "unknown: u");
  EXPECT_EQ(shown("[0, 1].map(x, x == 0 ? 1 / x : u)"), "unknown: u");
  EXPECT_EQ(shown("cel.bind(x, u, true || x)"), "true");
}

TEST(Program, FieldsOfMaps) {
  expect_all({{"m.a.b", "1"},
              {"m.x", "error: no such key: \"x\""},
              {"m.a.b.c", "error: a value of type int has no field c"},
              {"has(m.a)", "true"},
              {"has(m.x)", "false"},
              {"has(m.a.b)", "true"},
              {"has(m.zero)", "true"},
              {"has(m.x.y)", "error: no such key: \"x\""},
              {"has(m.a.b.c)", "error: a value of type int has no field c"},
              {"m.nothing", "null"},
              {"none", "error: no such variable: none"},
              {"none.field || true", "true"}},
             R"({"m": {"a": {"b": 1}, "zero": 0, "nothing": null}})");
}

std::shared_ptr<const Structure> finding_structure() {
  auto inner = std::make_shared<Structure>();
  inner->name = "Place";
  inner->fields = {{"line", Type::plain(Kind::kInt)}};
  auto finding = std::make_shared<Structure>();
  finding->name = "Finding";
  finding->fields = {{"class", Type::plain(Kind::kString)},
                     {"count", Type::plain(Kind::kInt)},
                     {"tags", Type::list(Type::plain(Kind::kString))},
                     {"place", Type::of_structure(inner)},
                     {"at", Type::plain(Kind::kTimestamp)}};
  return finding;
}

TEST(Program, AbsentFieldsOfStructuresAreZero) {
  TestVariables variables;
  const auto document = JsonDocument::parse(R"([{"class": "pii", "count": 0, "place": null}, {"count": 2}])");
  ASSERT_TRUE(document.ok());
  variables.declare("findings", Type::list(Type::of_structure(finding_structure())),
                    value_of_json(variables.arena(), document->root()));
  const auto shown = [&](std::string_view source) { return display_of(source, variables, Strictness::kTyped); };
  EXPECT_EQ(shown("findings[0].class"), "\"pii\"");
  EXPECT_EQ(shown("findings[1].class"), "\"\"");
  EXPECT_EQ(shown("findings[1].tags"), "[]");
  EXPECT_EQ(shown("findings[1].place.line"), "0");
  EXPECT_EQ(shown("findings[0].place.line"), "0");
  EXPECT_EQ(shown("findings[1].at == timestamp(0)"), "true");
  EXPECT_EQ(shown("has(findings[0].class)"), "true");
  EXPECT_EQ(shown("has(findings[1].class)"), "false");
  EXPECT_EQ(shown("has(findings[0].count)"), "false");
  EXPECT_EQ(shown("has(findings[0].place.line)"), "false");
  EXPECT_EQ(shown("findings.exists(f, f.class in ['pii', 'secret'])"), "true");
  EXPECT_EQ(shown("findings.filter(f, f.count > 0).map(f, f.count)"), "[2]");
}

TEST(Program, HasOfADeclaredVariableAsksForItsZeroValue) {
  TestVariables variables;
  variables.declare("model.tier", Type::plain(Kind::kString), Value::of_string("small"));
  variables.declare("model.name", Type::plain(Kind::kString), Value::of_string(""));
  variables.declare("model.cost", Type::plain(Kind::kInt), Value::null());
  variables.declare("model.age", Type::plain(Kind::kDuration), Value::unknown("model.age"));
  const auto shown = [&](std::string_view source) { return display_of(source, variables, Strictness::kTyped); };
  EXPECT_EQ(shown("has(model.tier)"), "true");
  EXPECT_EQ(shown("has(model.name)"), "false");
  EXPECT_EQ(shown("has(model.cost)"), "false");
  EXPECT_EQ(shown("has(model.age)"), "unknown: model.age");
  EXPECT_EQ(shown("model.tier != 'small'"), "false");
}

TEST(Program, VariablesAreLoadedOnce) {
  TestVariables variables;
  variables.declare("x", Type::dyn(), Value::of_int(1));
  EXPECT_EQ(display_of("x + x + x == 3 && x == 1", variables), "true");
  EXPECT_EQ(variables.loads(), 1);
  variables.begin();
  EXPECT_EQ(display_of("x", variables), "1");
  EXPECT_EQ(variables.loads(), 2);
}

TEST(Program, Loops) {
  expect_all({{"[1, 2, 3].exists(x, x > 2)", "true"},
              {"[1, 2, 3].all(x, x > 2)", "false"},
              {"[0, 2].all(x, 1 / x == 9)", "false"},
              {"[0, 1].exists(x, 1 / x == 1)", "true"},
              {"[0, 1].exists(x, 1 / x == 2)", "error: division by zero"},
              {"[1].exists(x, 'a')", "error: a condition is a bool, not string"},
              {"[1, 2, 3].exists_one(x, x > 2)", "true"},
              {"[1, 2, 3].exists_one(x, x > 1)", "false"},
              {"[3, 2, 1, 0].exists_one(x, 12 / x > 1)", "error: division by zero"},
              {"[1, 2, 3].filter(x, x != 2)", "[1, 3]"},
              {"[1, 0].filter(x, 1 / x > 0)", "error: division by zero"},
              {"{'a': 1, 'b': 2}.filter(k, k != 'a')", "[\"b\"]"},
              {"[1, 2].map(x, x * 2)", "[2, 4]"},
              {"[1, 2].map(x, x > 1, x * 2)", "[4]"},
              {"{'a': 1}.map(k, k)", "[\"a\"]"},
              {"[1, 2].exists(i, v, i == 1 && v == 2)", "true"},
              {"{'a': 1}.all(k, v, k == 'a' && v == 1)", "true"},
              {"[2, 4].transformList(i, v, i > 0, v + i)", "[5]"},
              {"{'a': 1}.transformMap(k, v, v + 1)", "{\"a\": 2}"},
              {"['x'].transformMap(i, v, v)", "{0: \"x\"}"},
              {"{'a': 1}.transformMapEntry(k, v, {v: k})", "{1: \"a\"}"},
              {"['x', 'x'].transformMapEntry(i, v, {v: i})", "error: a map has the key \"x\" twice"},
              {"['x'].transformMapEntry(i, v, v)", "error: transformMapEntry() makes maps of elements"},
              {"(1).exists(x, x)", "error: only lists and maps can be gone through, not int"}});
}

TEST(Program, LoopsNestAndShadow) {
  expect_all({{"[1, 2].map(x, [10, 20].map(y, x + y))", "[[11, 21], [12, 22]]"},
              {"[1, 2].map(x, [x, 5].map(x, x * 2))", "[[2, 10], [4, 10]]"},
              {"[[1, 2], [3]].map(x, x.filter(y, y > 1)).map(z, size(z))", "[1, 1]"},
              {"cel.bind(x, 5, [1].map(y, cel.bind(z, x + y, z * 2)))", "[12]"},
              {"cel.bind(x, 1 / 0, true)", "true"},
              {"cel.bind(x, 1 / 0, x == 1)", "error: division by zero"}});
}

/// A variable whose value another program gives, in the same frame.
class DerivedVariables final : public Variables {
 public:
  DerivedVariables() : Variables(1) {}
  const Program* program = nullptr;
  Frame* frame = nullptr;

 protected:
  Value load(std::uint32_t, Arena&) override { return program->run(*frame); }
};

TEST(Program, AVariableMayRunAnotherProgramInTheSameFrame) {
  Declarations declarations;
  declarations.add("derived", Type::dyn(), 0);
  std::vector<Fault> faults;
  const auto inner_tree = parse("[5, 6].map(a, [7].map(b, a * b)[0])", faults);
  const auto outer_tree = parse("[1, 2].map(x, [3].map(y, derived.map(z, x * 100 + y * 10 + z)))", faults);
  ASSERT_TRUE(inner_tree && outer_tree);
  ASSERT_TRUE(check(*inner_tree, declarations, Strictness::kDynamic, faults));
  ASSERT_TRUE(check(*outer_tree, declarations, Strictness::kDynamic, faults));
  const auto inner = Program::compile(*inner_tree, faults);
  const auto outer = Program::compile(*outer_tree, faults);
  Arena arena;
  DerivedVariables variables;
  Frame frame{.arena = arena, .variables = variables, .locals = {}};
  variables.program = inner.get();
  variables.frame = &frame;
  EXPECT_EQ(to_display(outer->run(frame)), "[[[165, 172]], [[265, 272]]]");
}

TEST(Program, UsedUpCostIsAbsorbedByNothing) {
  constexpr std::string_view kTooMuch = "error: the expression costs more than an evaluation may";
  TestVariables variables;
  const auto shown = [&](std::string_view source, std::uint64_t cost) {
    return display_of(source, variables, Strictness::kDynamic, cost);
  };
  EXPECT_EQ(shown("1 + 1", 100), "2");
  EXPECT_EQ(shown("1 + 1", 2), kTooMuch);
  EXPECT_EQ(shown("[1, 2, 3, 4].exists(x, [1, 2, 3, 4].exists(y, y == 9)) || true", 50), kTooMuch);
  EXPECT_EQ(shown("[1, 2, 3, 4].all(x, [1, 2, 3, 4].all(y, y != 9)) ? 1 : 2", 50), kTooMuch);
  EXPECT_EQ(shown("[[1, 2, 3, 4].map(x, [1, 2, 3, 4].map(y, x * y))] == []", 50), kTooMuch);
}

TEST(Program, NestedLoopsEndWithTheCost) {
  TestVariables variables;
  variables.declare_json(R"({"l": [0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]})");
  EXPECT_EQ(display_of("l.all(a, l.all(b, l.all(c, l.all(d, l.all(e, true)))))", variables),
            "error: the expression costs more than an evaluation may");
  EXPECT_EQ(display_of("l.map(a, l.map(b, l.map(c, l.map(d, 'x' + string(a)))))", variables),
            "error: the expression costs more than an evaluation may");
}

TEST(Program, DoublingValuesEndWithTheCost) {
  std::string source;
  for (int i = 0; i < 60; ++i) {
    source += "cel.bind(x" + std::to_string(i + 1) + ", [x" + std::to_string(i) + ", x" + std::to_string(i) + "], ";
  }
  EXPECT_EQ(display_of(source + "x60 == x60" + std::string(60, ')'), R"({"x0": 1})"),
            "error: the expression costs more than an evaluation may");
}

TEST(Patterns, MatchAnywhere) {
  expect_all({{"'hubba'.matches('ubb')", "true"},
              {"matches('hubba', '^ubb')", "false"},
              {"'mañana'.matches('a+ñ+a+')", "true"},
              {"x.matches(p)", "true"},
              {"x.matches('(' + '')", "error: the pattern is wrong: missing ): ("},
              {"1.5.matches('a')", "error: matches(double) has no meaning"},
              {"'a'.matches(1)", "error: matches(string, int) has no meaning"},
              {"x.matches('(')", "fault: the pattern is wrong: missing ): ("}},
             R"({"x": "hello", "p": "l+o$"})");
}

/// What costs the machine more than a step or two must not be had a hundred thousand times for the limit's steps.
TEST(Cost, OfWhatIsSlowIsHigh) {
  TestVariables variables;
  variables.declare("l", Type::dyn(), make_list(variables.arena(), std::vector<Value>(1200, Value::of_int(1))));
  std::vector<MapEntry> entries;
  for (int i = 0; i < 9000; ++i) entries.push_back({Value::of_int(i), Value::of_int(i)});
  variables.declare("m", Type::dyn(), make_map(variables.arena(), entries));
  variables.declare("n", Type::dyn(), make_map(variables.arena(), entries));
  const std::string long_key(1UL << 20U, 'k');
  variables.declare("k", Type::dyn(), Value::of_string(long_key));
  variables.declare("letters", Type::dyn(), Value::of_string("\\pL\\pN\\pL\\pN\\pL\\pN"));
  for (const std::string& slow :
       {std::string("l.all(x, m == n)"), std::string("l.all(x, 'a'.matches(letters + string(x)) || true)"),
        std::string("l.all(x, timestamp(x).getHours('Nowhere') == 0 || true)"), std::string("l.all(x, !(k in m))"),
        std::string("l.all(x, 'a'.matches(string(x) + letters + '(') || true)")}) {
    EXPECT_EQ(display_of(slow, variables), "error: the expression costs more than an evaluation may") << slow;
  }
  EXPECT_EQ(display_of("timestamp(0).getHours('Europe/Berlin')", variables), "1");
  EXPECT_EQ(display_of("'a1'.matches(letters.substring(0, 6))", variables), "true");
}

TEST(Patterns, AreBounded) {
  TestVariables variables;
  const std::string long_pattern(2000, 'a');
  variables.declare("p", Type::dyn(), Value::of_string(long_pattern));
  variables.declare("huge", Type::dyn(), Value::of_string("((((a{100}){100}){100}){100})"));
  variables.declare("l", Type::dyn(), make_list(variables.arena(), std::vector<Value>(2000, Value::of_int(1))));
  EXPECT_EQ(display_of("'a'.matches(p)", variables), "error: a pattern that is no literal is at most 1 KiB long");
  EXPECT_TRUE(display_of("'a'.matches(huge)", variables).starts_with("error: the pattern is wrong"));
  EXPECT_EQ(display_of("l.all(x, 'a'.matches('a' + string(x)) || true)", variables),
            "error: the expression costs more than an evaluation may");
  EXPECT_EQ(display_of("'a'.matches('" + std::string(9000, 'a') + "')", variables),
            "fault: the pattern is longer than 8 KiB");
}

class RecordingIndex final : public PatternIndex, public PatternMatches {
 public:
  std::uint32_t add(std::uint32_t slot, std::string_view pattern) override {
    added.push_back(std::to_string(slot) + " " + std::string(pattern));
    return static_cast<std::uint32_t>(added.size() - 1);
  }
  bool matches(std::uint32_t pattern, std::string_view text) override {
    return added.at(pattern).ends_with(std::string(text));
  }
  std::vector<std::string> added;
};

TEST(Patterns, OfVariablesGoThroughTheIndex) {
  TestVariables variables;
  variables.declare("model.tier", Type::plain(Kind::kString), Value::of_string("small"));
  variables.declare("command", Type::plain(Kind::kString), Value::of_string("ls"));
  std::vector<Fault> faults;
  const auto tree = parse(
      "model.tier.matches('small') && !command.matches('rm') && 'a'.matches('a') && ['x'].exists(e, "
      "e.matches('x'))",
      faults);
  ASSERT_TRUE(tree && check(*tree, variables.declarations(), Strictness::kTyped, faults));
  RecordingIndex index;
  const auto program = Program::compile(*tree, faults, &index);
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(index.added, (std::vector<std::string>{"0 small", "1 rm"}));
  Arena arena;
  Frame frame{.arena = arena, .variables = variables, .patterns = &index, .locals = {}};
  EXPECT_TRUE(program->run(frame).is_true());
}

TEST(Program, PartsOfATreeCanBeCompiled) {
  TestVariables variables;
  variables.declare("x", Type::dyn(), Value::of_int(4));
  std::vector<Fault> faults;
  const auto tree = parse("x > 3 && x < 2", faults);
  ASSERT_TRUE(tree && check(*tree, variables.declarations(), Strictness::kDynamic, faults));
  const auto left = Program::compile(*tree, *tree->root->operands[0], faults);
  const auto right = Program::compile(*tree, *tree->root->operands[1], faults);
  Arena arena;
  Frame frame{.arena = arena, .variables = variables, .locals = {}};
  EXPECT_TRUE(left->run(frame).is_true());
  EXPECT_TRUE(right->run(frame).is_false());
}

TEST(Program, OutlivesItsTree) {
  std::vector<Fault> faults;
  Declarations declarations;
  auto tree = parse("'some text that is long ' + {'key': ['element of a list']}.key[0]", faults);
  ASSERT_TRUE(tree && check(*tree, declarations, Strictness::kDynamic, faults));
  const auto program = Program::compile(*tree, faults);
  tree.reset();
  Arena arena;
  TestVariables variables;
  Frame frame{.arena = arena, .variables = variables, .locals = {}};
  EXPECT_EQ(to_display(program->run(frame)), "\"some text that is long element of a list\"");
}

TEST(Program, ALargePatternOnALongTextIsTooDear) {
  const std::string text = "'" + std::string(60'000, 'q') + "'";
  const std::string wide = ".matches('(a|b|c|d|e|f|g|h).{1,900}[0-9]')";
  const std::string usual = ".matches('^acme/.*-[0-9]+$')";
  expect_all({{text + wide, "error: the expression costs more than an evaluation may"}, {text + usual, "false"}});
}

TEST(Program, UnknownFunctionsAreErrorsAtRunTime) {
  expect_all({{"no_such(1)", "error: no such function: no_such"},
              {"no_such(1) || true", "true"},
              {"(1).no_such()", "error: no function to call on a value: no_such"}});
}

}  // namespace
}  // namespace reeve::policy::cel
