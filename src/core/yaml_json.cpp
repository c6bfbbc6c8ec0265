// The tree of values from JSON, and as JSON.

#include <map>
#include <set>

#include "core/bytes.h"
#include "core/yaml.h"

namespace reeve {

YamlValue yaml_from_json(const JsonValue& json, const std::string& file) {
  YamlValue value;
  value.source_ = std::make_shared<const YamlValue::Source>(YamlValue::Source{file, {}});
  if (json.is_object()) {
    value.kind_ = YamlValue::Kind::kMapping;
    for (const auto& [name, member] : json.members()) {
      YamlValue key;
      key.kind_ = YamlValue::Kind::kScalar;
      key.source_ = value.source_;
      key.text_ = name;
      value.members_.emplace_back(std::move(key), yaml_from_json(member, file));
    }
  } else if (json.is_array()) {
    value.kind_ = YamlValue::Kind::kSequence;
    for (const JsonValue& item : json.items()) value.items_.push_back(yaml_from_json(item, file));
  } else if (!json.is_null() && json.present()) {
    value.kind_ = YamlValue::Kind::kScalar;
    value.text_ = json.as_string() ? std::string(*json.as_string()) : json.to_json();
  }
  return value;
}

namespace {

/// A step of a JSON Pointer.
std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : printable(name, 60)) {
    if (c == '~') step += "~0";
    if (c == '/') step += "~1";
    if (c != '~' && c != '/') step += c;
  }
  return step;
}

}  // namespace

YamlValue yaml_from_json(const JsonValue& json, const std::string& file, std::vector<Diagnostic>& complaints) {
  YamlValue value;
  value.source_ = std::make_shared<const YamlValue::Source>(YamlValue::Source{file, {}});
  if (json.is_object()) {
    value.kind_ = YamlValue::Kind::kMapping;
    std::set<std::string_view> seen;
    for (const auto& [name, member] : json.members()) {
      const std::string place = file + pointer_step(name);
      YamlValue key;
      key.kind_ = YamlValue::Kind::kScalar;
      key.source_ = std::make_shared<const YamlValue::Source>(YamlValue::Source{place, {}});
      key.text_ = name;
      if (!seen.insert(name).second) complaints.push_back(key.complain("this member stands twice; keep one of them"));
      value.members_.emplace_back(std::move(key), yaml_from_json(member, place, complaints));
    }
  } else if (json.is_array()) {
    value.kind_ = YamlValue::Kind::kSequence;
    for (const JsonValue& item : json.items()) {
      value.items_.push_back(yaml_from_json(item, file + "/" + std::to_string(value.items_.size()), complaints));
    }
  } else if (!json.is_null() && json.present()) {
    value.kind_ = YamlValue::Kind::kScalar;
    value.text_ = json.as_string() ? std::string(*json.as_string()) : json.to_json();
  }
  return value;
}

namespace {

void write_canonical(JsonWriter& json, const YamlValue& value) {
  if (value.is_mapping()) {
    std::map<std::string_view, const YamlValue*> members;
    for (const auto& [key, member] : value.members()) members.emplace(key.text(), &member);
    json.begin_object();
    for (const auto& [name, member] : members) write_canonical(json.key(name), *member);
    json.end_object();
  } else if (value.is_sequence()) {
    json.begin_array();
    for (const YamlValue& item : value.items()) write_canonical(json, item);
    json.end_array();
  } else if (value.is_scalar()) {
    json.value(value.text());
  } else {
    json.null();
  }
}

}  // namespace

std::string to_canonical_json(const YamlValue& value) {
  JsonWriter json;
  write_canonical(json, value);
  return json.take();
}

}  // namespace reeve
