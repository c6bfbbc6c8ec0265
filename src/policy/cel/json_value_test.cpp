#include "policy/cel/json_value.h"

#include <gtest/gtest.h>

namespace reeve::policy::cel {
namespace {

std::string shown(std::string_view json) {
  const auto document = JsonDocument::parse(json);
  EXPECT_TRUE(document.ok());
  Arena arena;
  return to_display(value_of_json(arena, document->root()));
}

TEST(JsonValue, KindsFollowTheJson) {
  EXPECT_EQ(shown("null"), "null");
  EXPECT_EQ(shown("true"), "true");
  EXPECT_EQ(shown("5"), "5");
  EXPECT_EQ(shown("5.0"), "5");
  EXPECT_EQ(shown("5.5"), "5.5");
  EXPECT_EQ(shown("1e300"), "1e+300");
  EXPECT_EQ(shown("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(shown(R"("a\u00e9")"), "\"aé\"");
  EXPECT_EQ(shown(R"([1, "x", [], {}])"), R"([1, "x", [], {}])");
  EXPECT_EQ(shown(R"({"a": {"b": [true]}})"), R"({"a": {"b": [true]}})");
}

TEST(JsonValue, TheFirstOfMembersWithOneNameCounts) {
  EXPECT_EQ(shown(R"({"a": 1, "b": 2, "a": 3})"), R"({"a": 1, "b": 2})");
}

TEST(JsonValue, AbsentIsNull) {
  Arena arena;
  EXPECT_TRUE(value_of_json(arena, reeve::JsonValue()).is(Kind::kNull));
}

TEST(JsonValue, NothingPointsIntoTheDocument) {
  Arena arena;
  Value value;
  {
    const auto document = JsonDocument::parse(R"({"key": "text"})");
    ASSERT_TRUE(document.ok());
    value = value_of_json(arena, document->root());
  }
  EXPECT_EQ(to_display(value), R"({"key": "text"})");
}

}  // namespace
}  // namespace reeve::policy::cel
