#pragma once

// A CEL value at run time: 16 bytes, copied freely, trivially destructible. What does not fit (text, elements) lies in
// an Arena, in the program's constants or with whoever gave the facts, and must outlive the value.
//
// Source: the Common Expression Language specification, "Values".

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/cel/arena.h"

namespace reeve::policy::cel {

enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,  // UTF-8
  kBytes,
  kList,
  kMap,        // also the fact structures: their fields are its keys
  kTimestamp,  // seconds since 1970 and nanoseconds 0 to 999,999,999
  kDuration,   // seconds and nanoseconds of the same sign
  kType,       // its text is the type's name
  kError,
  kUnknown,  // a fact that is not known yet; its text is the fact's name
};

struct Value;
struct MapEntry;

struct List {
  const Value* items = nullptr;
  std::size_t size = 0;
};

/// Keys are bool, int, uint or string; 1 and 1u are the same key. Entries keep the order they were made in; `order`,
/// there when they are many, lists their places in the order of their keys, so that a key is found by halving: keys
/// come from outside, and no choice of them may make this slow.
struct Map {
  const MapEntry* entries = nullptr;
  std::size_t size = 0;
  const std::uint32_t* order = nullptr;
};

enum class ErrorKind : std::uint8_t {
  kNoSuchOverload,  // an operation that these types do not have
  kNoSuchKey,       // a map without the key, a structure without the field
  kNoSuchVariable,  // a name that nobody declared
  kOutOfRange,      // an index, an overflow, a conversion that loses the value
  kDivideByZero,
  kInvalidArgument,  // text that is no number, pattern that is no pattern
  kDuplicateKey,
  kCostExceeded,
};

struct ErrorNote {
  ErrorKind kind = ErrorKind::kNoSuchOverload;
  std::string_view message;
};

struct Value {
  Kind kind = Kind::kNull;
  std::uint32_t extra = 0;  // bytes of a string, bytes, type or unknown; nanoseconds (as int32_t) of times
  union {
    bool boolean;
    std::int64_t integer = 0;  // int; seconds of timestamp and duration
    std::uint64_t unsigned_integer;
    double real;
    const char* characters;
    const List* list;
    const Map* map;
    const ErrorNote* error;
  };

  static Value null() { return {}; }
  static Value of_bool(bool flag) {
    Value v;
    v.kind = Kind::kBool;
    v.boolean = flag;
    return v;
  }
  static Value of_int(std::int64_t number) {
    Value v;
    v.kind = Kind::kInt;
    v.integer = number;
    return v;
  }
  static Value of_uint(std::uint64_t number) {
    Value v;
    v.kind = Kind::kUint;
    v.unsigned_integer = number;
    return v;
  }
  static Value of_double(double number) {
    Value v;
    v.kind = Kind::kDouble;
    v.real = number;
    return v;
  }
  /// The text is not copied.
  static Value of_string(std::string_view text) { return of_text(Kind::kString, text); }
  static Value of_bytes(std::string_view bytes) { return of_text(Kind::kBytes, bytes); }
  static Value of_type(std::string_view name) { return of_text(Kind::kType, name); }
  static Value unknown(std::string_view fact) { return of_text(Kind::kUnknown, fact); }
  static Value of_timestamp(std::int64_t seconds, std::int32_t nanos) {
    return of_time(Kind::kTimestamp, seconds, nanos);
  }
  static Value of_duration(std::int64_t seconds, std::int32_t nanos) {
    return of_time(Kind::kDuration, seconds, nanos);
  }
  static Value of_list(const List* list) {
    Value v;
    v.kind = Kind::kList;
    v.list = list;
    return v;
  }
  static Value of_map(const Map* map) {
    Value v;
    v.kind = Kind::kMap;
    v.map = map;
    return v;
  }

  /// The note must outlive the value; make_error() makes one in an arena.
  static Value of_error(const ErrorNote* note) {
    Value v;
    v.kind = Kind::kError;
    v.error = note;
    return v;
  }

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_error() const { return kind == Kind::kError; }
  bool is_unknown() const { return kind == Kind::kUnknown; }
  bool is_true() const { return kind == Kind::kBool && boolean; }
  bool is_false() const { return kind == Kind::kBool && !boolean; }
  /// Of a string, bytes, type or unknown.
  std::string_view text() const { return {characters, extra}; }
  std::int32_t nanos() const { return static_cast<std::int32_t>(extra); }

 private:
  static Value of_text(Kind kind, std::string_view text) {
    Value v;
    v.kind = kind;
    v.extra = static_cast<std::uint32_t>(text.size());
    v.characters = text.data();
    return v;
  }
  static Value of_time(Kind kind, std::int64_t seconds, std::int32_t nanos) {
    Value v;
    v.kind = kind;
    v.extra = static_cast<std::uint32_t>(nanos);
    v.integer = seconds;
    return v;
  }
};
static_assert(sizeof(Value) == 16);

struct MapEntry {
  Value key;
  Value value;
};

Value make_error(Arena& arena, ErrorKind kind, std::string_view message);
/// Copies the items' handles into the arena, not what they point at.
Value make_list(Arena& arena, std::span<const Value> items);
/// An error (kDuplicateKey, or kNoSuchOverload for a key of another type) instead of a map when the entries are wrong.
Value make_map(Arena& arena, std::span<const MapEntry> entries);
/// A map with these keys, each once, and no values, for asking which values are among them. Null when some cannot be
/// keys.
const Map* make_key_set(Arena& arena, std::span<const Value> keys);

/// How deep values may nest for what walks through them; parsed JSON and expressions stay far below or at it.
inline constexpr int kValueDepthMax = 250;

/// CEL's ==: across int, uint and double by value, exactly; lists and maps by element, different types unequal; NaN
/// equals nothing. Values that nest deeper than kValueDepthMax are unequal.
///
/// Lists that hold one list many times can have far more elements than bytes: each 4 elements looked at take one from
/// `cost_left`, and when it is used up the answer is false and `cost_left` 0.
bool equal(const Value& left, const Value& right, std::uint64_t& cost_left);
/// For values that came from one JSON document or one literal, whose elements are no more than their bytes.
bool equal(const Value& left, const Value& right);
/// <0, 0, >0, or `kUnordered` for NaN and for types that have no order with each other. Numbers compare across types;
/// an int or uint beside a double is first rounded to a double, which the conformance suite asks for.
inline constexpr int kUnordered = 2;
int compare(const Value& left, const Value& right);
/// Whether values of these kinds have an order (be it that a NaN among them has none).
bool is_ordered(Kind left, Kind right);
/// The entry's value, or null pointer. A double finds the whole number that it is exactly.
const Value* find_key(const Map& map, const Value& key);
const Value* find_field(const Map& map, std::string_view name);

/// "int", "list", "google.protobuf.Timestamp", ...: what type(v) is called.
std::string_view type_name(Kind kind);
/// A copy that shares nothing with the value but what lies outside any arena; for values of a bounded size.
Value copy_value(Arena& arena, const Value& value);

/// As compact JSON: bytes in base64, times as RFC 3339 and as seconds ("1.5s"), NaN and infinities as texts, types by
/// name, keys as texts. An error or unknown becomes null; ask before. False, and `out` as it was, when the text would
/// be longer than `bytes_max` or nest deeper than kValueDepthMax.
bool append_json(std::string& out, const Value& value, std::size_t bytes_max = 16UL << 20U);
/// As a person would write it in CEL: texts in quotes, 2u, b"..", timestamp("..."). Cut after about `bytes_max`.
std::string to_display(const Value& value, std::size_t bytes_max = 200);

}  // namespace reeve::policy::cel
