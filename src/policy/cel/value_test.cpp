#include "policy/cel/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace reeve::policy::cel {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kIntMax = std::numeric_limits<std::int64_t>::max();

Value list_of(Arena& arena, const std::vector<Value>& items) { return make_list(arena, items); }

TEST(Value, MapFindsItsKeys) {
  for (const int size : {3, 8, 9, 500}) {
    Arena arena;
    std::vector<MapEntry> entries;
    for (int i = 0; i < size; ++i) entries.push_back({Value::of_int(i * 7 % 501), Value::of_int(i)});
    entries.push_back({Value::of_string("name"), Value::of_string("x")});
    entries.push_back({Value::of_bool(true), Value::null()});
    const Value map = make_map(arena, entries);
    ASSERT_TRUE(map.is(Kind::kMap)) << size;
    for (int i = 0; i < size; ++i) {
      const Value* found = find_key(*map.map, Value::of_int(i * 7 % 501));
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->integer, i);
    }
    EXPECT_EQ(find_key(*map.map, Value::of_int(-1)), nullptr);
    EXPECT_NE(find_key(*map.map, Value::of_uint(7)), nullptr);
    EXPECT_NE(find_key(*map.map, Value::of_double(7)), nullptr);
    EXPECT_EQ(find_key(*map.map, Value::of_double(7.5)), nullptr);
    EXPECT_EQ(find_key(*map.map, Value::of_double(kNaN)), nullptr);
    EXPECT_EQ(find_key(*map.map, Value::of_double(1e300)), nullptr);
    EXPECT_NE(find_key(*map.map, Value::of_bool(true)), nullptr);
    EXPECT_EQ(find_key(*map.map, Value::of_bool(false)), nullptr);
    EXPECT_EQ(find_key(*map.map, Value::null()), nullptr);
    ASSERT_NE(find_field(*map.map, "name"), nullptr);
    EXPECT_EQ(find_field(*map.map, "nam"), nullptr);
    EXPECT_EQ(find_field(*map.map, ""), nullptr);
  }
}

TEST(Value, MapOfAKeyTwiceIsAnError) {
  for (const int others : {0, 20}) {
    Arena arena;
    std::vector<MapEntry> entries{{Value::of_int(1), Value::null()}};
    for (int i = 0; i < others; ++i) entries.push_back({Value::of_int(100 + i), Value::null()});
    entries.push_back({Value::of_uint(1), Value::null()});
    const Value map = make_map(arena, entries);
    ASSERT_TRUE(map.is_error());
    EXPECT_EQ(map.error->kind, ErrorKind::kDuplicateKey);
    EXPECT_TRUE(map.error->message.starts_with("a map has the key 1")) << map.error->message;
  }
}

TEST(Value, MapKeysAreBoolIntUintOrString) {
  Arena arena;
  for (const Value& key : {Value::null(), Value::of_double(1), Value::of_bytes("a"), Value::of_duration(1, 0)}) {
    const std::vector<MapEntry> entries{{key, Value::null()}};
    const Value map = make_map(arena, entries);
    ASSERT_TRUE(map.is_error());
    EXPECT_EQ(map.error->kind, ErrorKind::kNoSuchOverload);
  }
}

TEST(Value, KeySetHoldsEachKeyOnce) {
  Arena arena;
  const std::vector<Value> keys{Value::of_int(3), Value::of_uint(3), Value::of_string("a"), Value::of_string("a")};
  const Map* set = make_key_set(arena, keys);
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->size, 2U);
  EXPECT_NE(find_key(*set, Value::of_double(3)), nullptr);
  EXPECT_EQ(find_key(*set, Value::of_string("b")), nullptr);
  const std::vector<Value> no_keys{Value::of_double(1)};
  EXPECT_EQ(make_key_set(arena, no_keys), nullptr);
}

TEST(Value, NumbersAreEqualAcrossTypesExactly) {
  EXPECT_TRUE(equal(Value::of_int(1), Value::of_uint(1)));
  EXPECT_TRUE(equal(Value::of_double(1), Value::of_uint(1)));
  EXPECT_TRUE(equal(Value::of_int(-5), Value::of_double(-5)));
  EXPECT_FALSE(equal(Value::of_int(-1), Value::of_uint(std::numeric_limits<std::uint64_t>::max())));
  EXPECT_FALSE(equal(Value::of_int(kIntMax), Value::of_double(0x1p63)));
  EXPECT_TRUE(equal(Value::of_uint(1ULL << 63U), Value::of_double(0x1p63)));
  EXPECT_FALSE(equal(Value::of_uint(std::numeric_limits<std::uint64_t>::max()), Value::of_double(0x1p64)));
  EXPECT_FALSE(equal(Value::of_double(kNaN), Value::of_double(kNaN)));
  EXPECT_FALSE(equal(Value::of_int(1), Value::of_double(1.5)));
  EXPECT_FALSE(equal(Value::of_int(1), Value::of_bool(true)));
}

TEST(Value, OtherTypesAreEqualByContent) {
  Arena arena;
  EXPECT_TRUE(equal(Value::null(), Value::null()));
  EXPECT_FALSE(equal(Value::null(), Value::of_bool(false)));
  EXPECT_TRUE(equal(Value::of_string(""), Value::of_string({})));
  EXPECT_FALSE(equal(Value::of_string("a"), Value::of_bytes("a")));
  EXPECT_TRUE(equal(Value::of_type("int"), Value::of_type("int")));
  EXPECT_FALSE(equal(Value::of_timestamp(1, 2), Value::of_timestamp(1, 3)));
  EXPECT_FALSE(equal(Value::of_timestamp(1, 0), Value::of_duration(1, 0)));
  const Value one = list_of(arena, {Value::of_int(1), Value::of_string("x")});
  EXPECT_TRUE(equal(one, list_of(arena, {Value::of_double(1), Value::of_string("x")})));
  EXPECT_FALSE(equal(one, list_of(arena, {Value::of_int(1)})));
  const std::vector<MapEntry> forward{{Value::of_int(1), one}, {Value::of_int(2), one}};
  const std::vector<MapEntry> backward{{Value::of_uint(2), one}, {Value::of_uint(1), one}};
  EXPECT_TRUE(equal(make_map(arena, forward), make_map(arena, backward)));
}

TEST(Value, EqualityOfDoublingListsEndsWithTheCost) {
  Arena arena;
  Value left = Value::of_int(1);
  Value right = Value::of_int(1);
  for (int i = 0; i < 60; ++i) {
    left = list_of(arena, {left, left});
    right = list_of(arena, {right, right});
  }
  std::uint64_t cost = 1000;
  EXPECT_FALSE(equal(left, right, cost));
  EXPECT_EQ(cost, 0U);
}

TEST(Value, EqualityEndsAtTheGreatestDepth) {
  Arena arena;
  Value value = Value::of_int(1);
  for (int i = 0; i < kValueDepthMax; ++i) value = list_of(arena, {value});
  EXPECT_TRUE(equal(value, value));
  value = list_of(arena, {value});
  EXPECT_FALSE(equal(value, value));
}

TEST(Value, OrderKnowsWhatCanBeCompared) {
  EXPECT_EQ(compare(Value::of_int(1), Value::of_int(2)), -1);
  EXPECT_EQ(compare(Value::of_int(-1), Value::of_uint(1)), -1);
  EXPECT_EQ(compare(Value::of_uint(1), Value::of_int(-1)), 1);
  EXPECT_EQ(compare(Value::of_uint(2), Value::of_double(1.5)), 1);
  EXPECT_EQ(compare(Value::of_double(kNaN), Value::of_int(1)), kUnordered);
  EXPECT_EQ(compare(Value::of_int(kIntMax), Value::of_double(0x1p63)), 0);  // rounded, as the suite has it
  EXPECT_EQ(compare(Value::of_string("a"), Value::of_string("b")), -1);
  EXPECT_EQ(compare(Value::of_string("a\xF0\x9F\x90\xB1"), Value::of_string("a\xEF\xBF\xBD")), 1);
  EXPECT_EQ(compare(Value::of_bytes("b"), Value::of_bytes("ab")), 1);
  EXPECT_EQ(compare(Value::of_bool(false), Value::of_bool(true)), -1);
  EXPECT_EQ(compare(Value::of_timestamp(1, 5), Value::of_timestamp(1, 4)), 1);
  EXPECT_EQ(compare(Value::of_duration(-1, -5), Value::of_duration(-1, 0)), -1);
  EXPECT_EQ(compare(Value::of_string("a"), Value::of_bytes("a")), kUnordered);
  EXPECT_EQ(compare(Value::null(), Value::null()), kUnordered);
  EXPECT_FALSE(is_ordered(Kind::kList, Kind::kList));
}

std::string json_of(const Value& value) {
  std::string out;
  EXPECT_TRUE(append_json(out, value));
  return out;
}

TEST(Value, JsonOfEveryKind) {
  Arena arena;
  EXPECT_EQ(json_of(Value::null()), "null");
  EXPECT_EQ(json_of(Value::of_bool(true)), "true");
  EXPECT_EQ(json_of(Value::of_int(-5)), "-5");
  EXPECT_EQ(json_of(Value::of_uint(5)), "5");
  EXPECT_EQ(json_of(Value::of_double(0.5)), "0.5");
  EXPECT_EQ(json_of(Value::of_double(kNaN)), "\"NaN\"");
  EXPECT_EQ(json_of(Value::of_string("a\"b")), R"("a\"b")");
  EXPECT_EQ(json_of(Value::of_bytes("\xFF")), "\"/w==\"");
  EXPECT_EQ(json_of(Value::of_timestamp(0, 5)), "\"1970-01-01T00:00:00.000000005Z\"");
  EXPECT_EQ(json_of(Value::of_duration(1, 500'000'000)), "\"1.5s\"");
  EXPECT_EQ(json_of(Value::of_type("int")), "\"int\"");
  EXPECT_EQ(json_of(Value::unknown("x")), "null");
  EXPECT_EQ(json_of(make_error(arena, ErrorKind::kOutOfRange, "x")), "null");
  const std::vector<MapEntry> entries{{Value::of_int(1), list_of(arena, {Value::null(), Value::of_int(2)})},
                                      {Value::of_string("k"), Value::of_bool(false)}};
  EXPECT_EQ(json_of(make_map(arena, entries)), R"({"1":[null,2],"k":false})");
}

TEST(Value, JsonIsBoundedInSizeAndDepth) {
  Arena arena;
  Value wide = list_of(arena, {Value::of_int(1)});
  for (int i = 0; i < 60; ++i) wide = list_of(arena, {wide, wide});
  std::string out = "before";
  EXPECT_FALSE(append_json(out, wide, 10'000));
  EXPECT_EQ(out, "before");
  Value deep = Value::null();
  for (int i = 0; i <= kValueDepthMax; ++i) deep = list_of(arena, {deep});
  EXPECT_FALSE(append_json(out, deep));
  EXPECT_EQ(to_display(wide, 20).size(), 23U);  // cut, with an ellipsis
  EXPECT_EQ(to_display(deep, 1000).size(), 500U);
}

TEST(Value, DisplayIsHowItIsWritten) {
  Arena arena;
  EXPECT_EQ(to_display(Value::of_string("a\"\n\x01ÿ")), R"("a\"\n\x01ÿ")");
  EXPECT_EQ(to_display(Value::of_bytes("a\xFF")), R"(b"a\xff")");
  EXPECT_EQ(to_display(Value::of_uint(2)), "2u");
  EXPECT_EQ(to_display(Value::of_double(2)), "2.0");
  EXPECT_EQ(to_display(Value::of_double(1e30)), "1e+30");
  EXPECT_EQ(to_display(Value::of_double(-std::numeric_limits<double>::infinity())), "double(\"-Infinity\")");
  EXPECT_EQ(to_display(Value::of_timestamp(0, 0)), "timestamp(\"1970-01-01T00:00:00Z\")");
  EXPECT_EQ(to_display(Value::of_duration(-1, -500'000'000)), "duration(\"-1.5s\")");
  EXPECT_EQ(to_display(Value::unknown("model.tier")), "unknown: model.tier");
  EXPECT_EQ(to_display(make_error(arena, ErrorKind::kOutOfRange, "too much")), "error: too much");
  EXPECT_EQ(to_display(Value::of_string("ÿÿÿ"), 4), "\"ÿ…");
}

TEST(Value, CopiesAreTheirOwn) {
  Arena arena;
  std::string text = "hello";
  const std::vector<MapEntry> entries{{Value::of_string("k"), list_of(arena, {Value::of_string(text)})}};
  const Value copy = copy_value(arena, make_map(arena, entries));
  text = "other";
  EXPECT_EQ(to_display(copy), R"({"k": ["hello"]})");
}

TEST(Value, TypesHaveTheSpecificationsNames) {
  EXPECT_EQ(type_name(Kind::kNull), "null_type");
  EXPECT_EQ(type_name(Kind::kTimestamp), "google.protobuf.Timestamp");
  EXPECT_EQ(type_name(Kind::kType), "type");
}

}  // namespace
}  // namespace reeve::policy::cel
