#include <algorithm>
#include <array>

#include "policy/cel/functions.h"
#include "policy/cel/step.h"

// startsWith, endsWith and matches, specialised for constants.

namespace reeve::policy::cel {
namespace {

struct TextTest : Step {
  Operand text;
  Operand part;
};

template <bool at_start>
Value run_text_test(const Step& step, Frame& frame) {
  const auto& test = static_cast<const TextTest&>(step);
  const std::array<Value, 2> values{test.text.value(frame), test.part.value(frame)};
  if (!both_plain(values[0], values[1])) [[unlikely]]
    return trouble_of(values[0], values[1]);
  return at_start ? starts_with(frame, values) : ends_with(frame, values);
}

struct ConstantEnd : Step {
  Operand text;
  std::string_view part;
};

template <bool at_start>
Value run_constant_end(const Step& step, Frame& frame) {
  const auto& test = static_cast<const ConstantEnd&>(step);
  const Value value = test.text.value(frame);
  if (!value.is(Kind::kString)) [[unlikely]] {
    return is_plain(value) ? no_overload(frame, at_start ? "startsWith" : "endsWith", {&value, 1}) : value;
  }
  const std::string_view text = value.text();
  return Value::of_bool(at_start ? text.starts_with(test.part) : text.ends_with(test.part));
}

struct ConstantPattern : Step {
  Operand text;
  const Pattern* pattern = nullptr;
  std::uint32_t number = 0;  // in the index
  std::size_t weight = 2;    // what a byte of the text costs, in sixteenths of a step
};

Value no_text_to_match(Frame& frame, const Value& value) {
  return is_plain(value) ? no_overload(frame, "matches", {&value, 1}) : value;
}

/// RE2 is linear in the text, but where its automaton outgrows its memory each byte costs as much as the pattern is
/// large. So at least an eighth of a step a byte, and a whole one for a pattern of 128 instructions.
std::size_t weight_of(const Pattern& pattern) {
  return std::max<std::size_t>(2, static_cast<std::size_t>(std::max(pattern.instructions(), 0)) / 8);
}

Value run_pattern(const Step& step, Frame& frame) {
  const auto& test = static_cast<const ConstantPattern&>(step);
  const Value value = test.text.value(frame);
  if (!value.is(Kind::kString)) [[unlikely]]
    return no_text_to_match(frame, value);
  if (!charge_bytes(frame, value.extra * test.weight)) return cost_exceeded();
  return Value::of_bool(test.pattern->matches(value.text()));
}

Value run_indexed_pattern(const Step& step, Frame& frame) {
  const auto& test = static_cast<const ConstantPattern&>(step);
  const Value value = test.text.value(frame);
  if (!value.is(Kind::kString)) [[unlikely]]
    return no_text_to_match(frame, value);
  if (!charge_bytes(frame, value.extra * test.weight)) return cost_exceeded();
  return Value::of_bool(frame.patterns->matches(test.number, value.text()));
}

Operand keep_pattern(Compiler& compiler, const Node& node, const Operand& text, std::string_view pattern) {
  ConstantPattern test;
  test.run = run_pattern;
  test.text = text;
  // Compiled even when the index will match it: that is how a wrong one is found.
  test.pattern = compiler.pattern(*node.operands[1], pattern);
  if (test.pattern != nullptr) test.weight = weight_of(*test.pattern);
  if (test.pattern != nullptr && compiler.index() != nullptr && text.form == Operand::Form::kSlot) {
    test.run = run_indexed_pattern;
    test.number = compiler.index()->add(text.place, pattern);
  }
  return compiler.keep(test);
}

}  // namespace

bool compile_text_test(Compiler& compiler, const Node& node, Operand& made) {
  const bool at_start = node.name == "startsWith";
  const bool matching = node.name == "matches";
  if ((!at_start && !matching && node.name != "endsWith") || node.operands.size() != 2) return false;
  if (!node.member && !matching) return false;
  const Operand text = compiler.compile(*node.operands[0]);
  const Operand part = compiler.compile(*node.operands[1]);
  if (matching && !part.is_constant(Kind::kString)) {
    const std::array<Operand, 2> operands{text, part};
    made = compile_plain_call(compiler, *find_function("matches"), operands);
  } else if (matching) {
    made = keep_pattern(compiler, node, text, part.constant.text());
  } else if (part.is_constant(Kind::kString)) {
    ConstantEnd test;
    test.run = at_start ? run_constant_end<true> : run_constant_end<false>;
    test.text = text;
    test.part = part.constant.text();
    compiler.add_cost(test.part.size() / 16);
    made = compiler.keep(test);
  } else {
    TextTest test;
    test.run = at_start ? run_text_test<true> : run_text_test<false>;
    test.text = text;
    test.part = part;
    made = compiler.keep(test);
  }
  return true;
}

}  // namespace reeve::policy::cel
