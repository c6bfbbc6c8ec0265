#pragma once

// A SCIM attribute's value as a tree that can be changed: what is read from JSON, patched, and written again.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"

namespace reeve::identity::scim {

class Value {
 public:
  using List = std::vector<Value>;
  using Members = std::vector<std::pair<std::string, Value>>;  // names as the schema writes them, in order

  Value() = default;  // absent
  explicit Value(bool flag) : data_(flag) {}
  explicit Value(std::int64_t number) : data_(number) {}
  explicit Value(double number) : data_(number) {}
  explicit Value(std::string text) : data_(std::move(text)) {}
  explicit Value(const char* text) : data_(std::string(text)) {}
  explicit Value(std::string_view text) : data_(std::string(text)) {}
  explicit Value(List list) : data_(std::move(list)) {}
  explicit Value(Members members) : data_(std::move(members)) {}

  bool absent() const { return std::holds_alternative<std::monostate>(data_); }
  /// Also an empty text, list or set of members: all of them say nothing (RFC 7643 section 2.5).
  bool empty() const;
  const bool* flag() const { return std::get_if<bool>(&data_); }
  const std::string* text() const { return std::get_if<std::string>(&data_); }
  const List* list() const { return std::get_if<List>(&data_); }
  List* list() { return std::get_if<List>(&data_); }
  const Members* members() const { return std::get_if<Members>(&data_); }
  Members* members() { return std::get_if<Members>(&data_); }
  /// As a number, whole or not.
  bool number(double& into) const;

  /// The member of exactly that name; null when there is none or this holds no members.
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  std::string_view text_of(std::string_view name) const;  // empty when it is no text
  /// Sets, or adds, a member; makes this hold members.
  Value& set(std::string_view name, Value value);
  void remove(std::string_view name);

  /// Equal in content; the order of members does not matter, that of a list does.
  bool operator==(const Value& other) const;

  void write(JsonWriter& json) const;
  std::string to_json() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Members> data_;
};

/// As it stands, without a schema; null is absent. Nested at most as deep as the document.
Value value_of(const JsonValue& json);

}  // namespace reeve::identity::scim
