#include <string>

#include "policy/cel/step.h"

// &&, ||, ! and ?:. An error or unknown on one side of && and || does not matter when the other side decides.

namespace reeve::policy::cel {
namespace {

struct Chain : Step {
  std::span<const Operand> operands;
};

Value no_bool(Frame& frame, const Value& value) {
  if (!is_plain(value)) return value;
  return fail_with(frame, ErrorKind::kNoSuchOverload,
                   "a value of type " + std::string(type_name(value.kind)) + " stands where a bool should");
}

/// `decisive` is the value that settles the chain: false of &&, true of ||.
template <bool decisive>
Value run_chain(const Step& step, Frame& frame) {
  Value trouble = Value::of_bool(!decisive);
  for (const Operand& operand : static_cast<const Chain&>(step).operands) {
    const Value value = operand.value(frame);
    if (value.is(Kind::kBool)) [[likely]] {
      if (value.boolean == decisive) return value;
    } else {
      keep_trouble(trouble, no_bool(frame, value));
    }
  }
  return trouble;
}

struct Negation : Step {
  Operand operand;
};

Value run_negation(const Step& step, Frame& frame) {
  const Value value = static_cast<const Negation&>(step).operand.value(frame);
  return value.is(Kind::kBool) ? Value::of_bool(!value.boolean) : no_bool(frame, value);
}

struct Choice : Step {
  Operand condition;
  Operand yes;
  Operand no;
};

Value run_choice(const Step& step, Frame& frame) {
  const auto& choice = static_cast<const Choice&>(step);
  const Value condition = choice.condition.value(frame);
  if (!condition.is(Kind::kBool)) [[unlikely]]
    return no_bool(frame, condition);
  return condition.boolean ? choice.yes.value(frame) : choice.no.value(frame);
}

/// The terms of a chain in their order, however they are nested.
void gather(const Node& node, std::string_view name, std::vector<Node*>& terms) {
  for (Node* operand : node.operands) {
    if (operand->kind == NodeKind::kCall && operand->name == name) {
      gather(*operand, name, terms);
    } else {
      terms.push_back(operand);
    }
  }
}

}  // namespace

bool compile_logic(Compiler& compiler, const Node& node, Operand& made) {
  if (node.name == "_&&_" || node.name == "_||_") {
    std::vector<Node*> terms;
    gather(node, node.name, terms);
    Chain chain;
    chain.run = node.name == "_&&_" ? run_chain<false> : run_chain<true>;
    chain.operands = compiler.compile_all(terms);
    made = compiler.keep(chain);
    return true;
  }
  if (node.name == "!_" && node.operands.size() == 1) {
    Negation negation;
    negation.run = run_negation;
    negation.operand = compiler.compile(*node.operands[0]);
    made = compiler.keep(negation);
    return true;
  }
  if (node.name == "_?_:_" && node.operands.size() == 3) {
    Choice choice;
    choice.run = run_choice;
    choice.condition = compiler.compile(*node.operands[0]);
    choice.yes = compiler.compile(*node.operands[1]);
    choice.no = compiler.compile(*node.operands[2]);
    made = compiler.keep(choice);
    return true;
  }
  return false;
}

}  // namespace reeve::policy::cel
