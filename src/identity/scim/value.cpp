#include "identity/scim/value.h"

#include <algorithm>

namespace reeve::identity::scim {

bool Value::empty() const {
  if (const std::string* given = text()) return given->empty();
  if (const List* given = list()) return given->empty();
  if (const Members* given = members()) return given->empty();
  return absent();
}

bool Value::number(double& into) const {
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) {
    into = static_cast<double>(*whole);
    return true;
  }
  if (const auto* real = std::get_if<double>(&data_)) {
    into = *real;
    return true;
  }
  return false;
}

const Value* Value::find(std::string_view name) const {
  const Members* own = members();
  if (own == nullptr) return nullptr;
  const auto found = std::find_if(own->begin(), own->end(), [&](const auto& member) { return member.first == name; });
  return found == own->end() ? nullptr : &found->second;
}

Value* Value::find(std::string_view name) { return const_cast<Value*>(std::as_const(*this).find(name)); }

std::string_view Value::text_of(std::string_view name) const {
  const Value* found = find(name);
  const std::string* given = found == nullptr ? nullptr : found->text();
  return given == nullptr ? std::string_view() : std::string_view(*given);
}

Value& Value::set(std::string_view name, Value value) {
  if (members() == nullptr) data_ = Members();
  if (Value* known = find(name)) return *known = std::move(value);
  return members()->emplace_back(std::string(name), std::move(value)).second;
}

void Value::remove(std::string_view name) {
  if (Members* own = members()) {
    std::erase_if(*own, [&](const auto& member) { return member.first == name; });
  }
}

bool Value::operator==(const Value& other) const {
  const Members* own = members();
  const Members* theirs = other.members();
  if (own == nullptr || theirs == nullptr) return data_ == other.data_;
  if (own->size() != theirs->size()) return false;
  return std::all_of(own->begin(), own->end(), [&](const auto& member) {
    const Value* same = other.find(member.first);
    return same != nullptr && *same == member.second;
  });
}

void Value::write(JsonWriter& json) const {
  if (const bool* given = flag()) {
    json.value(*given);
  } else if (const auto* whole = std::get_if<std::int64_t>(&data_)) {
    json.value(*whole);
  } else if (const auto* real = std::get_if<double>(&data_)) {
    json.value(*real);
  } else if (const std::string* given_text = text()) {
    json.value(std::string_view(*given_text));
  } else if (const List* given_list = list()) {
    json.begin_array();
    for (const Value& item : *given_list) item.write(json);
    json.end_array();
  } else if (const Members* given_members = members()) {
    json.begin_object();
    for (const auto& [name, value] : *given_members) {
      json.key(name);
      value.write(json);
    }
    json.end_object();
  } else {
    json.null();
  }
}

std::string Value::to_json() const {
  JsonWriter json;
  write(json);
  return json.take();
}

Value value_of(const JsonValue& json) {
  if (json.is_object()) {
    Value::Members members;
    for (const auto& [name, value] : json.members()) members.emplace_back(std::string(name), value_of(value));
    return Value(std::move(members));
  }
  if (json.is_array()) {
    Value::List list;
    for (const JsonValue& item : json.items()) list.push_back(value_of(item));
    return Value(std::move(list));
  }
  if (const auto flag = json.as_bool()) return Value(*flag);
  if (const auto text = json.as_string()) return Value(*text);
  if (const auto whole = json.as_int()) return Value(*whole);
  if (const auto real = json.as_double()) return Value(*real);
  return Value();
}

}  // namespace reeve::identity::scim
