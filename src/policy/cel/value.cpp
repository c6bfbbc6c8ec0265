#include "policy/cel/value.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

namespace reeve::policy::cel {
namespace {

/// Up to here looking through all entries is as quick as halving.
constexpr std::size_t kEntriesWithoutOrder = 8;

bool is_key(const Value& value) {
  return value.is(Kind::kString) || value.is(Kind::kInt) || value.is(Kind::kUint) || value.is(Kind::kBool);
}

int sign_of_order(auto left, auto right) { return left < right ? -1 : (left > right ? 1 : 0); }

int key_rank(Kind kind) { return kind == Kind::kBool ? 0 : (kind == Kind::kString ? 2 : 1); }

/// A total order of keys, in which 1 and 1u are the same.
int compare_keys(const Value& left, const Value& right) {
  if (const int order = sign_of_order(key_rank(left.kind), key_rank(right.kind)); order != 0) return order;
  switch (left.kind) {
    case Kind::kBool: return sign_of_order(left.boolean, right.boolean);
    case Kind::kString: return left.text().compare(right.text());
    default: break;
  }
  if (left.kind == right.kind) {
    return left.is(Kind::kInt) ? sign_of_order(left.integer, right.integer)
                               : sign_of_order(left.unsigned_integer, right.unsigned_integer);
  }
  if (left.is(Kind::kInt)) {
    return left.integer < 0 ? -1 : sign_of_order(static_cast<std::uint64_t>(left.integer), right.unsigned_integer);
  }
  return -compare_keys(right, left);
}

std::string_view describe_key(const Value& key, std::string& buffer) {
  buffer = "a map has the key " + to_display(key, 60) + " twice";
  return buffer;
}

/// A map of many entries: sorts their places, and finds a key that is there twice beside itself.
Value order_map(Arena& arena, Map& map) {
  const std::span<std::uint32_t> order = arena.make_array<std::uint32_t>(map.size);
  std::iota(order.begin(), order.end(), 0U);
  const auto before = [&map](std::uint32_t left, std::uint32_t right) {
    return compare_keys(map.entries[left].key, map.entries[right].key) < 0;
  };
  std::ranges::sort(order, before);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Value& key = map.entries[order[i]].key;
    if (compare_keys(map.entries[order[i - 1]].key, key) != 0) continue;
    std::string message;
    return make_error(arena, ErrorKind::kDuplicateKey, describe_key(key, message));
  }
  map.order = order.data();
  return Value::of_map(arena.make(map));
}

const Value* find_ordered(const Map& map, const Value& key) {
  std::size_t begin = 0;
  std::size_t end = map.size;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const MapEntry& entry = map.entries[map.order[middle]];
    const int order = compare_keys(entry.key, key);
    if (order == 0) return &entry.value;
    if (order < 0) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return nullptr;
}

/// The int or uint that a double is exactly, or null.
Value whole_number(double number) {
  if (std::trunc(number) != number) return Value::null();
  if (number >= -0x1p63 && number < 0x1p63) return Value::of_int(static_cast<std::int64_t>(number));
  if (number > 0 && number < 0x1p64) return Value::of_uint(static_cast<std::uint64_t>(number));
  return Value::null();
}

}  // namespace

Value make_error(Arena& arena, ErrorKind kind, std::string_view message) {
  return Value::of_error(arena.make(ErrorNote{kind, arena.copy(message)}));
}

Value make_list(Arena& arena, std::span<const Value> items) {
  const std::span<Value> copies = arena.make_array<Value>(items.size());
  std::ranges::copy(items, copies.begin());
  return Value::of_list(arena.make(List{copies.data(), copies.size()}));
}

Value make_map(Arena& arena, std::span<const MapEntry> entries) {
  for (const MapEntry& entry : entries) {
    if (is_key(entry.key)) continue;
    const std::string message = std::string(type_name(entry.key.kind)) + " cannot be the key of a map";
    return make_error(arena, ErrorKind::kNoSuchOverload, message);
  }
  const std::span<MapEntry> copies = arena.make_array<MapEntry>(entries.size());
  std::ranges::copy(entries, copies.begin());
  Map map{copies.data(), copies.size(), nullptr};
  if (map.size > kEntriesWithoutOrder) return order_map(arena, map);
  for (std::size_t i = 1; i < copies.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (compare_keys(copies[i].key, copies[j].key) != 0) continue;
      std::string message;
      return make_error(arena, ErrorKind::kDuplicateKey, describe_key(copies[i].key, message));
    }
  }
  return Value::of_map(arena.make(map));
}

const Map* make_key_set(Arena& arena, std::span<const Value> keys) {
  if (!std::ranges::all_of(keys, is_key)) return nullptr;
  std::vector<Value> sorted(keys.begin(), keys.end());
  std::ranges::sort(sorted, [](const Value& left, const Value& right) { return compare_keys(left, right) < 0; });
  const auto same = [](const Value& left, const Value& right) { return compare_keys(left, right) == 0; };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  const std::span<MapEntry> entries = arena.make_array<MapEntry>(sorted.size());
  const std::span<std::uint32_t> order = arena.make_array<std::uint32_t>(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) entries[i].key = sorted[i];
  std::iota(order.begin(), order.end(), 0U);
  return arena.make(Map{entries.data(), entries.size(), order.data()});
}

const Value* find_key(const Map& map, const Value& key) {
  if (key.is(Kind::kDouble)) {
    const Value whole = whole_number(key.real);
    return whole.is(Kind::kNull) ? nullptr : find_key(map, whole);
  }
  if (!is_key(key)) return nullptr;
  if (map.order != nullptr) return find_ordered(map, key);
  for (std::size_t i = 0; i < map.size; ++i) {
    if (compare_keys(map.entries[i].key, key) == 0) return &map.entries[i].value;
  }
  return nullptr;
}

const Value* find_field(const Map& map, std::string_view name) {
  if (map.order != nullptr) return find_ordered(map, Value::of_string(name));
  for (std::size_t i = 0; i < map.size; ++i) {
    const Value& key = map.entries[i].key;
    if (key.is(Kind::kString) && key.text() == name) return &map.entries[i].value;
  }
  return nullptr;
}

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null_type";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kUint: return "uint";
    case Kind::kDouble: return "double";
    case Kind::kString: return "string";
    case Kind::kBytes: return "bytes";
    case Kind::kList: return "list";
    case Kind::kMap: return "map";
    case Kind::kTimestamp: return "google.protobuf.Timestamp";
    case Kind::kDuration: return "google.protobuf.Duration";
    case Kind::kType: return "type";
    case Kind::kError: return "error";
    case Kind::kUnknown: return "unknown";
  }
  return "unknown";
}

Value copy_value(Arena& arena, const Value& value) {
  Value copy = value;
  switch (value.kind) {
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
    case Kind::kUnknown: copy.characters = arena.copy(value.text()).data(); return copy;
    case Kind::kError: return make_error(arena, value.error->kind, value.error->message);
    case Kind::kList: {
      const std::span<Value> items = arena.make_array<Value>(value.list->size);
      for (std::size_t i = 0; i < items.size(); ++i) items[i] = copy_value(arena, value.list->items[i]);
      copy.list = arena.make(List{items.data(), items.size()});
      return copy;
    }
    case Kind::kMap: {
      const std::span<MapEntry> entries = arena.make_array<MapEntry>(value.map->size);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const MapEntry& entry = value.map->entries[i];
        entries[i] = {copy_value(arena, entry.key), copy_value(arena, entry.value)};
      }
      return make_map(arena, entries);
    }
    default: return copy;
  }
}

}  // namespace reeve::policy::cel
