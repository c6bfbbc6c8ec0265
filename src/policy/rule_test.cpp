// Policy documents: every key, and what is complained about, in place.

#include "policy/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RuleDocument, EveryKeyIsRead) {
  const auto bundle = must_build(R"(kind: Policy
name: every-key
title: A title
owner: platform
controls: [SOC2:CC6.1, GDPR:32]
on: [model.call, prompt.submit]
match: {groups: [contractors], people: "*@example.com"}
not: {repos: acme/sandbox-*}
when: size(principal.groups) > 1
effect: redact
with: mask
classes: [pii, secret]
message: Hidden.
fix: Ask.
mode: shadow
since: 2026-11-01
until: 2027-06-30T18:00:00Z
layer: {team: payments}
relaxable: true
tests:
  - {name: one, on: prompt.submit, given: {principal.id: dev@example.com}, expect: none}
)");
  ASSERT_NE(bundle, nullptr);
  ASSERT_EQ(bundle->rules().size(), 1U);
  const RuleInfo& rule = *bundle->rules()[0];
  EXPECT_EQ(rule.name, "every-key");
  EXPECT_EQ(rule.title, "A title");
  EXPECT_EQ(rule.owner, "platform");
  EXPECT_THAT(rule.controls, ElementsAre("SOC2:CC6.1", "GDPR:32"));
  EXPECT_THAT(rule.points, ElementsAre(Point::kModelCall, Point::kPromptSubmit));
  EXPECT_EQ(rule.effect, Effect::kRedact);
  EXPECT_EQ(rule.redact_with, "mask");
  EXPECT_THAT(rule.classes, ElementsAre("pii", "secret"));
  EXPECT_EQ(rule.message, "Hidden.");
  EXPECT_EQ(rule.fix, "Ask.");
  EXPECT_EQ(rule.mode, Mode::kShadow);
  EXPECT_EQ(format_time(*rule.since), "2026-11-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(*rule.until), "2027-06-30T18:00:00.000000Z");
  EXPECT_EQ(rule.layer.kind, Layer::Kind::kTeam);
  EXPECT_EQ(rule.layer.name, "payments");
  EXPECT_TRUE(rule.relaxable);
  EXPECT_EQ(rule.file, "p.yaml");
  EXPECT_EQ(rule.line, 1U);
  EXPECT_EQ(bundle->find_rule("every-key"), &rule);
  EXPECT_EQ(bundle->find_rule("another"), nullptr);
}

TEST(RuleDocument, EveryEffectReadsWhatItNeeds) {
  const auto bundle = must_build(R"(
{kind: Ladder, name: claude, steps: [claude-opus-*, claude-haiku-*]}
---
{kind: Policy, name: a, on: change.merge, effect: require, message: m, approval: {by: [leads, owners], within: 2d}}
---
{kind: Policy, name: b, on: change.merge, effect: require, message: m, check: audited}
---
{kind: Policy, name: c, on: model.call, effect: route, to: {region: [eu, ch], provider: azure-eu, retention: [zero]}}
---
{kind: Policy, name: d, on: model.call, effect: degrade, ladder: claude}
---
{kind: Policy, name: e, on: secret.lease, effect: lease, lease: {secrets: npm, for: 90m}}
---
{kind: Policy, name: f, on: register, effect: warn, message: m, layer: {repo: acme/x}}
)");
  ASSERT_NE(bundle, nullptr);
  const auto rules = bundle->rules();
  EXPECT_THAT(rules[0]->approval->by, ElementsAre("leads", "owners"));
  EXPECT_EQ(rules[0]->approval->within, std::chrono::hours(48));
  EXPECT_EQ(rules[1]->check, "audited");
  EXPECT_THAT(rules[2]->to_regions, ElementsAre("eu", "ch"));
  EXPECT_THAT(rules[2]->to_providers, ElementsAre("azure-eu"));
  EXPECT_THAT(rules[2]->to_retentions, ElementsAre("zero"));
  EXPECT_EQ(rules[3]->ladder, "claude");
  EXPECT_THAT(rules[4]->secrets, ElementsAre("npm"));
  EXPECT_EQ(rules[4]->lease_for, std::chrono::minutes(90));
  EXPECT_EQ(rules[5]->layer.kind, Layer::Kind::kRepository);
  ASSERT_EQ(bundle->ladders().size(), 1U);
  EXPECT_THAT(bundle->ladders()[0].steps, ElementsAre("claude-opus-*", "claude-haiku-*"));
  EXPECT_THAT(bundle->checks(), ElementsAre("audited"));
}

TEST(RuleDocument, EffectsStandOnlyWhereTheyMeanSomething) {
  // docs/policy.md, "may stand on".
  const std::map<Effect, std::vector<std::string>> places = {
      {Effect::kRedact,
       {"model.call", "model.response", "prompt.submit", "tool.call", "tool.result", "context.query", "mcp.call"}},
      {Effect::kRewrite, {"model.call", "prompt.submit", "tool.call", "mcp.call"}},
      {Effect::kRoute, {"model.call"}},
      {Effect::kDegrade, {"model.call"}},
      {Effect::kLease, {"session.start", "tool.call", "secret.lease"}}};
  for (std::size_t e = 0; e < kEffects; ++e) {
    const auto effect = static_cast<Effect>(e);
    for (std::size_t p = 0; p < kPoints; ++p) {
      const auto point = static_cast<Point>(p);
      const auto listed = places.find(effect);
      const bool fits = listed == places.end() || std::find(listed->second.begin(), listed->second.end(),
                                                            point_name(point)) != listed->second.end();
      EXPECT_EQ(effect_fits(effect, point), fits) << effect_name(effect) << " on " << point_name(point);
    }
    EXPECT_EQ(effect_from_name(effect_name(effect)), effect);
  }
  EXPECT_EQ(effect_from_name("none"), std::nullopt);
  EXPECT_EQ(point_from_name("model"), std::nullopt);
}

struct Wrong {
  const char* yaml;
  const char* complaint;
};
class WrongRules : public ::testing::TestWithParam<Wrong> {};
TEST_P(WrongRules, AreComplainedAboutInPlace) {
  const Built built = build(GetParam().yaml);
  EXPECT_EQ(built.bundle, nullptr) << GetParam().yaml;
  EXPECT_THAT(built.text(), HasSubstr(GetParam().complaint));
}

#define HEAD "kind: Policy\nname: a\non: model.call\n"
INSTANTIATE_TEST_SUITE_P(
    Names, WrongRules,
    ::testing::Values(Wrong{"kind: Policy\non: model.call\neffect: allow", "p.yaml:1:1: a policy needs a name"},
                      Wrong{"kind: Policy\nname: ''\non: model.call\neffect: allow", "p.yaml:2:7: a policy needs a"},
                      Wrong{"kind: Policy\nname: [a]\non: model.call\neffect: allow", "p.yaml:2:7: a policy needs a"},
                      Wrong{"kind: Policy\nname: A b\non: model.call\neffect: allow", "p.yaml:2:7: a name has at most"},
                      Wrong{"kind: Policy\nname: a_b\non: model.call\neffect: allow", "p.yaml:2:7: a name has at most"},
                      Wrong{"kind: Policy\nname: "
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\non: "
                            "model.call\neffect: allow",
                            "p.yaml:2:7: a name has at most 63"},
                      Wrong{"{kind: Policy, name: a, on: model.call, effect: allow}\n---\n"
                            "{kind: Policy, name: a, on: tool.call, effect: allow}",
                            "p.yaml:3:22: the name 'a' is taken by the policy at p.yaml:1"},
                      Wrong{HEAD "effect: allow\nefekt: x", "p.yaml:5:1: unknown key 'efekt'; did you mean 'effect'?"},
                      Wrong{HEAD "effect: allow\ntitle: [x]", "p.yaml:5:8: 'title' must be text"},
                      Wrong{HEAD "effect: allow\ncontrols: CC6", "p.yaml:5:11: a control is written FRAMEWORK:ID"},
                      Wrong{HEAD "effect: allow\ncontrols: ['SOC2:']", "p.yaml:5:12: a control is written"},
                      Wrong{HEAD "effect: allow\ncontrols: SOC:1", "unknown framework 'SOC'; did you mean 'SOC2'?"}));

INSTANTIATE_TEST_SUITE_P(
    PointsAndEffects, WrongRules,
    ::testing::Values(
        Wrong{"kind: Policy\nname: a\neffect: allow", "p.yaml:1:1: a policy says where it decides"},
        Wrong{"kind: Policy\nname: a\non: model.cal\neffect: allow",
              "p.yaml:3:5: unknown decision point 'model.cal'; did you mean 'model.call'?"},
        Wrong{"kind: Policy\nname: a\non: []\neffect: allow", "p.yaml:3:5: expected a text or a list"},
        Wrong{"kind: Policy\nname: a\non: [register, register]\neffect: allow", "p.yaml:3:5: the decision point"},
        Wrong{HEAD, "p.yaml:1:1: a policy needs an effect: warn, allow"},
        Wrong{HEAD "effect: alow", "p.yaml:4:9: unknown effect 'alow'; did you mean 'allow'?"},
        Wrong{"kind: Policy\nname: a\non: register\neffect: redact\nwith: mask\nclasses: x",
              "p.yaml:4:9: the effect 'redact' is not possible on register"},
        Wrong{HEAD "effect: deny", "p.yaml:1:1: a rule with effect 'deny' needs a message"},
        Wrong{HEAD "effect: ask\nmessage: '  '", "p.yaml:5:10: a rule with effect 'ask' needs a message"},
        Wrong{HEAD "effect: warn", "needs a message"}, Wrong{HEAD "effect: require\ncheck: c", "needs a message"},
        Wrong{HEAD "effect: allow\nwith: mask", "p.yaml:5:7: 'with' belongs to the effect 'redact'"},
        Wrong{HEAD "effect: deny\nmessage: m\nladder: x", "'ladder' belongs to the effect 'degrade'"},
        Wrong{HEAD "effect: deny\nmessage: m\nrelaxes: x", "'relaxes' belongs to the effect 'allow'"},
        Wrong{HEAD "effect: redact\nclasses: pii", "p.yaml:1:1: 'with' is missing"},
        Wrong{HEAD "effect: redact\nclasses: pii\nwith: hash", "p.yaml:6:7: 'with' must be token, mask or remove"},
        Wrong{HEAD "effect: redact\nwith: mask", "p.yaml:1:1: a rule that redacts says which classes"},
        Wrong{HEAD "effect: route", "p.yaml:1:1: a rule that routes says where to"},
        Wrong{HEAD "effect: route\nto: {}", "p.yaml:5:5: a rule that routes says where to"},
        Wrong{HEAD "effect: route\nto: {regoin: eu}", "p.yaml:5:6: unknown key 'regoin'"},
        Wrong{HEAD "effect: degrade", "'ladder' is missing"},
        Wrong{HEAD "effect: degrade\nladder: x", "p.yaml:5:9: there is no ladder 'x'"},
        Wrong{HEAD "effect: require\nmessage: m", "p.yaml:4:9: a rule that requires names either"},
        Wrong{HEAD "effect: require\nmessage: m\ncheck: c\napproval: {by: x, within: 1h}",
              "p.yaml:6:8: a rule that requires names either"},
        Wrong{HEAD "effect: require\nmessage: m\ncheck: ''", "p.yaml:6:8: 'check' must name a check"},
        Wrong{HEAD "effect: require\nmessage: m\napproval: leads", "p.yaml:6:11: 'approval' must be a mapping"},
        Wrong{HEAD "effect: require\nmessage: m\napproval: {within: 1h}", "'approval' says by whom"},
        Wrong{HEAD "effect: require\nmessage: m\napproval: {by: x}", "'approval' says how long"},
        Wrong{HEAD "effect: require\nmessage: m\napproval: {by: x, within: 1y}", "p.yaml:6:27: 'within' must be a"},
        Wrong{"kind: Policy\nname: a\non: secret.lease\neffect: lease", "a rule that leases says what"},
        Wrong{"kind: Policy\nname: a\non: secret.lease\neffect: lease\nlease: {for: 1h}", "'lease' names the secrets"},
        Wrong{"kind: Policy\nname: a\non: secret.lease\neffect: lease\nlease: {secrets: x}",
              "'lease' says for how long"},
        Wrong{HEAD "effect: rewrite", "a rule that rewrites says what"},
        Wrong{HEAD "effect: rewrite\nset: {model.tier: '\"x\"'}", "p.yaml:5:7: a rule cannot rewrite 'model.tier'"},
        Wrong{HEAD "effect: rewrite\nset: {tool.arguments.x: '\"x\"'}", "p.yaml:5:7: a rule cannot rewrite"},
        Wrong{HEAD "effect: rewrite\nset: {model.name: ''}", "p.yaml:5:19: the new value is a CEL expression"},
        Wrong{HEAD "effect: rewrite\nset: {model.name: 1 + 2}", "p.yaml:5:19: expected string"}));

INSTANTIATE_TEST_SUITE_P(
    MatchesDatesAndTests, WrongRules,
    ::testing::Values(
        Wrong{HEAD "effect: allow\nmatch: [x]", "p.yaml:5:8: 'match' must be a mapping"},
        Wrong{HEAD "effect: allow\nmatch: {group: x}",
              "p.yaml:5:9: unknown key 'group' in 'match'; did you mean 'groups'?"},
        Wrong{HEAD "effect: allow\nnot: {model: x}",
              "p.yaml:5:7: unknown key 'model' in 'not'; did you mean 'models'?"},
        Wrong{HEAD "effect: allow\nmatch: {groups: []}", "p.yaml:5:17: expected a text or a list of texts"},
        Wrong{HEAD "effect: allow\nmatch: {groups: [{a: b}]}", "p.yaml:5:18: expected a text"},
        Wrong{HEAD "effect: allow\nmatch: {groups: ['']}", "p.yaml:5:18: a pattern has between 1 and 512 bytes"},
        Wrong{HEAD "effect: allow\nmatch: {types: human}", "p.yaml:5:16: unknown type 'human'"},
        Wrong{HEAD "effect: allow\nmatch: {tools: shell}", "p.yaml:5:16: 'tools' is not there on model.call"},
        Wrong{HEAD "effect: allow\nmode: soft", "p.yaml:5:7: the mode must be enforce, shadow or off"},
        Wrong{HEAD "effect: allow\nsince: soon", "p.yaml:5:8: 'since' must be a date or a time"},
        Wrong{HEAD "effect: allow\nsince: 2026-11-01\nuntil: 2026-11-01", "p.yaml:6:8: 'until' is not after 'since'"},
        Wrong{HEAD "effect: allow\nrelaxable: maybe", "p.yaml:5:12: 'relaxable' must be true or false"},
        Wrong{HEAD "effect: allow\ntests: {}", "p.yaml:5:8: 'tests' must be a list"},
        Wrong{HEAD "effect: allow\ntests: [x]", "p.yaml:5:9: a test is a mapping"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}}]", "p.yaml:5:9: a test says what it expects"},
        Wrong{HEAD "effect: allow\ntests: [{expect: allow}]", "p.yaml:5:9: a test gives facts"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}, expect: no}]", "p.yaml:5:29: unknown expectation 'no'"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}, expect: warn}]", "p.yaml:5:29: a verdict is never 'warn'"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}, expect: lease}]", "p.yaml:5:29: 'lease' is not possible on"},
        Wrong{HEAD "effect: allow\ntests: [{given: {modle: x}, expect: allow}]", "p.yaml:5:18: unknown fact 'modle'"},
        Wrong{HEAD "effect: allow\ntests: [{given: {model: x}, expect: allow}]", "p.yaml:5:25: 'model' is a group"},
        Wrong{HEAD "effect: allow\ntests: [{given: {model: {teir: x}}, expect: allow}]",
              "5:26: unknown fact 'model.teir'"},
        Wrong{HEAD "effect: allow\ntests: [{given: {tool.name: x}, expect: allow}]", "'tool.name' is not there on"},
        Wrong{HEAD "effect: allow\ntests: [{given: {request: {bytes: x}}, expect: allow}]", "p.yaml:5:35: the fact"},
        Wrong{"kind: Policy\nname: a\non: [model.call, register]\neffect: allow\ntests: [{given: {}, expect: allow}]",
              "p.yaml:5:9: the document decides on several points, so a test says which"},
        Wrong{HEAD "effect: allow\ntests: [{on: register, given: {}, expect: allow}]", "p.yaml:5:14: the test is on"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}, expect: allow, rule: b}]",
              "p.yaml:5:42: there is no policy 'b'"},
        Wrong{HEAD "effect: allow\ntests: [{given: {}, expect: allow, exception: e}]", "there is no exception 'e'"}));

INSTANTIATE_TEST_SUITE_P(
    Conditions, WrongRules,
    ::testing::Values(
        Wrong{HEAD "effect: allow\nwhen: ''", "p.yaml:5:7: 'when' must be a condition"},
        Wrong{HEAD "effect: allow\nwhen: [a]", "p.yaml:5:7: 'when' must be a condition"},
        Wrong{HEAD "effect: allow\nwhen: model.tier", "p.yaml:5:7: expected bool, but this is string"},
        Wrong{HEAD "effect: allow\nwhen: model.tier == 3", "p.yaml:5:18: "},
        Wrong{HEAD "effect: allow\nwhen: 1 < 2 && model.teir == \"a\"", "p.yaml:5:22: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: '1 < 2 && model.teir == \"a\"'", "p.yaml:5:23: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: \"repo == \\\"\\u0061\\\" && model.teir == 'a'\"",
              "p.yaml:5:36: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: |\n  1 < 2 &&\n    model.teir == \"a\"\n",
              "p.yaml:7:11: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: >-\n  1 < 2 &&\n  model.teir == \"a\"\n", "p.yaml:7:9: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: 1 < 2\n  && model.teir == \"a\"\n", "p.yaml:6:12: 'model' has no 'teir'"},
        Wrong{HEAD "effect: allow\nwhen: tool.name == \"a\"", "p.yaml:5:7: "},
        Wrong{HEAD "effect: allow\nwhen: repo.matches(\"(\")", "p.yaml:5:20: "},
        Wrong{HEAD "effect: allow\nwhen: repo ==", "p.yaml:5:"}));

TEST(WrongRules, OnSeveralPointsAreComplainedAboutOnce) {
  const Built built =
      build("{kind: Policy, name: a, on: [model.call, model.response], effect: allow, when: modle == 1}");
  EXPECT_EQ(built.complaints.size(), 1U) << built.text();
}

TEST(WrongRules, HideNoOtherComplaints) {
  const Built built = build(
      "{kind: Policy, name: a, on: model.call, effect: alow, tests: [{given: {}, expect: none}]}\n---\n"
      "{kind: Policy, name: b, on: model.call, effect: allow, when: modle == 1}\n---\n"
      "{kind: Policy, name: c, on: model.call, effect: degrade, ladder: d}");
  EXPECT_EQ(built.complaints.size(), 3U) << built.text();
}

TEST(RuleDocument, OtherKindsAreLeftAlone) {
  const auto bundle = must_build("{kind: Budget, limit: $5, anything: goes}\n---\n{kind: [x]}\n---\njust text");
  EXPECT_EQ(bundle->rules().size(), 0U);
}

TEST(OtherDocuments, AreComplainedAboutInPlace) {
  const std::vector<Wrong> wrong = {
      {"{kind: Ladder, name: l, steps: [a]}", "p.yaml:1:32: a ladder has at least two steps"},
      {"{kind: Ladder, name: l}", "p.yaml:1:1: a ladder has at least two steps"},
      {"{kind: Ladder, name: l, steps: [a, a]}", "p.yaml:1:36: the step 'a' is there twice"},
      {"{kind: Ladder, name: l, steps: [a, '']}", "p.yaml:1:36: a step is the name of a model"},
      {"{kind: PolicyTest, name: t, tests: [{given: {}, expect: deny}]}", "a PolicyTest says what it asks about"},
      {"{kind: PolicyTest, name: t, on: nowhere, tests: [{given: {}, expect: deny}]}", "1:33: unknown decision point"},
      {"{kind: PolicyTest, name: t, on: register}", "a PolicyTest has tests"},
      {"{kind: PolicyTest, name: t, on: register, tests: [{given: {}, expect: none}]}", "'none' is about the rule"},
  };
  for (const Wrong& one : wrong) {
    const Built built = build(one.yaml);
    EXPECT_EQ(built.bundle, nullptr) << one.yaml;
    EXPECT_THAT(built.text(), HasSubstr(one.complaint));
  }
}

}  // namespace
}  // namespace reeve::policy
