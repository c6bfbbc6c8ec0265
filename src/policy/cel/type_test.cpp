#include "policy/cel/type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/cel/type_rules.h"

namespace reeve::policy::cel {
namespace {

using ::testing::ElementsAre;

TEST(Type, TextsAreReadAsTheyAreWritten) {
  for (const char* text : {"int", "uint", "double", "bool", "string", "bytes", "null_type", "timestamp", "duration",
                           "dyn", "list(string)", "map(string, list(int))", "map(int, map(string, dyn))"}) {
    const auto type = parse_type(text);
    ASSERT_TRUE(type.has_value()) << text;
    EXPECT_EQ(type_text(*type), text);
  }
  EXPECT_EQ(type_text(parse_type(" list( map(int,string) ) ").value()), "list(map(int, string))");
  EXPECT_EQ(type_text(parse_type("list").value()), "list(dyn)");
  for (const char* text : {"", "text", "list(", "list()", "map(int)", "map(int, )", "list(int))", "list(Finding)"})
    EXPECT_FALSE(parse_type(text).has_value()) << text;
  EXPECT_FALSE(parse_type(std::string(5000, '(')).has_value());
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "list(";
  EXPECT_FALSE(parse_type(deep + "int" + std::string(1000, ')')).has_value());
}

TEST(Type, StructuresAreThemselves) {
  const auto one = std::make_shared<const Structure>(Structure{"One", {{"a", Type::plain(Kind::kInt)}}});
  const auto other = std::make_shared<const Structure>(Structure{"One", {}});
  EXPECT_EQ(Type::of_structure(one), Type::of_structure(one));
  EXPECT_FALSE(Type::of_structure(one) == Type::of_structure(other));
  EXPECT_EQ(type_text(Type::list(Type::of_structure(one))), "list(One)");
  EXPECT_NE(one->field("a"), nullptr);
  EXPECT_EQ(one->field("b"), nullptr);
}

TEST(Declarations, GroupsAreWhatDotsMake) {
  Declarations declarations;
  declarations.add("model.tier", Type::dyn(), 0);
  declarations.add("model.name", Type::dyn(), 1);
  declarations.add("models", Type::dyn(), 2);
  EXPECT_TRUE(declarations.is_group("model"));
  EXPECT_FALSE(declarations.is_group("models"));
  EXPECT_FALSE(declarations.is_group("mod"));
  EXPECT_THAT(declarations.members_of("model"), ElementsAre("model.name", "model.tier"));
  EXPECT_EQ(declarations.nearest("model.teir"), "model.tier");
  EXPECT_EQ(declarations.nearest("unlike"), "");
  ASSERT_NE(declarations.find("models"), nullptr);
  EXPECT_EQ(declarations.find("models")->slot, 2U);
  EXPECT_EQ(declarations.find("model"), nullptr);
}

TEST(TypeRules, UnitingLooksThroughDynAndEmptyLists) {
  const Type integer = Type::plain(Kind::kInt);
  const Type text = Type::plain(Kind::kString);
  EXPECT_EQ(unite(Type::list(no_element()), Type::list(integer)), Type::list(integer));
  EXPECT_EQ(unite(Type::list(Type::dyn()), Type::list(integer)), Type::list(Type::dyn()));
  EXPECT_EQ(unite(Type::list(text), Type::list(integer)), std::nullopt);
  EXPECT_EQ(unite(Type::map(text, integer), Type::map(text, Type::dyn())), Type::map(text, Type::dyn()));
  EXPECT_EQ(join(text, integer), Type::dyn());
  EXPECT_EQ(settled(Type::list(no_element())), Type::list(Type::dyn()));
  Type deep = integer;
  for (int i = 0; i < 100; ++i) deep = Type::list(std::move(deep));
  EXPECT_LT(type_text(shallow(deep)).size(), 100U);
  EXPECT_EQ(shallow(Type::list(integer)), Type::list(integer));
  EXPECT_FALSE(can_be_equal(Type::list(text), Type::list(integer)));
  EXPECT_TRUE(can_be_equal(Type::plain(Kind::kUint), integer));
}

}  // namespace
}  // namespace reeve::policy::cel
