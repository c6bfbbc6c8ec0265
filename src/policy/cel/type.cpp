#include "policy/cel/type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/nearest.h"

namespace reeve::policy::cel {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 9> kPlainTypes = {{
    {"null_type", Kind::kNull},
    {"bool", Kind::kBool},
    {"int", Kind::kInt},
    {"uint", Kind::kUint},
    {"double", Kind::kDouble},
    {"string", Kind::kString},
    {"bytes", Kind::kBytes},
    {"timestamp", Kind::kTimestamp},
    {"duration", Kind::kDuration},
}};

std::string_view plain_text(Kind kind) {
  for (const auto& [text, plain] : kPlainTypes) {
    if (plain == kind) return text;
  }
  return "dyn";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// What stands between "list(" and ")"; nothing when it is not that.
std::optional<std::string_view> inside(std::string_view text, std::string_view opening) {
  if (!text.starts_with(opening) || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(opening.size());
  text.remove_suffix(1);
  return text;
}

/// The comma between a map's key and value types: the first that no parenthesis encloses.
std::size_t separating_comma(std::string_view text) {
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++open;
    if (text[i] == ')') --open;
    if (text[i] == ',' && open == 0) return i;
  }
  return std::string_view::npos;
}

constexpr int kNestingMax = 16;

std::optional<Type> parse_nested(std::string_view text, int nesting_left) {
  text = trimmed(text);
  if (nesting_left == 0) return std::nullopt;
  if (text == "dyn") return Type::dyn();
  if (text == "list") return Type::list(Type::dyn());
  if (text == "map") return Type::map(Type::dyn(), Type::dyn());
  for (const auto& [name, kind] : kPlainTypes) {
    if (text == name) return Type::plain(kind);
  }
  if (const auto element = inside(text, "list(")) {
    auto type = parse_nested(*element, nesting_left - 1);
    if (!type) return std::nullopt;
    return Type::list(*std::move(type));
  }
  if (const auto pair = inside(text, "map(")) {
    const std::size_t comma = separating_comma(*pair);
    if (comma == std::string_view::npos) return std::nullopt;
    auto key = parse_nested(pair->substr(0, comma), nesting_left - 1);
    auto value = parse_nested(pair->substr(comma + 1), nesting_left - 1);
    if (!key || !value) return std::nullopt;
    return Type::map(*std::move(key), *std::move(value));
  }
  return std::nullopt;
}

}  // namespace

Type Type::plain(Kind kind) {
  Type type;
  type.form = Form::kPlain;
  type.kind = kind;
  return type;
}

Type Type::list(Type element) {
  Type type;
  type.form = Form::kList;
  type.parameters.push_back(std::move(element));
  return type;
}

Type Type::map(Type key, Type value) {
  Type type;
  type.form = Form::kMap;
  type.parameters.push_back(std::move(key));
  type.parameters.push_back(std::move(value));
  return type;
}

Type Type::of_structure(std::shared_ptr<const Structure> structure) {
  Type type;
  type.form = Form::kStructure;
  type.structure = std::move(structure);
  return type;
}

Type Type::parameter(std::string name) {
  Type type;
  type.form = Form::kParameter;
  type.name = std::move(name);
  return type;
}

Type Type::type_of(Type inner) {
  Type type;
  type.form = Form::kTypeOf;
  type.parameters.push_back(std::move(inner));
  return type;
}

bool Type::operator==(const Type& other) const {
  if (form != other.form) return false;
  switch (form) {
    case Form::kPlain: return kind == other.kind;
    case Form::kDyn: return true;
    case Form::kList:
    case Form::kMap:
    case Form::kTypeOf: return parameters == other.parameters;
    case Form::kStructure: return structure == other.structure;
    case Form::kParameter: return name == other.name;
  }
  return false;
}

std::string type_text(const Type& type) {
  switch (type.form) {
    case Type::Form::kPlain: return std::string(plain_text(type.kind));
    case Type::Form::kDyn: return "dyn";
    case Type::Form::kList: return "list(" + type_text(type.parameters[0]) + ")";
    case Type::Form::kMap: return "map(" + type_text(type.parameters[0]) + ", " + type_text(type.parameters[1]) + ")";
    case Type::Form::kStructure: return type.structure->name;
    case Type::Form::kParameter: return type.name.empty() ? "dyn" : type.name;
    case Type::Form::kTypeOf: return "type";
  }
  return "dyn";
}

std::optional<Type> parse_type(std::string_view text) { return parse_nested(text, kNestingMax); }

const Type* Structure::field(std::string_view field_name) const {
  const auto found = std::ranges::find(fields, field_name, &Field::name);
  return found == fields.end() ? nullptr : &found->type;
}

void Declarations::add(std::string name, Type type, std::uint32_t slot) {
  variables_.insert_or_assign(std::move(name), Variable{slot, std::move(type)});
}

const Declarations::Variable* Declarations::find(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

bool Declarations::is_group(std::string_view name) const { return !members_of(name).empty(); }

std::vector<std::string_view> Declarations::members_of(std::string_view group) const {
  const std::string prefix = std::string(group) + ".";
  std::vector<std::string_view> members;
  for (auto i = variables_.lower_bound(prefix); i != variables_.end() && i->first.starts_with(prefix); ++i) {
    members.push_back(i->first);
  }
  return members;
}

std::string Declarations::nearest(std::string_view name) const {
  std::vector<std::string_view> known;
  known.reserve(variables_.size());
  for (const auto& [declared, variable] : variables_) known.push_back(declared);
  return std::string(nearest_name(name, known));
}

}  // namespace reeve::policy::cel
