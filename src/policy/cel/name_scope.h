#pragma once

// Which thing a name means. Source: the Common Expression Language specification, "Name Resolution".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/ast.h"
#include "policy/cel/function.h"
#include "policy/cel/type.h"

namespace reeve::policy::cel {

/// a.b.c, from the root on. Empty when the node is no such chain, or a part of it could not be part of a name.
struct NameChain {
  struct Part {
    Node* node = nullptr;  // kName, then kSelect; the last may be kHas
    std::string_view name;
  };
  std::vector<Part> parts;
  bool absolute = false;  // written with a leading dot

  /// The first `count` names with dots between.
  std::string text(std::size_t count) const;
};
NameChain name_chain(Node& node);

/// The loops and binds around a place, and the declarations outside of them.
class NameScope {
 public:
  struct Local {
    std::string name;
    Type type;
  };

  explicit NameScope(const Declarations& declarations) : declarations_(declarations) {}

  const Declarations& declarations() const { return declarations_; }

  /// The innermost variable of a loop or bind that this chain begins with; its place in the frame is its index.
  std::optional<std::uint32_t> find_local(const NameChain& chain) const;
  const Local& local(std::uint32_t place) const { return locals_[place]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(locals_.size()); }
  void push(std::string name, Type type) { locals_.push_back({std::move(name), std::move(type)}); }
  void pop(std::size_t count) { locals_.resize(locals_.size() - count); }

  /// A dotted name as a variable, as a type's name, as a function, looked up in the container first. `absolute` names
  /// are looked up as they are.
  const Declarations::Variable* find_variable(std::string_view name, bool absolute) const;
  struct NamedType {
    std::string_view name;
    Type type;
  };
  const NamedType* find_type(std::string_view name, bool absolute) const;
  const Function* find_function(std::string_view name, bool absolute) const;

 private:
  std::vector<std::string> candidates(std::string_view name, bool absolute) const;

  const Declarations& declarations_;
  std::vector<Local> locals_;
};

}  // namespace reeve::policy::cel
