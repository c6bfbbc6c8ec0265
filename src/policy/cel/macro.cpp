#include "policy/cel/macro.h"

#include <array>
#include <span>

namespace reeve::policy::cel {
namespace {

struct LoopForm {
  std::string_view name;
  std::size_t arguments;
  Macro macro;
  std::size_t variables;
};

/// For each macro and number of variables the first name is the one it is written with again.
constexpr std::array<LoopForm, 17> kLoops = {{
    {"all", 2, Macro::kAll, 1},
    {"exists", 2, Macro::kExists, 1},
    {"exists_one", 2, Macro::kExistsOne, 1},
    {"existsOne", 2, Macro::kExistsOne, 1},
    {"filter", 2, Macro::kFilter, 1},
    {"map", 2, Macro::kMap, 1},
    {"map", 3, Macro::kMap, 1},
    {"all", 3, Macro::kAll, 2},
    {"exists", 3, Macro::kExists, 2},
    {"existsOne", 3, Macro::kExistsOne, 2},
    {"exists_one", 3, Macro::kExistsOne, 2},
    {"transformList", 3, Macro::kTransformList, 2},
    {"transformList", 4, Macro::kTransformList, 2},
    {"transformMap", 3, Macro::kTransformMap, 2},
    {"transformMap", 4, Macro::kTransformMap, 2},
    {"transformMapEntry", 3, Macro::kTransformMapEntry, 2},
    {"transformMapEntry", 4, Macro::kTransformMapEntry, 2},
}};

const LoopForm* loop_form(std::string_view name, std::size_t arguments) {
  for (const LoopForm& form : kLoops) {
    if (form.name == name && form.arguments == arguments) return &form;
  }
  return nullptr;
}

/// Why this argument cannot be a variable of a loop or bind; empty when it can.
std::string_view no_variable(const Node& argument, std::span<const std::string> before) {
  if (argument.kind != NodeKind::kName || argument.name.starts_with('.')) {
    return "the variable must be a simple name, as in list.exists(x, x > 1)";
  }
  if (argument.name == "__result__") return "the name '__result__' is kept for the language";
  for (const std::string& other : before) {
    if (other == argument.name) return "the two variables need different names";
  }
  return {};
}

bool take_variables(Node& node, std::span<Node* const> arguments, std::vector<Fault>& faults) {
  for (const Node* argument : arguments) {
    if (const std::string_view why = no_variable(*argument, node.variables); !why.empty()) {
      faults.push_back({argument->offset, std::string(why)});
      return false;
    }
    node.variables.push_back(argument->name);
  }
  return true;
}

Node* recognise_has(Ast& ast, const WrittenCall& call, std::vector<Fault>& faults) {
  if (call.arguments.size() != 1 || call.arguments[0]->kind != NodeKind::kSelect) {
    const std::uint32_t offset = call.arguments.empty() ? call.at : call.arguments[0]->offset;
    faults.push_back({offset, "has() asks for one field, as in has(a.b)"});
    return nullptr;
  }
  const Node& field = *call.arguments[0];
  Node* node = ast.make(NodeKind::kHas, call.offset, call.end);
  node->at = field.at;
  node->name = field.name;
  node->operands = field.operands;
  return node;
}

Node* recognise_bind(Ast& ast, const WrittenCall& call, std::vector<Fault>& faults) {
  if (call.arguments.size() != 3) {
    faults.push_back({call.at, "bind takes a name, its value and an expression, as in cel.bind(x, a.b, x + x)"});
    return nullptr;
  }
  Node* node = ast.make(NodeKind::kBind, call.offset, call.end);
  node->at = call.at;
  if (!take_variables(*node, std::span(call.arguments).first(1), faults)) return nullptr;
  node->operands.assign(call.arguments.begin() + 1, call.arguments.end());
  return node;
}

}  // namespace

Node* recognise_macro(Ast& ast, const WrittenCall& call, std::vector<Fault>& faults) {
  if (call.target == nullptr) return call.name == "has" ? recognise_has(ast, call, faults) : nullptr;
  const bool on_cel = call.target->kind == NodeKind::kName && call.target->name == "cel";
  if (on_cel && call.name == "bind") return recognise_bind(ast, call, faults);

  const LoopForm* form = loop_form(call.name, call.arguments.size());
  if (form == nullptr) return nullptr;
  Node* node = ast.make(NodeKind::kLoop, call.offset, call.end);
  node->at = call.at;
  node->macro = form->macro;
  if (!take_variables(*node, std::span(call.arguments).first(form->variables), faults)) return nullptr;
  node->operands.push_back(call.target);
  for (Node* rest : std::span(call.arguments).subspan(form->variables)) node->operands.push_back(rest);
  return node;
}

std::string_view macro_name(Macro macro, std::size_t variables) {
  for (const LoopForm& form : kLoops) {
    if (form.macro == macro && form.variables == variables) return form.name;
  }
  return {};
}

std::string_view macro_usage(std::string_view name) {
  if (name == "filter") return "list.filter(x, condition)";
  if (name == "map") return "list.map(x, value) or list.map(x, condition, value)";
  if (name == "transformList") return "list.transformList(i, x, value) or list.transformList(i, x, condition, value)";
  if (name == "transformMap") return "map.transformMap(k, v, value) or map.transformMap(k, v, condition, value)";
  if (name == "transformMapEntry") return "map.transformMapEntry(k, v, {key: value}), a condition before the entry";
  const bool tests = name == "all" || name == "exists" || name == "exists_one" || name == "existsOne";
  return tests ? "list.exists(x, condition), for a map also map.exists(k, v, condition)" : std::string_view();
}

}  // namespace reeve::policy::cel
