#include "core/json_members.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace reeve {
namespace {

std::vector<std::string> walked(std::string_view object, bool* good = nullptr) {
  JsonMembers members(object);
  std::vector<std::string> seen;
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) seen.push_back(std::string(name) + "=" + std::string(value));
  if (good != nullptr) *good = members.good();
  return seen;
}

TEST(JsonMembers, GivesNamesAndValuesAsTheyStand) {
  bool good = false;
  EXPECT_EQ(
      walked(R"({"a":1,"b":"x,\"}{","c":{"d":["}"],"e":"\\"},"f":[1,{"g":2}],"h":true})", &good),
      (std::vector<std::string>{"a=1", R"(b="x,\"}{")", R"(c={"d":["}"],"e":"\\"})", R"(f=[1,{"g":2}])", "h=true"}));
  EXPECT_TRUE(good);
  EXPECT_TRUE(walked("{}", &good).empty());
  EXPECT_TRUE(good);
}

TEST(JsonMembers, StopsWhereTheTextIsNoSuchObject) {
  for (const char* text : {"", "{", "}", "[1]", R"({"a"})", R"({"a":})", R"({"a":1,})", R"({"a":"x)", R"({"a":{"b":1})",
                           R"({"a":1}})", R"({a:1})"}) {
    bool good = true;
    walked(text, &good);
    EXPECT_FALSE(good) << text;
  }
}

TEST(JsonMembers, ReadsPlainValues) {
  EXPECT_EQ(plain_text(R"("x")"), "x");
  EXPECT_EQ(plain_text("1"), std::nullopt);
  EXPECT_EQ(plain_number("-12"), -12);
  EXPECT_EQ(plain_number("1.5"), std::nullopt);
  EXPECT_EQ(plain_number("\"1\""), std::nullopt);
}

}  // namespace
}  // namespace reeve
