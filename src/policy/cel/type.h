#pragma once

// Types as the checker knows them, and the declarations an expression is checked against. Compile time only.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/value.h"

namespace reeve::policy::cel {

struct Structure;

/// A type: a plain kind, dyn (decided at run time), a list or map of something, a fact structure, a type parameter of a
/// function's signature ("A"), or `type` itself.
struct Type {
  enum class Form : std::uint8_t { kPlain, kDyn, kList, kMap, kStructure, kParameter, kTypeOf };
  Form form = Form::kDyn;
  Kind kind = Kind::kNull;                     // kPlain
  std::vector<Type> parameters;                // kList: element; kMap: key, value; kTypeOf: what it is the type of
  std::shared_ptr<const Structure> structure;  // kStructure
  std::string name;                            // kParameter

  static Type plain(Kind kind);
  static Type dyn() { return {}; }
  static Type list(Type element);
  static Type map(Type key, Type value);
  static Type of_structure(std::shared_ptr<const Structure> structure);
  static Type parameter(std::string name);
  static Type type_of(Type inner);

  bool is_dyn() const { return form == Form::kDyn; }
  bool is_plain(Kind wanted) const { return form == Form::kPlain && kind == wanted; }
  bool operator==(const Type& other) const;
};

/// "int", "timestamp", "list(string)", "map(string, dyn)", "Finding": as messages and docs/facts.md write it.
std::string type_text(const Type& type);
/// The reverse, for the plain, list and map types: "list(string)"; "list" alone is one of dyn. Nothing when it is no
/// type.
std::optional<Type> parse_type(std::string_view text);

/// A fact structure: named fields with types. A field that a value does not carry reads as its type's zero value ("",
/// 0, false, empty list); has() tells.
struct Structure {
  struct Field {
    std::string name;
    Type type;
  };
  std::string name;
  std::vector<Field> fields;

  const Type* field(std::string_view field_name) const;
};

/// What an expression may name. A variable's name may be dotted ("model.tier"): the longest declared name wins, as the
/// specification's name resolution says. `slot` is how the evaluation asks for it.
class Declarations {
 public:
  struct Variable {
    std::uint32_t slot = 0;
    Type type;
  };
  void add(std::string name, Type type, std::uint32_t slot);
  const Variable* find(std::string_view name) const;
  /// True when declared names begin with `name` and a dot: "model" of "model.tier".
  bool is_group(std::string_view name) const;
  /// Those names, in alphabetical order. They live as long as the declarations.
  std::vector<std::string_view> members_of(std::string_view group) const;
  /// The nearest declared name to a wrong one, for "did you mean"; empty when nothing is near.
  std::string nearest(std::string_view name) const;
  /// Where names are looked up first, as protobuf containers ("x.y"): x.y.NAME, x.NAME, NAME. Empty in rules.
  void set_container(std::string container) { container_ = std::move(container); }
  const std::string& container() const { return container_; }

 private:
  std::map<std::string, Variable, std::less<>> variables_;
  std::string container_;
};

}  // namespace reeve::policy::cel
