#include <algorithm>
#include <array>
#include <string>

#include "policy/cel/step.h"

// Calls of the table's functions, lists, maps and binds: steps that want all their operands.

namespace reeve::policy::cel {
namespace {

using Call = Value (*)(Frame& frame, std::span<const Value> arguments);

template <std::size_t count>
struct FixedCall : Step {
  Call call = nullptr;
  std::array<Operand, count> operands;
};

template <std::size_t count>
Value run_fixed_call(const Step& step, Frame& frame) {
  const auto& fixed = static_cast<const FixedCall<count>&>(step);
  std::array<Value, count> arguments;
  Value trouble;
  for (std::size_t i = 0; i < count; ++i) {
    arguments[i] = fixed.operands[i].value(frame);
    if (!is_plain(arguments[i])) [[unlikely]]
      keep_trouble(trouble, arguments[i]);
  }
  return is_plain(trouble) ? fixed.call(frame, arguments) : trouble;
}

template <std::size_t count>
Operand keep_fixed_call(Compiler& compiler, Call call, std::span<const Operand> operands) {
  FixedCall<count> fixed;
  fixed.run = run_fixed_call<count>;
  fixed.call = call;
  std::ranges::copy(operands, fixed.operands.begin());
  return compiler.keep(fixed);
}

/// A function, or what makes a list, of any number of operands.
struct LongCall : Step {
  Call call = nullptr;
  std::span<const Operand> operands;
};

/// The operands' values in the arena; false, and what to answer instead, when there is trouble.
bool evaluate_all(Frame& frame, std::span<const Operand> operands, std::span<Value>& values, Value& trouble) {
  Value* places = make_elements(frame, operands.size(), trouble);
  if (places == nullptr) return false;
  values = {places, operands.size()};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    places[i] = operands[i].value(frame);
    if (!is_plain(places[i])) [[unlikely]]
      keep_trouble(trouble, places[i]);
  }
  return is_plain(trouble);
}

Value run_long_call(const Step& step, Frame& frame) {
  const auto& call = static_cast<const LongCall&>(step);
  std::span<Value> values;
  Value trouble;
  return evaluate_all(frame, call.operands, values, trouble) ? call.call(frame, values) : trouble;
}

Value run_list(const Step& step, Frame& frame) {
  std::span<Value> values;
  Value trouble;
  if (!evaluate_all(frame, static_cast<const LongCall&>(step).operands, values, trouble)) return trouble;
  return Value::of_list(frame.arena.make(List{values.data(), values.size()}));
}

Value run_map(const Step& step, Frame& frame) {
  std::span<Value> values;
  Value trouble;
  if (!evaluate_all(frame, static_cast<const LongCall&>(step).operands, values, trouble)) return trouble;
  const std::span<MapEntry> entries = frame.arena.make_array<MapEntry>(values.size() / 2);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = {values[2 * i], values[2 * i + 1]};
  return make_map(frame.arena, entries);
}

bool are_constant(std::span<const Operand> operands) {
  return std::ranges::all_of(operands, [](const Operand& operand) { return operand.is_constant(); });
}

struct Bind : Step {
  Operand bound;
  Operand rest;
  std::uint32_t place = 0;
};

/// What is bound may be an error or unknown: that matters only where the name is used.
Value run_bind(const Step& step, Frame& frame) {
  const auto& bind = static_cast<const Bind&>(step);
  const Value bound = bind.bound.value(frame);
  frame.locals[frame.locals_begin + bind.place] = bound;
  return bind.rest.value(frame);
}

bool has_form(const Function& function, bool member) {
  return std::ranges::any_of(function.signatures, [&](const Signature& s) { return s.member == member; });
}

}  // namespace

Operand compile_list(Compiler& compiler, const Node& node) {
  const std::span<const Operand> operands = compiler.compile_all(node.operands);
  if (are_constant(operands)) {
    std::vector<Value> values;
    values.reserve(operands.size());
    for (const Operand& operand : operands) values.push_back(operand.constant);
    return Operand::of_constant(make_list(compiler.arena(), values));
  }
  LongCall list;
  list.run = run_list;
  list.operands = operands;
  return compiler.keep(list);
}

Operand compile_map(Compiler& compiler, const Node& node) {
  LongCall map;
  map.run = run_map;
  map.operands = compiler.compile_all(node.operands);
  return compiler.keep(map);
}

Operand compile_bind(Compiler& compiler, const Node& node) {
  Bind bind;
  bind.run = run_bind;
  bind.place = node.first_local;
  bind.bound = compiler.compile(*node.operands[0]);
  bind.rest = compiler.compile(*node.operands[1]);
  return compiler.keep(bind);
}

Operand compile_plain_call(Compiler& compiler, const Function& function, std::span<const Operand> operands) {
  switch (operands.size()) {
    case 1: return keep_fixed_call<1>(compiler, function.call, operands);
    case 2: return keep_fixed_call<2>(compiler, function.call, operands);
    case 3: return keep_fixed_call<3>(compiler, function.call, operands);
    default: break;
  }
  LongCall call;
  call.run = run_long_call;
  call.call = function.call;
  call.operands = operands;
  return compiler.keep(call);
}

Operand compile_call(Compiler& compiler, const Node& node) {
  Operand made;
  if (compile_logic(compiler, node, made) || compile_comparison(compiler, node, made) ||
      compile_membership(compiler, node, made) || compile_text_test(compiler, node, made)) {
    return made;
  }
  const Function* function = find_function(node.name);
  if (function == nullptr || function->call == nullptr || !has_form(*function, node.member)) {
    const std::string form = node.member ? "no function to call on a value: " : "no such function: ";
    return compiler.error(ErrorKind::kNoSuchOverload, form + node.name);
  }
  return compile_plain_call(compiler, *function, compiler.compile_all(node.operands));
}

}  // namespace reeve::policy::cel
