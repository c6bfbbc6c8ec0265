#pragma once

// The steps that a program is made of, and how they are made from nodes. Each file steps_*.cpp holds one kind.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/cel/arena.h"
#include "policy/cel/ast.h"
#include "policy/cel/cost.h"
#include "policy/cel/function.h"
#include "policy/cel/pattern.h"
#include "policy/cel/program.h"

namespace reeve::policy::cel {

/// One step: what derives from this is its operands. Trivially destructible; lives in the program's arena.
struct Step {
  Value (*run)(const Step& step, Frame& frame) = nullptr;
};

/// Where a step gets a value from. Constants, variables and locals need no call.
struct Operand {
  enum class Form : std::uint8_t { kConstant, kSlot, kLocal, kStep };
  Form form = Form::kConstant;
  std::uint32_t place = 0;  // kSlot, kLocal
  Value constant;
  const Step* step = nullptr;

  static Operand of_constant(const Value& value) { return {Form::kConstant, 0, value, nullptr}; }
  static Operand of_slot(std::uint32_t slot) { return {Form::kSlot, slot, {}, nullptr}; }
  static Operand of_local(std::uint32_t local) { return {Form::kLocal, local, {}, nullptr}; }
  static Operand of_step(const Step* step) { return {Form::kStep, 0, {}, step}; }

  bool is_constant() const { return form == Form::kConstant && !constant.is_error() && !constant.is_unknown(); }
  bool is_constant(Kind kind) const { return form == Form::kConstant && constant.is(kind); }

  Value value(Frame& frame) const {
    switch (form) {
      case Form::kConstant: return constant;
      case Form::kSlot: return frame.variables.get(place, frame.arena);
      case Form::kLocal: return frame.locals[frame.locals_begin + place];
      case Form::kStep: break;
    }
    return step->run(*step, frame);
  }
};

/// Neither error nor unknown.
inline bool is_plain(const Value& value) { return value.kind < Kind::kError; }

/// Which of two values that a strict operation cannot go on with is its result: unknown beats error, else the first.
inline void keep_trouble(Value& trouble, const Value& value) {
  if (is_plain(trouble) || (value.is_unknown() && !trouble.is_unknown())) trouble = value;
}

inline bool both_plain(const Value& left, const Value& right) { return is_plain(left) && is_plain(right); }
inline Value trouble_of(const Value& left, const Value& right) {
  Value trouble = left;
  keep_trouble(trouble, right);
  return trouble;
}

/// Makes steps from nodes.
class Compiler {
 public:
  Compiler(Arena& arena, std::vector<std::unique_ptr<const Pattern>>& patterns, std::vector<Fault>& faults,
           PatternIndex* index)
      : arena_(arena), patterns_(patterns), faults_(faults), index_(index) {}

  Operand compile(const Node& node);
  std::span<Operand> compile_all(std::span<Node* const> nodes);

  template <typename T>
  Operand keep(const T& step) {
    return Operand::of_step(arena_.make(step));
  }
  Operand error(ErrorKind kind, std::string_view message) {
    return Operand::of_constant(make_error(arena_, kind, message));
  }
  /// A constant pattern, compiled; null after a fault.
  const Pattern* pattern(const Node& node, std::string_view text);
  PatternIndex* index() const { return index_; }
  Arena& arena() { return arena_; }

  /// What was charged to the steps since the last call, for a part that is run by itself.
  std::uint64_t take_cost();
  void add_cost(std::uint64_t cost) { cost_ += cost; }

 private:
  Arena& arena_;
  std::vector<std::unique_ptr<const Pattern>>& patterns_;
  std::vector<Fault>& faults_;
  PatternIndex* index_;
  std::uint64_t cost_ = 0;
};

/// An empty, false or 0 value of the type: what an absent field of a structure reads as.
Value zero_value(const Type& type);
/// Whether has() of a structure's field or of a declared variable is false: null, false, 0, "", empty.
bool is_zero(const Value& value);

Operand compile_select(Compiler& compiler, const Node& node);
Operand compile_has(Compiler& compiler, const Node& node);
Operand compile_list(Compiler& compiler, const Node& node);
Operand compile_map(Compiler& compiler, const Node& node);
Operand compile_loop(Compiler& compiler, const Node& node);
Operand compile_bind(Compiler& compiler, const Node& node);
Operand compile_call(Compiler& compiler, const Node& node);
/// The call of a table's function, with nothing special about it.
Operand compile_plain_call(Compiler& compiler, const Function& function, std::span<const Operand> operands);

// Each answers false when the node is none of its own.
bool compile_logic(Compiler& compiler, const Node& node, Operand& made);
bool compile_comparison(Compiler& compiler, const Node& node, Operand& made);
bool compile_membership(Compiler& compiler, const Node& node, Operand& made);
bool compile_text_test(Compiler& compiler, const Node& node, Operand& made);

}  // namespace reeve::policy::cel
