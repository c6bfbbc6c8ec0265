#include "policy/cel/json_value.h"

#include <algorithm>
#include <string>
#include <vector>

namespace reeve::policy::cel {
namespace {

Value list_of_json(Arena& arena, const JsonValue& json) {
  const std::vector<JsonValue> items = json.items();
  const std::span<Value> values = arena.make_array<Value>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) values[i] = value_of_json(arena, items[i]);
  return Value::of_list(arena.make(List{values.data(), values.size()}));
}

/// Keeps the first of members with one name.
void drop_repeated(std::vector<std::pair<std::string_view, JsonValue>>& members) {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const auto& [name, member] : members) names.push_back(name);
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) == names.end()) return;
  std::vector<std::pair<std::string_view, JsonValue>> kept;
  std::vector<bool> seen(names.size());
  for (const auto& member : members) {
    const auto at = static_cast<std::size_t>(std::ranges::lower_bound(names, member.first) - names.begin());
    if (seen[at]) continue;
    seen[at] = true;
    kept.push_back(member);
  }
  members = std::move(kept);
}

Value map_of_json(Arena& arena, const JsonValue& json) {
  std::vector<std::pair<std::string_view, JsonValue>> members = json.members();
  drop_repeated(members);
  const std::span<MapEntry> entries = arena.make_array<MapEntry>(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Value name = Value::of_string(arena.copy(members[i].first));
    entries[i] = {name, value_of_json(arena, members[i].second)};
  }
  return make_map(arena, entries);
}

}  // namespace

Value value_of_json(Arena& arena, const JsonValue& json) {
  if (json.is_object()) return map_of_json(arena, json);
  if (json.is_array()) return list_of_json(arena, json);
  if (const auto text = json.as_string()) return Value::of_string(arena.copy(*text));
  if (const auto flag = json.as_bool()) return Value::of_bool(*flag);
  if (const auto number = json.as_int()) return Value::of_int(*number);
  if (const auto number = json.as_double()) return Value::of_double(*number);
  return Value::null();
}

}  // namespace reeve::policy::cel
