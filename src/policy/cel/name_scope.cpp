#include "policy/cel/name_scope.h"

#include <algorithm>

namespace reeve::policy::cel {
namespace {

const std::vector<NameScope::NamedType>& named_types() {
  static const std::vector<NameScope::NamedType> types = {
      {"bool", Type::plain(Kind::kBool)},
      {"int", Type::plain(Kind::kInt)},
      {"uint", Type::plain(Kind::kUint)},
      {"double", Type::plain(Kind::kDouble)},
      {"string", Type::plain(Kind::kString)},
      {"bytes", Type::plain(Kind::kBytes)},
      {"list", Type::list(Type::dyn())},
      {"map", Type::map(Type::dyn(), Type::dyn())},
      {"null_type", Type::plain(Kind::kNull)},
      {"type", Type::type_of(Type::dyn())},
      {"google.protobuf.Timestamp", Type::plain(Kind::kTimestamp)},
      {"google.protobuf.Duration", Type::plain(Kind::kDuration)},
  };
  return types;
}

}  // namespace

std::string NameChain::text(std::size_t count) const {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += '.';
    text += parts[i].name;
  }
  return text;
}

NameChain name_chain(Node& node) {
  NameChain chain;
  for (Node* at = &node;; at = at->operands[0]) {
    if (at->kind == NodeKind::kName) {
      chain.absolute = at->name.starts_with('.');
      chain.parts.push_back({at, std::string_view(at->name).substr(chain.absolute ? 1 : 0)});
      std::ranges::reverse(chain.parts);
      return chain;
    }
    const bool is_field = at->kind == NodeKind::kSelect || (at->kind == NodeKind::kHas && at == &node);
    if (!is_field || at->name.find('.') != std::string::npos) return {};
    chain.parts.push_back({at, at->name});
  }
}

std::optional<std::uint32_t> NameScope::find_local(const NameChain& chain) const {
  if (chain.parts.empty() || chain.absolute) return std::nullopt;
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1].name == chain.parts[0].name) return static_cast<std::uint32_t>(i - 1);
  }
  return std::nullopt;
}

std::vector<std::string> NameScope::candidates(std::string_view name, bool absolute) const {
  std::vector<std::string> found;
  std::string container = absolute ? std::string() : declarations_.container();
  while (!container.empty()) {
    found.push_back(container + "." + std::string(name));
    const std::size_t dot = container.rfind('.');
    container.resize(dot == std::string::npos ? 0 : dot);
  }
  found.emplace_back(name);
  return found;
}

const Declarations::Variable* NameScope::find_variable(std::string_view name, bool absolute) const {
  for (const std::string& candidate : candidates(name, absolute)) {
    if (const auto* variable = declarations_.find(candidate)) return variable;
  }
  return nullptr;
}

const NameScope::NamedType* NameScope::find_type(std::string_view name, bool absolute) const {
  for (const std::string& candidate : candidates(name, absolute)) {
    const auto found = std::ranges::find(named_types(), candidate, &NamedType::name);
    if (found != named_types().end()) return &*found;
  }
  return nullptr;
}

const Function* NameScope::find_function(std::string_view name, bool absolute) const {
  for (const std::string& candidate : candidates(name, absolute)) {
    if (const auto* function = cel::find_function(candidate)) return function;
  }
  return nullptr;
}

}  // namespace reeve::policy::cel
