#include "identity/scim/filter.h"

#include <gtest/gtest.h>

namespace reeve::identity::scim {
namespace {

Value value_of_text(const std::string& json) {
  const auto document = JsonDocument::parse(json);
  EXPECT_TRUE(document.ok()) << json;
  return value_of(document->root());
}

const Value& ada() {
  static const Value value = value_of_text(R"({"id":"usr_1","userName":"Ada@example.com","active":true,
    "name":{"familyName":"Lovelace","givenName":"Ada"},"title":"Countess",
    "emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"home"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"engines","manager":{"value":"usr_9"}},
    "meta":{"created":"2026-01-02T03:04:05Z","lastModified":"2026-02-02T03:04:05Z"}})");
  return value;
}

bool holds(const std::string& text) {
  const auto filter = parse_filter(user_type(), text);
  if (const auto* problem = std::get_if<Problem>(&filter)) {
    ADD_FAILURE() << text << ": " << problem->detail;
    return false;
  }
  return matches(std::get<Filter>(filter), ada());
}

TEST(ScimFilter, Matches) {
  for (const char* text : {R"(userName eq "ada@EXAMPLE.com")",
                           R"(USERNAME EQ "ada@example.com")",
                           R"(userName sw "ada")",
                           R"(userName co "example")",
                           R"(userName ew ".COM")",
                           R"(title pr)",
                           R"(not (nickName pr))",
                           R"(nickName eq null)",
                           R"(nickName ne "x")",
                           R"(active eq true)",
                           R"(active eq "True")",
                           R"(active ne false)",
                           R"(name.familyName eq "lovelace")",
                           R"(emails eq "ada@home.example")",
                           R"(emails.value co "home")",
                           R"(emails[type eq "work" and value co "@example.com"])",
                           R"(emails[type eq "work"].value eq "ada@example.com")",
                           R"(title pr and userType ne "Robot")",
                           R"(userType eq "Robot" or title eq "countess")",
                           R"(userName eq "x" or userName sw "a" and title pr)",
                           R"((userName eq "x" or userName sw "a") and title pr)",
                           R"(meta.lastModified gt "2026-01-31T00:00:00Z")",
                           R"(meta.created lt "2026-01-02T04:04:05+00:30")",
                           R"(urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ADA")",
                           R"(urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Engines")",
                           R"(urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "usr_9")",
                           R"(id eq "usr_1")",
                           R"(title eq "Count\u0065ss")",
                           R"(not(userName eq "x") and (title pr))"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
}

TEST(ScimFilter, DoesNotMatch) {
  for (const char* text : {R"(userName eq "ada")", R"(id eq "USR_1")", R"(active eq false)", R"(active eq "false")",
                           R"(nickName pr)", R"(title eq null)", R"(emails[type eq "work" and value co "home"])",
                           R"(not (title pr))", R"(emails[type eq "home"].value eq "ada@example.com")",
                           R"(title gt "Z")", R"((userName eq "x" or userName sw "a") and nickName pr)",
                           R"(meta.created gt "2026-01-31T00:00:00Z")", R"(title eq 1)", R"(nickName co "a")"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST(ScimFilter, IsRefusedWhereItIsNone) {
  std::string deep = "title pr";
  for (int i = 0; i < 200; ++i) deep = "(" + deep + ")";
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "not (";
  std::string many = "title pr";
  for (int i = 0; i < 200; ++i) many += " or title pr";
  for (const std::string& text : {std::string("x"),
                                  std::string("title"),
                                  std::string("title eq"),
                                  std::string(R"(title eq "x)"),
                                  std::string(R"(title is "x")"),
                                  std::string("(title pr"),
                                  std::string("title pr)"),
                                  std::string("title pr and"),
                                  std::string(R"(title eq "x" "y")"),
                                  std::string(R"(unknown eq "x")"),
                                  std::string(R"(name.unknown eq "x")"),
                                  std::string(R"(emails[title eq "x"])"),
                                  std::string(R"(emails[type eq "x")"),
                                  std::string(R"(title[value eq "x"])"),
                                  std::string(R"(emails[emails[type eq "x"]])"),
                                  std::string(R"(title eq {"a":1})"),
                                  std::string("title eq [1]"),
                                  std::string("title eq tru"),
                                  std::string(R"(urn:x:title eq "x")"),
                                  std::string("title. pr"),
                                  std::string("not title pr"),
                                  deep,
                                  nots,
                                  many,
                                  std::string(R"(title eq "\ud800")"),
                                  std::string(5000, 'a')}) {
    const auto filter = parse_filter(user_type(), text);
    const auto* problem = std::get_if<Problem>(&filter);
    ASSERT_NE(problem, nullptr) << text.substr(0, 80);
    EXPECT_EQ(problem->type, "invalidFilter") << text.substr(0, 80);
  }
}

TEST(ScimFilter, SaysWhatAnIndexCanLookUp) {
  const auto wanted = [](const std::string& text) {
    return required_text(std::get<Filter>(parse_filter(user_type(), text)), "userName");
  };
  EXPECT_EQ(wanted(R"(userName eq "a")"), "a");
  EXPECT_EQ(wanted(R"(title pr and (userName eq "a" and active eq true))"), "a");
  EXPECT_EQ(wanted(R"(userName eq "a" or title pr)"), std::nullopt);
  EXPECT_EQ(wanted(R"(not (userName eq "a"))"), std::nullopt);
  EXPECT_EQ(wanted(R"(userName sw "a")"), std::nullopt);
}

}  // namespace
}  // namespace reeve::identity::scim
