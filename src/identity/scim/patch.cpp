#include "identity/scim/patch.h"

#include <algorithm>
#include <unordered_map>

#include "core/bytes.h"
#include "identity/scim/filter.h"

namespace reeve::identity::scim {

namespace {

using Kind = Operation::Kind;
using MaybeProblem = std::optional<Problem>;

Problem problem(std::string_view type, std::string detail) { return {400, std::string(type), std::move(detail)}; }

const Value* find_in_any_case(const Value& object, std::string_view name) {
  const Value::Members* members = object.members();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [&](const auto& member) { return equal_ignoring_case(member.first, name); });
  return found == members->end() ? nullptr : &found->second;
}

bool names_message(const Value& body) {
  const Value* schemas = find_in_any_case(body, "schemas");
  const Value::List* list = schemas == nullptr ? nullptr : schemas->list();
  return list != nullptr && std::any_of(list->begin(), list->end(), [](const Value& schema) {
           return schema.text() != nullptr && equal_ignoring_case(*schema.text(), kPatchMessage);
         });
}

OrProblem<Operation> read_operation(const Value& given) {
  const Value* op = find_in_any_case(given, "op");
  const Value* path = find_in_any_case(given, "path");
  const Value* value = find_in_any_case(given, "value");
  const std::string word = op == nullptr || op->text() == nullptr ? "" : to_lower(*op->text());
  Operation operation;
  if (word == "remove") {
    operation.kind = Kind::kRemove;
  } else if (word == "replace") {
    operation.kind = Kind::kReplace;
  } else if (word != "add") {
    return problem("invalidSyntax", "op is add, remove or replace");
  }
  if (path != nullptr && !path->absent()) {
    if (path->text() == nullptr) return problem("invalidPath", "path is a text");
    if (!path->text()->empty()) operation.path = *path->text();
  }
  if (value != nullptr) operation.value = *value;
  if (operation.kind == Kind::kRemove && !operation.path) {
    return problem("noTarget", "remove needs a path");
  }
  if (operation.kind != Kind::kRemove && value == nullptr) {
    return problem("invalidValue", "add and replace need a value");
  }
  return operation;
}

// ---- Lists of values ----

/// What two values are the same by: their `value`, and their `type` where it is not an id.
std::string identity_of(const Attribute& attribute, const Value& item) {
  const Attribute* value = find_attribute(attribute.parts, "value");
  if (value == nullptr || item.find("value") == nullptr) return item.to_json();
  std::string identity(item.text_of("value"));
  if (!value->case_exact) identity = fold_case(identity) + "\n" + fold_case(item.text_of("type"));
  return identity;
}

void merge(const Value& from, Value& into) {
  if (const Value::Members* members = from.members()) {
    for (const auto& [name, value] : *members) into.set(name, value);
  } else {
    into = from;
  }
}

bool is_primary(const Value& item) {
  const Value* primary = item.find("primary");
  return primary != nullptr && primary->flag() != nullptr && *primary->flag();
}

/// Whoever becomes the primary one takes it from the others.
void keep_one_primary(Value::List& list, const Value* primary) {
  for (Value& item : list) {
    if (&item != primary && is_primary(item)) item.set("primary", Value(false));
  }
}

void add_items(const Attribute& attribute, const Value::List& items, Value& whole) {
  if (whole.list() == nullptr) whole = Value(Value::List());
  Value::List& list = *whole.list();
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < list.size(); ++i) known.emplace(identity_of(attribute, list[i]), i);
  for (const Value& item : items) {
    const auto [place, is_new] = known.emplace(identity_of(attribute, item), list.size());
    is_new ? list.push_back(item) : merge(item, list[place->second]);
    if (is_primary(item)) keep_one_primary(list, &list[place->second]);
  }
}

void remove_items(const Attribute& attribute, const Value::List& items, Value& whole) {
  if (whole.list() == nullptr) return;
  std::unordered_map<std::string, bool> wanted;
  for (const Value& item : items) wanted.emplace(identity_of(attribute, item), true);
  std::erase_if(*whole.list(), [&](const Value& item) { return wanted.contains(identity_of(attribute, item)); });
}

// ---- One target ----

/// Sets, merges or adds what was read for that attribute as the member of `holder`; what says nothing is removed.
MaybeProblem put(const Attribute& attribute, Kind kind, const Value& given, Value& holder) {
  auto read = read_attribute(attribute, given);
  if (auto* wrong = std::get_if<Problem>(&read)) return std::move(*wrong);
  Value& value = std::get<Value>(read);
  if (attribute.many && kind == Kind::kAdd) {
    if (value.empty()) return std::nullopt;
    Value* known = holder.find(attribute.name);
    add_items(attribute, *value.list(), known == nullptr ? holder.set(attribute.name, Value()) : *known);
  } else if (value.empty()) {
    if (attribute.required) return problem("invalidValue", std::string(attribute.name) + " must be there");
    holder.remove(attribute.name);
  } else if (attribute.type == Type::kComplex && !attribute.many) {
    Value* known = holder.find(attribute.name);
    known == nullptr ? static_cast<void>(holder.set(attribute.name, std::move(value))) : merge(value, *known);
  } else {
    holder.set(attribute.name, std::move(value));
  }
  return std::nullopt;
}

MaybeProblem take_away(const Attribute& attribute, const Value& given, Value& holder) {
  if (attribute.required) return problem("mutability", std::string(attribute.name) + " cannot be removed");
  Value* known = holder.find(attribute.name);
  if (known == nullptr) return std::nullopt;
  if (!attribute.many || given.empty()) {
    holder.remove(attribute.name);
    return std::nullopt;
  }
  auto read = read_attribute(attribute, given);
  if (auto* wrong = std::get_if<Problem>(&read)) return std::move(*wrong);
  if (const Value::List* items = std::get<Value>(read).list()) remove_items(attribute, *items, *known);
  if (known->empty()) holder.remove(attribute.name);
  return std::nullopt;
}

MaybeProblem change(const Attribute& attribute, Kind kind, const Value& given, Value& holder) {
  return kind == Kind::kRemove ? take_away(attribute, given, holder) : put(attribute, kind, given, holder);
}

/// A part of one value: name.givenName, an extension's manager.value.
MaybeProblem change_part(const Path& path, Kind kind, const Value& given, Value& holder) {
  if (path.inner == nullptr) return change(*path.part, kind, given, holder);
  Value* inside = holder.find(path.part->name);
  if (inside == nullptr && kind == Kind::kRemove) return std::nullopt;
  if (inside == nullptr) inside = &holder.set(path.part->name, Value(Value::Members()));
  auto wrong = change(*path.inner, kind, given, *inside);
  if (inside->empty()) holder.remove(path.part->name);
  return wrong;
}

MaybeProblem change_part_of_items(const Path& path, Kind kind, const Value& given, std::span<Value*> items,
                                  Value::List& list) {
  for (Value* item : items) {
    if (auto wrong = change_part(path, kind, given, *item)) return wrong;
    if (path.part->name == "primary" && is_primary(*item)) keep_one_primary(list, item);
  }
  return std::nullopt;
}

MaybeProblem replace_items(const Attribute& attribute, Kind kind, const Value& given, std::span<Value*> items,
                           Value::List& list) {
  auto read = read_attribute(attribute, given);
  if (auto* wrong = std::get_if<Problem>(&read)) return std::move(*wrong);
  const Value::List* values = std::get<Value>(read).list();
  if (values == nullptr || values->size() != 1) return problem("invalidValue", "one object is expected");
  for (Value* item : items) {
    kind == Kind::kAdd ? merge(values->front(), *item) : static_cast<void>(*item = values->front());
    if (is_primary(*item)) keep_one_primary(list, item);
  }
  return std::nullopt;
}

/// A value as the condition wants it, for an add that finds none.
MaybeProblem add_selected(const Path& path, const Value& given, Value& whole) {
  auto made = path.values == nullptr ? std::optional(Value(Value::Members())) : value_that_matches(*path.values);
  if (!made) return problem("noTarget", "no value matches, and the condition does not say how to make one");
  if (path.part != nullptr) {
    if (auto wrong = change_part(path, Kind::kAdd, given, *made)) return wrong;
  } else {
    merge(given, *made);
  }
  auto read = read_attribute(*path.attribute, *made);
  if (auto* wrong = std::get_if<Problem>(&read)) return std::move(*wrong);
  if (!std::get<Value>(read).empty()) add_items(*path.attribute, *std::get<Value>(read).list(), whole);
  return std::nullopt;
}

/// Values of one attribute, those that the condition selects or all, or a part of them.
MaybeProblem change_selected(const Path& path, Kind kind, const Value& given, Value& resource) {
  const Attribute& attribute = *path.attribute;
  Value* whole = resource.find(attribute.name);
  if (whole == nullptr) whole = &resource.set(attribute.name, Value(Value::List()));
  Value::List& list = *whole->list();
  std::vector<Value*> items;
  for (Value& item : list) {
    if (path.values == nullptr || matches(*path.values, item)) items.push_back(&item);
  }
  MaybeProblem wrong;
  if (kind == Kind::kAdd && items.empty()) {
    wrong = add_selected(path, given, *whole);
  } else if (kind == Kind::kReplace && items.empty()) {
    wrong = problem("noTarget", "no value of " + std::string(attribute.name) + " matches the path");
  } else if (path.part != nullptr) {
    wrong = change_part_of_items(path, kind, given, items, list);
    std::erase_if(list, [](const Value& item) { return item.empty(); });
  } else if (kind == Kind::kRemove) {
    std::erase_if(list, [&](const Value& item) { return matches(*path.values, item); });
  } else {
    wrong = replace_items(attribute, kind, given, items, list);
  }
  if (whole->empty()) resource.remove(attribute.name);
  return wrong;
}

MaybeProblem refuse_to_write(const Path& path) {
  for (const Attribute* attribute : {path.attribute, path.part, path.inner}) {
    if (attribute == nullptr || attribute->mutability == Mutability::kReadWrite) continue;
    return problem("mutability", std::string(attribute->name) + " cannot be changed");
  }
  return std::nullopt;
}

/// The values that are looked at: those that are there, once for each term of the condition, and those that come.
std::size_t values_looked_at(const Path& path, const Value& given, const Value& resource) {
  const auto size = [](const Value* value) {
    return value == nullptr || value->list() == nullptr ? std::size_t{1} : value->list()->size();
  };
  const std::size_t terms = path.values == nullptr ? 1 : 1 + count_terms(*path.values);
  return terms * size(resource.find(path.attribute->name)) + size(&given);
}

MaybeProblem change_at(const Path& path, Kind kind, const Value& given, Value& resource, Work& work) {
  if (auto wrong = refuse_to_write(path)) return wrong;
  if (!work.spend(values_looked_at(path, given, resource))) return too_much_work();
  const Attribute& attribute = *path.attribute;
  if (path.values != nullptr || (attribute.many && path.part != nullptr)) {
    return change_selected(path, kind, given, resource);
  }
  if (path.part == nullptr) return change(attribute, kind, given, resource);
  Value* holder = resource.find(attribute.name);
  if (holder == nullptr && kind == Kind::kRemove) return std::nullopt;
  if (holder == nullptr) holder = &resource.set(attribute.name, Value(Value::Members()));
  auto wrong = change_part(path, kind, given, *holder);
  if (holder->empty()) resource.remove(attribute.name);
  return wrong;
}

/// Each member of the value is a path; what the server alone writes, and what it does not know, is passed over, as in a
/// whole resource.
MaybeProblem change_without_path(const ResourceType& type, const Operation& operation, Value& resource, Work& work) {
  const Value::Members* members = operation.value.members();
  if (members == nullptr) return problem("invalidValue", "without a path the value is an object");
  for (const auto& [name, value] : *members) {
    const auto path = parse_path(type, name);
    const Path* known = std::get_if<Path>(&path);
    if (known == nullptr && name.find('[') != std::string::npos) return std::get<Problem>(path);
    if (known == nullptr || known->attribute->mutability == Mutability::kReadOnly) continue;
    if (auto wrong = change_at(*known, operation.kind, value, resource, work)) return wrong;
  }
  return std::nullopt;
}

}  // namespace

OrProblem<std::vector<Operation>> read_operations(const Value& body) {
  if (!names_message(body)) return problem("invalidSyntax", "schemas must name " + std::string(kPatchMessage));
  const Value* given = find_in_any_case(body, "Operations");
  const Value::List* list = given == nullptr ? nullptr : given->list();
  if (list == nullptr || list->empty()) return problem("invalidSyntax", "Operations is a list of operations");
  if (list->size() > kOperationsMax) return problem("tooMany", "at most 1000 operations are taken at once");
  std::vector<Operation> operations;
  for (const Value& item : *list) {
    auto operation = read_operation(item);
    if (auto* wrong = std::get_if<Problem>(&operation)) return std::move(*wrong);
    operations.push_back(std::move(std::get<Operation>(operation)));
  }
  return operations;
}

std::optional<Problem> apply(const ResourceType& type, const Operation& operation, Value& resource, Work& work) {
  if (!operation.path) return change_without_path(type, operation, resource, work);
  const auto path = parse_path(type, *operation.path);
  if (const auto* wrong = std::get_if<Problem>(&path)) return *wrong;
  return change_at(std::get<Path>(path), operation.kind, operation.value, resource, work);
}

}  // namespace reeve::identity::scim
