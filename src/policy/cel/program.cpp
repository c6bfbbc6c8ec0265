#include "policy/cel/program.h"

#include <utility>

#include "policy/cel/step.h"

namespace reeve::policy::cel {
namespace {

class StepProgram final : public Program {
 public:
  static std::unique_ptr<const Program> make(const Ast& ast, const Node& part, std::vector<Fault>& faults,
                                             PatternIndex* index) {
    auto program = std::make_unique<StepProgram>();
    const std::size_t faults_before = faults.size();
    Compiler compiler(program->arena_, program->patterns_, faults, index);
    program->root_ = compiler.compile(part);
    program->cost_ = compiler.take_cost();
    program->locals_ = ast.locals;
    if (faults.size() != faults_before || faults_before >= kFaultsMax) return nullptr;
    return program;
  }

  Value run(Frame& frame) const override {
    if (!charge(frame, cost_)) return cost_exceeded();
    const Value result = locals_ == 0 ? root_.value(frame) : run_with_locals(frame);
    return frame.cost_left == 0 ? cost_exceeded() : result;
  }

 private:
  Value run_with_locals(Frame& frame) const {
    const std::size_t outer_begin = frame.locals_begin;
    const std::size_t outer_end = frame.locals_end;
    frame.locals_begin = outer_end;
    frame.locals_end = outer_end + locals_;
    if (frame.locals.size() < frame.locals_end) frame.locals.resize(frame.locals_end);
    const Value result = root_.value(frame);
    frame.locals_begin = outer_begin;
    frame.locals_end = outer_end;
    return result;
  }

  static constexpr std::size_t kFirstBytes = 512;
  Arena arena_{kFirstBytes};  // steps and constants
  std::vector<std::unique_ptr<const Pattern>> patterns_;
  Operand root_;
  std::uint64_t cost_ = 0;
  std::size_t locals_ = 0;
};

}  // namespace

std::unique_ptr<const Program> Program::compile(const Ast& ast, std::vector<Fault>& faults, PatternIndex* patterns) {
  CHECK(ast.root != nullptr);
  return compile(ast, *ast.root, faults, patterns);
}

std::unique_ptr<const Program> Program::compile(const Ast& ast, const Node& part, std::vector<Fault>& faults,
                                                PatternIndex* patterns) {
  return StepProgram::make(ast, part, faults, patterns);
}

Operand Compiler::compile(const Node& node) {
  ++cost_;
  switch (node.kind) {
    case NodeKind::kConstant: return Operand::of_constant(copy_value(arena_, node.value));
    case NodeKind::kName:
      if (node.slot != Node::kNoSlot) return Operand::of_slot(node.slot);
      if (node.local != Node::kNoSlot) return Operand::of_local(node.local);
      return error(ErrorKind::kNoSuchVariable, "no such variable: " + node.name);
    case NodeKind::kSelect: return compile_select(*this, node);
    case NodeKind::kHas: return compile_has(*this, node);
    case NodeKind::kCall: return compile_call(*this, node);
    case NodeKind::kList: return compile_list(*this, node);
    case NodeKind::kMap: return compile_map(*this, node);
    case NodeKind::kLoop: return compile_loop(*this, node);
    case NodeKind::kBind: return compile_bind(*this, node);
  }
  return error(ErrorKind::kNoSuchOverload, "this has no meaning");
}

std::span<Operand> Compiler::compile_all(std::span<Node* const> nodes) {
  const std::span<Operand> operands = arena_.make_array<Operand>(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) operands[i] = compile(*nodes[i]);
  return operands;
}

const Pattern* Compiler::pattern(const Node& node, std::string_view text) {
  Result<std::unique_ptr<const Pattern>> compiled = Pattern::compile(text, kConstantPatternMemory);
  if (!compiled) {
    if (faults_.size() < kFaultsMax) faults_.push_back({node.offset, compiled.error().message});
    return nullptr;
  }
  patterns_.push_back(std::move(*compiled));
  return patterns_.back().get();
}

std::uint64_t Compiler::take_cost() { return std::exchange(cost_, 0); }

}  // namespace reeve::policy::cel
