#include <algorithm>
#include <array>

#include "policy/cel/functions.h"
#include "policy/cel/step.h"

// ==, !=, <, <=, >, >= and in, specialised for what rules are made of.

namespace reeve::policy::cel {
namespace {

struct Pair : Step {
  Operand left;
  Operand right;
};

template <bool wanted>
Value run_equal(const Step& step, Frame& frame) {
  const auto& pair = static_cast<const Pair&>(step);
  const Value left = pair.left.value(frame);
  const Value right = pair.right.value(frame);
  if (!both_plain(left, right)) [[unlikely]]
    return trouble_of(left, right);
  return Value::of_bool(equal(left, right, frame.cost_left) == wanted);
}

struct TextPair : Step {
  Operand operand;
  std::string_view text;
};

template <bool wanted>
Value run_equal_text(const Step& step, Frame& frame) {
  const auto& pair = static_cast<const TextPair&>(step);
  const Value value = pair.operand.value(frame);
  if (value.is(Kind::kString)) [[likely]]
    return Value::of_bool((value.text() == pair.text) == wanted);
  return is_plain(value) ? Value::of_bool(!wanted) : value;
}

enum class Order : std::uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

template <Order order>
bool holds(auto left, auto right) {
  if constexpr (order == Order::kLess) return left < right;
  if constexpr (order == Order::kLessOrEqual) return left <= right;
  if constexpr (order == Order::kGreater) return left > right;
  return left >= right;
}

template <Order order>
Value run_order(const Step& step, Frame& frame) {
  const auto& pair = static_cast<const Pair&>(step);
  const std::array<Value, 2> values{pair.left.value(frame), pair.right.value(frame)};
  if (values[0].is(Kind::kInt) && values[1].is(Kind::kInt)) [[likely]] {
    return Value::of_bool(holds<order>(values[0].integer, values[1].integer));
  }
  if (values[0].is(Kind::kDouble) && values[1].is(Kind::kDouble)) {
    return Value::of_bool(holds<order>(values[0].real, values[1].real));
  }
  if (!both_plain(values[0], values[1])) [[unlikely]]
    return trouble_of(values[0], values[1]);
  switch (order) {
    case Order::kLess: return is_less(frame, values);
    case Order::kLessOrEqual: return is_less_or_equal(frame, values);
    case Order::kGreater: return is_greater(frame, values);
    case Order::kGreaterOrEqual: return is_greater_or_equal(frame, values);
  }
  return cost_exceeded();
}

/// `value in ["a", "b"]`: few texts.
struct FewTexts : Step {
  Operand operand;
  std::span<const Value> texts;
};

Value run_in_few_texts(const Step& step, Frame& frame) {
  const auto& few = static_cast<const FewTexts&>(step);
  const Value value = few.operand.value(frame);
  if (!value.is(Kind::kString)) [[unlikely]]
    return is_plain(value) ? Value::of_bool(false) : value;
  const std::string_view wanted = value.text();
  for (const Value& text : few.texts) {
    if (text.text() == wanted) return Value::of_bool(true);
  }
  return Value::of_bool(false);
}

/// `value in [...]`: many constants that could be keys of a map, as one.
struct ManyConstants : Step {
  Operand operand;
  const Map* set = nullptr;
};

Value run_in_many(const Step& step, Frame& frame) {
  const auto& many = static_cast<const ManyConstants&>(step);
  const Value value = many.operand.value(frame);
  if (!is_plain(value)) [[unlikely]]
    return value;
  return Value::of_bool(find_key(*many.set, value) != nullptr);
}

constexpr std::size_t kFewTexts = 8;

Operand in_few_texts(Compiler& compiler, const Operand& operand, const List& list) {
  FewTexts few;
  few.run = run_in_few_texts;
  few.operand = operand;
  few.texts = {list.items, list.size};
  return compiler.keep(few);
}

bool all_texts(const List& list) {
  return std::all_of(list.items, list.items + list.size, [](const Value& value) { return value.is(Kind::kString); });
}

using Run = Value (*)(const Step& step, Frame& frame);

Operand keep_pair(Compiler& compiler, Run run, const Operand& left, const Operand& right) {
  Pair pair;
  pair.run = run;
  pair.left = left;
  pair.right = right;
  return compiler.keep(pair);
}

Operand keep_equality(Compiler& compiler, bool wanted, const Operand& left, const Operand& right) {
  const bool text_left = left.is_constant(Kind::kString);
  if (!text_left && !right.is_constant(Kind::kString)) {
    return keep_pair(compiler, wanted ? run_equal<true> : run_equal<false>, left, right);
  }
  TextPair pair;
  pair.run = wanted ? run_equal_text<true> : run_equal_text<false>;
  pair.operand = text_left ? right : left;
  pair.text = text_left ? left.constant.text() : right.constant.text();
  compiler.add_cost(pair.text.size() / 16);
  return compiler.keep(pair);
}

}  // namespace

bool compile_comparison(Compiler& compiler, const Node& node, Operand& made) {
  constexpr std::array<std::pair<std::string_view, Run>, 4> kOrders = {{{"_<_", run_order<Order::kLess>},
                                                                        {"_<=_", run_order<Order::kLessOrEqual>},
                                                                        {"_>_", run_order<Order::kGreater>},
                                                                        {"_>=_", run_order<Order::kGreaterOrEqual>}}};
  if (node.operands.size() != 2 || node.member) return false;
  const bool equality = node.name == "_==_" || node.name == "_!=_";
  const auto* order = std::ranges::find(kOrders, node.name, &std::pair<std::string_view, Run>::first);
  if (!equality && order == kOrders.end()) return false;
  const Operand left = compiler.compile(*node.operands[0]);
  const Operand right = compiler.compile(*node.operands[1]);
  made = equality ? keep_equality(compiler, node.name == "_==_", left, right)
                  : keep_pair(compiler, order->second, left, right);
  return true;
}

bool compile_membership(Compiler& compiler, const Node& node, Operand& made) {
  if (node.name != "@in" || node.operands.size() != 2) return false;
  const std::span<const Operand> operands = compiler.compile_all(node.operands);
  if (operands[1].is_constant(Kind::kList)) {
    const List& list = *operands[1].constant.list;
    compiler.add_cost(list.size / 4);
    if (list.size <= kFewTexts && all_texts(list)) {
      made = in_few_texts(compiler, operands[0], list);
      return true;
    }
    if (const Map* set = make_key_set(compiler.arena(), {list.items, list.size})) {
      ManyConstants many;
      many.run = run_in_many;
      many.operand = operands[0];
      many.set = set;
      made = compiler.keep(many);
      return true;
    }
  }
  made = compile_plain_call(compiler, *find_function("@in"), operands);
  return true;
}

}  // namespace reeve::policy::cel
