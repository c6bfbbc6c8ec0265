#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity.h"

namespace reeve::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> applied(const GroupRules& rules, std::vector<std::string> groups) {
  rules.apply(groups);
  return groups;
}

TEST(GroupRules, WithoutAnyGroupsStayAsTheyAre) {
  EXPECT_THAT(applied({}, {"b", "a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(applied({}, {}), IsEmpty());
}

TEST(GroupRules, NamesAreOursAndOneMayStandForSeveral) {
  GroupRules rules;
  rules.names = {{"8f3a", {"payments"}}, {"77aa", {"developers", "payments"}}};
  EXPECT_THAT(applied(rules, {"8f3a", "other"}), ElementsAre("other", "payments"));
  EXPECT_THAT(applied(rules, {"77aa", "8f3a"}), ElementsAre("developers", "payments"));
  rules.keep_unnamed = false;
  EXPECT_THAT(applied(rules, {"8f3a", "other"}), ElementsAre("payments"));
}

TEST(GroupRules, MembersOfOneAreMembersOfWhatItLiesIn) {
  GroupRules rules;
  rules.parents = {{"backend", {"payments", "go-users"}}, {"payments", {"engineering"}}};
  EXPECT_THAT(applied(rules, {"backend"}), ElementsAre("backend", "engineering", "go-users", "payments"));
  EXPECT_THAT(applied(rules, {"engineering"}), ElementsAre("engineering"));
}

TEST(GroupRules, CirclesEnd) {
  GroupRules rules;
  rules.parents = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}};
  EXPECT_THAT(applied(rules, {"b"}), ElementsAre("a", "b", "c"));
}

TEST(WebForm, WritesWhatItReads) {
  const auto fields = parse_web_form(web_form({{"a b", "c&d=e"}, {"ü", "%+"}})).value();
  EXPECT_EQ(fields.at("a b"), "c&d=e");
  EXPECT_EQ(fields.at("ü"), "%+");
  EXPECT_EQ(parse_web_form("x=1+2&&y").value().at("x"), "1 2");
}

TEST(WebForm, RefusesTwiceAndBrokenEscapes) {
  for (const char* text : {"a=1&a=2", "a=%", "a=%4", "a=%zz", "%a%62=1&=%"}) {
    EXPECT_FALSE(parse_web_form(text).ok()) << text;
  }
}

}  // namespace
}  // namespace reeve::identity
