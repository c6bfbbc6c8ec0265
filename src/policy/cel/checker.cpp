// One walk over the tree: what every name means, and, when types are wanted, what every part is. A part with a fault
// counts as dyn from there on, so that no fault follows from another.

#include <algorithm>
#include <span>
#include <utility>

#include "core/nearest.h"
#include "policy/cel/ast.h"
#include "policy/cel/call_rules.h"
#include "policy/cel/function.h"
#include "policy/cel/macro.h"
#include "policy/cel/name_scope.h"
#include "policy/cel/type_rules.h"

namespace reeve::policy::cel {
namespace {

/// ", a, b and c": the end of "did you mean" when there is nothing nearer.
std::string listed(std::span<const std::string_view> names) {
  constexpr std::size_t kNamesMax = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesMax); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  return names.size() > kNamesMax ? text + ", ..." : text;
}

class Checker {
 public:
  Checker(Ast& ast, const Declarations& declarations, bool typed, std::vector<Fault>& faults)
      : ast_(ast), scope_(declarations), typed_(typed), faults_(faults) {}

  /// What the part is. The answer may have no_element() in it, which goes together with more than the node's own type.
  Type visit(Node& node) {
    Type type = shallow(type_of(node));
    if (!typed_) type = Type::dyn();
    node.type = settled(type);
    return type;
  }

 private:
  Type type_of(Node& node);
  Type name(Node& node);
  std::optional<Type> resolve(Node& named, std::string_view text, bool absolute);
  Type unresolved(const NameChain& chain);
  std::string group_message(const std::string& group, const std::string& whole, std::string_view wrong) const;
  Type field(const Node& node, const Node& target, const Type& type);
  const Function* called(Node& node, std::string& qualified);
  Type call(Node& node);
  Type list(Node& node);
  Type map(Node& node);
  Type loop(Node& node);
  Type loop_result(const Node& node, const Type& key, const std::vector<Type>& rest);
  Type bind(Node& node);
  void enter(Node& node, std::span<const Type> types);
  void leave(const Node& node) { scope_.pop(node.variables.size()); }

  Type complain(std::uint32_t offset, std::string message) {
    if (typed_ && faults_.size() < kFaultsMax) faults_.push_back({offset, std::move(message)});
    return Type::dyn();
  }

  Ast& ast_;
  NameScope scope_;
  bool typed_;
  std::vector<Fault>& faults_;
};

Type constant_type(const Value& value) {
  return value.is(Kind::kType) ? Type::type_of(Type::dyn()) : Type::plain(value.kind);
}

Type Checker::type_of(Node& node) {
  switch (node.kind) {
    case NodeKind::kConstant: return constant_type(node.value);
    case NodeKind::kName:
    case NodeKind::kSelect:
    case NodeKind::kHas: return name(node);
    case NodeKind::kCall: return call(node);
    case NodeKind::kList: return list(node);
    case NodeKind::kMap: return map(node);
    case NodeKind::kLoop: return loop(node);
    case NodeKind::kBind: return bind(node);
  }
  return Type::dyn();
}

/// A name, or a field of something: the longest declared name wins, and what is left of the chain are fields of it.
Type Checker::name(Node& node) {
  const NameChain chain = name_chain(node);
  const auto local = scope_.find_local(chain);
  if (node.kind == NodeKind::kName && local) {
    node.local = *local;
    return scope_.local(*local).type;
  }
  if (chain.parts.empty() || local) {
    const Type type = visit(*node.operands[0]);
    return field(node, *node.operands[0], type);
  }
  for (std::size_t count = chain.parts.size(); count > 0; --count) {
    const auto resolved = resolve(*chain.parts[count - 1].node, chain.text(count), chain.absolute);
    if (!resolved) continue;
    Type type = *resolved;
    for (std::size_t i = count; i < chain.parts.size(); ++i) {
      Node& before = *chain.parts[i - 1].node;
      before.type = settled(typed_ ? type : Type::dyn());
      type = field(*chain.parts[i].node, before, type);
    }
    return type;
  }
  return unresolved(chain);
}

/// Sets the node's slot, or makes it a constant, when the text names something.
std::optional<Type> Checker::resolve(Node& named, std::string_view text, bool absolute) {
  const bool has = named.kind == NodeKind::kHas;
  if (const auto* variable = scope_.find_variable(text, absolute)) {
    named.slot = variable->slot;
    return has ? Type::plain(Kind::kBool) : variable->type;
  }
  const auto* type = has ? nullptr : scope_.find_type(text, absolute);
  if (type == nullptr) return std::nullopt;
  named.kind = NodeKind::kConstant;
  named.value = Value::of_type(type->name);
  named.operands.clear();
  return Type::type_of(type->type);
}

std::string Checker::group_message(const std::string& group, const std::string& whole, std::string_view wrong) const {
  const std::vector<std::string_view> members = scope_.declarations().members_of(group);
  if (wrong.empty()) return "'" + group + "' stands for several facts; name one of them: " + listed(members);
  const std::string_view nearest = nearest_name(whole, members);
  std::string message = "'" + group + "' has no '" + std::string(wrong) + "'";
  if (!nearest.empty()) return message + "; did you mean '" + std::string(nearest) + "'?";
  return message + "; it has " + listed(members);
}

Type Checker::unresolved(const NameChain& chain) {
  const std::size_t size = chain.parts.size();
  for (std::size_t count = size; count > 0; --count) {
    const std::string group = chain.text(count);
    if (!scope_.declarations().is_group(group)) continue;
    if (count == size) return complain(chain.parts[count - 1].node->at, group_message(group, group, {}));
    return complain(chain.parts[count].node->at, group_message(group, chain.text(count + 1), chain.parts[count].name));
  }
  std::string nearest = scope_.declarations().nearest(chain.text(size));
  if (nearest.empty()) nearest = scope_.declarations().nearest(chain.text(1));
  std::string message = "'" + chain.text(1) + "' is not declared";
  if (!nearest.empty()) message += "; did you mean '" + nearest + "'?";
  return complain(chain.parts[0].node->at, std::move(message));
}

/// node is a kSelect or kHas on the target of this type.
Type Checker::field(const Node& node, const Node& target, const Type& type) {
  Type result = Type::dyn();
  if (type.form == Type::Form::kStructure) {
    const Structure& structure = *type.structure;
    const Type* known = structure.field(node.name);
    if (known == nullptr) {
      std::vector<std::string_view> names;
      names.reserve(structure.fields.size());
      for (const Structure::Field& candidate : structure.fields) names.push_back(candidate.name);
      const std::string_view nearest = nearest_name(node.name, names);
      return complain(
          node.at, mention(target) + " is " + with_article(type) + ", which has no field '" + node.name + "'; " +
                       (nearest.empty() ? "it has " + listed(names) : "did you mean '" + std::string(nearest) + "'?"));
    }
    result = *known;
  } else if (type.form == Type::Form::kMap) {
    if (!is_open(type.parameters[0]) && !type.parameters[0].is_plain(Kind::kString)) {
      return complain(node.at, mention(target) + " is " + with_article(type) +
                                   ", and only text keys are written with a dot; write " + to_text(target) + "[...]");
    }
    result = type.parameters[1];
  } else if (!is_open(type)) {
    return complain(node.at, mention(target) + " is " + with_article(type) + " and has no field '" + node.name + "'");
  }
  return node.kind == NodeKind::kHas ? Type::plain(Kind::kBool) : result;
}

/// The function that a call means, null when there is none. "math.abs(x)" is read as a member call; where "math" is no
/// variable it becomes the plain call of "math.abs". `qualified` is that name when it was tried.
const Function* Checker::called(Node& node, std::string& qualified) {
  if (!node.member) {
    const bool absolute = node.name.starts_with('.');
    return scope_.find_function(std::string_view(node.name).substr(absolute ? 1 : 0), absolute);
  }
  const NameChain chain = name_chain(*node.operands[0]);
  bool is_variable = chain.parts.empty() || scope_.find_local(chain).has_value();
  for (std::size_t count = chain.parts.size(); count > 0 && !is_variable; --count) {
    is_variable = scope_.find_variable(chain.text(count), chain.absolute) != nullptr;
  }
  if (is_variable) return find_function(node.name);
  qualified = chain.text(chain.parts.size()) + "." + node.name;
  const Function* function = scope_.find_function(qualified, chain.absolute);
  if (function == nullptr) return find_function(node.name);
  node.member = false;
  node.operands.erase(node.operands.begin());
  return function;
}

Type Checker::call(Node& node) {
  std::string qualified;
  const Function* function = called(node, qualified);
  if (function != nullptr) node.name = function->name;
  // Of "strings.qoute(x)" the function is wrong and not the name before it.
  const std::string space = qualified.substr(0, qualified.rfind('.') + 1);
  const bool target_is_namespace =
      function == nullptr && !space.empty() &&
      std::ranges::any_of(all_functions(), [&space](const Function& known) { return known.name.starts_with(space); });
  // The variables of a loop with too few arguments are declared nowhere. Where types are not asked for the call is left
  // to run time with all its parts.
  const bool is_broken_loop = function == nullptr && node.member && !macro_usage(node.name).empty();
  std::vector<Type> types;
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    const bool skipped = typed_ && (i == 0 ? target_is_namespace : is_broken_loop);
    types.push_back(skipped ? Type::dyn() : visit(*node.operands[i]));
  }
  if (!typed_) return Type::dyn();
  if (function == nullptr) {
    Fault fault = unknown_function(node, target_is_namespace ? qualified : std::string());
    return complain(fault.offset, std::move(fault.message));
  }
  auto result = type_of_call(node, *function, types);
  if (auto* fault = std::get_if<Fault>(&result)) return complain(fault->offset, std::move(fault->message));
  return std::get<Type>(std::move(result));
}

Type Checker::list(Node& node) {
  Type element = no_element();
  for (Node* operand : node.operands) element = join(element, visit(*operand));
  return Type::list(std::move(element));
}

Type Checker::map(Node& node) {
  Type key = no_element();
  Type value = no_element();
  for (std::size_t i = 0; i < node.operands.size(); i += 2) {
    const Node& written = *node.operands[i];
    Type found = visit(*node.operands[i]);
    const bool possible = is_open(found) || found.is_plain(Kind::kBool) || found.is_plain(Kind::kInt) ||
                          found.is_plain(Kind::kUint) || found.is_plain(Kind::kString);
    if (!possible) {
      found = complain(written.offset, "a map's keys are texts, ints, uints or bools, and " + mention(written) +
                                           " is " + with_article(found));
    }
    key = join(key, found);
    value = join(value, visit(*node.operands[i + 1]));
  }
  return Type::map(std::move(key), std::move(value));
}

void Checker::enter(Node& node, std::span<const Type> types) {
  node.first_local = scope_.size();
  for (std::size_t i = 0; i < node.variables.size(); ++i) scope_.push(node.variables[i], types[i]);
  ast_.locals = std::max(ast_.locals, scope_.size());
}

Type Checker::loop(Node& node) {
  const Type range = visit(*node.operands[0]);
  Type key = is_no_element(range) ? range : Type::dyn();
  Type element = key;
  if (range.form == Type::Form::kList) {
    key = Type::plain(Kind::kInt);
    element = range.parameters[0];
  } else if (range.form == Type::Form::kMap) {
    key = range.parameters[0];
    element = range.parameters[1];
  } else if (!is_open(range)) {
    complain(node.at, mention(*node.operands[0]) + " is " + with_article(range) +
                          "; only lists and maps have elements to go through");
  }
  const bool first_is_element = node.variables.size() == 1 && range.form != Type::Form::kMap;
  const Type variables[] = {first_is_element ? element : key, element};
  enter(node, variables);
  std::vector<Type> rest;
  for (std::size_t i = 1; i < node.operands.size(); ++i) rest.push_back(visit(*node.operands[i]));
  leave(node);
  return loop_result(node, node.variables.size() == 1 ? variables[0] : key, rest);
}

/// `first` is the only variable's type, or of two the first's; `rest` are the types of what follows the variables.
Type Checker::loop_result(const Node& node, const Type& first, const std::vector<Type>& rest) {
  const bool tests = node.macro == Macro::kAll || node.macro == Macro::kExists || node.macro == Macro::kExistsOne ||
                     node.macro == Macro::kFilter;
  if ((tests || rest.size() == 2) && !is_open(rest[0]) && !rest[0].is_plain(Kind::kBool)) {
    const Node& condition = *node.operands[1];
    complain(condition.offset,
             "here stands a condition (true or false), and " + mention(condition) + " is " + with_article(rest[0]));
  }
  switch (node.macro) {
    case Macro::kAll:
    case Macro::kExists:
    case Macro::kExistsOne: return Type::plain(Kind::kBool);
    case Macro::kFilter: return Type::list(first);
    case Macro::kMap:
    case Macro::kTransformList: return Type::list(rest.back());
    case Macro::kTransformMap: return Type::map(first, rest.back());
    case Macro::kTransformMapEntry: break;
  }
  const Node& entry = *node.operands.back();
  if (is_open(rest.back())) return Type::map(Type::dyn(), Type::dyn());
  if (rest.back().form == Type::Form::kMap) return rest.back();
  return complain(entry.offset,
                  "here stands an entry as {key: value}, and " + mention(entry) + " is " + with_article(rest.back()));
}

Type Checker::bind(Node& node) {
  const Type variables[] = {visit(*node.operands[0])};
  enter(node, variables);
  Type result = visit(*node.operands[1]);
  leave(node);
  return result;
}

}  // namespace

bool check(Ast& ast, const Declarations& declarations, Strictness strictness, std::vector<Fault>& faults) {
  std::vector<Fault> found;
  ast.locals = 0;
  for (Node& node : ast.nodes) {
    node.type = Type::dyn();
    node.slot = node.local = node.first_local = Node::kNoSlot;
  }
  Checker(ast, declarations, strictness == Strictness::kTyped, found).visit(*ast.root);
  faults.insert(faults.end(), found.begin(), found.end());
  return found.empty();
}

}  // namespace reeve::policy::cel
