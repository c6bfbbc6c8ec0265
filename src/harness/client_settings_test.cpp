#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/harness.h"

namespace reeve::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Built {
  std::shared_ptr<const ClientSettingsSet> set;
  std::vector<std::string> complaints;
};

Built build(std::string_view yaml) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(yaml, "settings.yaml", complaints);
  Built built;
  built.set = ClientSettingsSet::build(documents, complaints);
  for (const Diagnostic& complaint : complaints) built.complaints.push_back(complaint.to_string());
  return built;
}

/// One document for everybody.
std::string everybody(std::string_view settings) {
  return "kind: ClientSettings\nname: all\nclient: claude-code\nsettings: " + std::string(settings) + "\n";
}

std::string json_for(const Built& built, std::string_view person, std::vector<std::string> groups = {}) {
  const auto effective = built.set->settings_for("claude-code", person, groups);
  return effective ? effective->json : "nothing";
}

constexpr const char* kHouse = R"yaml(
kind: ClientSettings
name: baseline
client: claude-code
settings:
  permissions: {deny: ["Bash(curl *)"], defaultMode: default
}
  availableModels: [claude-opus-5-5, claude-haiku-4-5]
  env: {A: "1"}
---
kind: ClientSettings
name: contractors
client: claude-code
match: {groups: [contract*]}
priority: 10
settings:
  permissions: {deny: ["WebFetch", "Bash(curl *)"], defaultMode: plan}
  availableModels: [claude-haiku-4-5]
  env: {B: "2"}
---
kind: ClientSettings
name: mara
client: claude-code
match: {people: ["Mara@*"]}
priority: -1
settings: {model: claude-haiku-4-5, env: {A: "0"}}
)yaml";

TEST(ClientSettings, GoToWhomTheyMatchAndAreLaidOverEachOther) {
  const Built house = build(kHouse);
  ASSERT_THAT(house.complaints, IsEmpty());
  EXPECT_EQ(json_for(house, "dev@example.com"),
            R"({"availableModels":["claude-opus-5-5","claude-haiku-4-5"],"env":{"A":"1"},)"
            R"j("permissions":{"defaultMode":"default","deny":["Bash(curl *)"]}})j");
  EXPECT_EQ(json_for(house, "dev@example.com", {"contractors"}),
            R"({"availableModels":["claude-haiku-4-5"],"env":{"A":"1","B":"2"},)"
            R"j("permissions":{"defaultMode":"plan","deny":["Bash(curl *)","WebFetch"]}})j");
  EXPECT_THAT(json_for(house, "mara@example.com"), HasSubstr(R"("env":{"A":"1"})"));
  EXPECT_THAT(json_for(house, "mara@example.com"), HasSubstr(R"("model":"claude-haiku-4-5")"));
}

TEST(ClientSettings, WhoeverNothingMatchesHasNone) {
  const Built built = build("kind: ClientSettings\nname: a\nclient: claude-code\nmatch: {groups: [x]}\nsettings: {}\n");
  ASSERT_TRUE(built.set);
  EXPECT_EQ(json_for(built, "dev@example.com"), "nothing");
  EXPECT_EQ(json_for(built, "dev@example.com", {"x"}), "{}") << "an empty policy is one";
  EXPECT_FALSE(built.set->settings_for("another", "dev@example.com", {}));
}

TEST(ClientSettings, DoNotHangOnTheOrderOfFiles) {
  const std::string one = "kind: ClientSettings\nname: one\nclient: claude-code\nsettings: {model: first}\n";
  const std::string two = "kind: ClientSettings\nname: two\nclient: claude-code\nsettings: {model: second}\n";
  EXPECT_EQ(json_for(build(one + "---\n" + two), "x"), json_for(build(two + "---\n" + one), "x"));
}

// node -e 'const c=require("crypto"); …' over the same JSON gives the same sum.
TEST(ClientSettings, TheChecksumIsOfTheSortedCompactJson) {
  const Built built =
      build(everybody(R"({permissions: {deny: ["B", "A"]}, env: {Z: "ä/\t", A: "1"}, cleanupPeriodDays: 30})"));
  ASSERT_TRUE(built.set);
  const auto effective = built.set->settings_for("claude-code", "x", {});
  ASSERT_TRUE(effective);
  EXPECT_EQ(
      effective->json,
      "{\"cleanupPeriodDays\":30,\"env\":{\"A\":\"1\",\"Z\":\"ä/\\t\"},\"permissions\":{\"deny\":[\"B\",\"A\"]}}");
  EXPECT_EQ(effective->checksum, "sha256:5bbaa350c81e20ebce658995681e76252d62ffa6a0307894023cad67b791263f");
  EXPECT_EQ(effective->uuid.size(), 36U);
  EXPECT_EQ(effective->uuid[14], '8');
  EXPECT_THAT(effective->from, ElementsAre(testing::Field(&ClientSettings::name, "all")));
}

TEST(ClientSettings, ScalarsAreWhatYamlTakesThemFor) {
  const Built built =
      build(everybody(R"({a: true, b: "true", c: 12, d: "12", e: 0.50, f: null, g: text, h: -0, i: 2.1.329})"));
  ASSERT_TRUE(built.set);
  EXPECT_EQ(json_for(built, "x"),
            R"({"a":true,"b":"true","c":12,"d":"12","e":0.5,"f":null,"g":"text","h":0,"i":"2.1.329"})");
  for (const char* number : {"1e5", "007", "+1", ".5", "0x10", "9007199254740993", "0.0000000000000000000001"}) {
    const Built odd = build(everybody("{verbose: " + std::string(number) + "}"));
    EXPECT_FALSE(odd.set) << number;
    ASSERT_FALSE(odd.complaints.empty()) << number;
    EXPECT_THAT(odd.complaints.back(), HasSubstr("settings.yaml:4:21: ")) << number;
  }
}

TEST(ClientSettings, WhatIsWrongIsToldWithItsPlace) {
  const auto complaint_of = [](const std::string& yaml) {
    const Built built = build(yaml);
    EXPECT_FALSE(built.set) << yaml;
    return built.complaints.empty() ? std::string() : built.complaints.front();
  };
  EXPECT_THAT(complaint_of("kind: ClientSettings\nname: a\nclient: vim\nsettings: {}\n"),
              HasSubstr("settings.yaml:3:9: 'vim' takes no settings from here; there is claude-code"));
  EXPECT_THAT(complaint_of("kind: ClientSettings\nclient: claude-code\nsettings: {}\n"), HasSubstr("needs a name"));
  EXPECT_THAT(complaint_of(everybody("[]")), HasSubstr(":4:11: 'settings' is a mapping"));
  EXPECT_THAT(complaint_of(everybody("{}") + "match: {groups: []}\n"), HasSubstr(":5:17: 'groups' is a list"));
  EXPECT_THAT(complaint_of(everybody("{}") + "match: {}\n"), HasSubstr("this matches nobody"));
  EXPECT_THAT(complaint_of(everybody("{}") + "match: {team: [a]}\n"), HasSubstr("unknown key 'team'"));
  EXPECT_THAT(complaint_of(everybody("{}") + "priority: high\n"), HasSubstr("whole number"));
  EXPECT_THAT(complaint_of(everybody("{env: {A: 1}}")), HasSubstr(":4:21: 'A' is a text; write it in quotes"));
  EXPECT_THAT(complaint_of(everybody("{env: {ANTHROPIC_AUTH_TOKEN: x}}")), HasSubstr("no place for a credential"));
  EXPECT_THAT(complaint_of(everybody("{permissions: {deny: Bash}}")), HasSubstr("'deny' is a list of texts"));
  EXPECT_THAT(complaint_of(everybody("{requiredMinimumVersion: 2.10}")), HasSubstr("write it in quotes"));
  EXPECT_THAT(complaint_of(everybody("{env: {\"1\": \"x\"}}")), HasSubstr("a key of digits alone"));
  EXPECT_THAT(complaint_of(everybody("{}") + "---\n" + everybody("{}")), HasSubstr("there is another ClientSettings"));
}

TEST(ClientSettings, AKeyThatTheClientIsNotKnownToTakeIsAWarning) {
  const Built built = build(everybody("{permisions: {}}"));
  EXPECT_TRUE(built.set);
  EXPECT_THAT(built.complaints, ElementsAre(HasSubstr("warning: claude-code 2.1.329 is not known to take 'permisions'; "
                                                      "did you mean 'permissions'?")));
}

TEST(ClientSettings, SayWhetherTheClientIsAskedForItsChecksum) {
  const auto asks = [](const std::string& settings) {
    return build(everybody(settings)).set->settings_for("claude-code", "x", {})->asks_for_checksum;
  };
  EXPECT_TRUE(asks(R"({env: {CLAUDE_CODE_GATEWAY_HINT_HEADERS: "1"}})"));
  EXPECT_FALSE(asks(R"({env: {CLAUDE_CODE_GATEWAY_HINT_HEADERS: "0"}})"));
  EXPECT_FALSE(asks("{}"));
}

}  // namespace
}  // namespace reeve::harness
