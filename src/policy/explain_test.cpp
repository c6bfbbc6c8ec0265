#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;

const std::string kRules = R"(
{kind: Policy, name: all, on: model.call, effect: allow}
---
{kind: Policy, name: other-point, on: tool.call, effect: deny, message: m}
---
{kind: Policy, name: far, on: model.call, effect: deny, message: m, match: {groups: x}, when: request.bytes > 5}
---
{kind: Policy, name: near, on: model.call, effect: deny, message: m, match: {groups: [a, b]}, not: {tiers: big}, when: 'model.tier == "small" || request.bytes > 5'}
---
{kind: Policy, name: shadow, on: model.call, effect: deny, message: m, mode: shadow}
---
{kind: Policy, name: off, on: model.call, effect: deny, message: m, mode: off}
---
{kind: Policy, name: over, on: model.call, effect: deny, message: m, until: 2026-11-01}
---
{kind: Policy, name: lifted, on: model.call, effect: deny, message: m}
---
{kind: Policy, name: relaxed, on: model.call, effect: deny, message: m, relaxable: true}
---
{kind: Policy, name: team, on: model.call, effect: allow, layer: {team: p}, relaxes: [relaxed]}
---
{kind: Policy, name: decides, on: model.call, effect: ask, message: m, when: 1 / request.tokens >= 0 || repo == "r"}
---
{kind: Exception, name: ex, rules: [lifted], reason: r, requested_by: x, approved_by: y, ends: 2027-01-01}
)";
constexpr std::string_view kGiven =
    R"({"now":"2026-12-01","principal":{"team":"p","groups":["a"]},"request":{"tokens":1,"bytes":3},"model":{"tier":"mid"}})";

TEST(Explain, SaysWhereEveryRuleStands) {
  const auto bundle = must_build(kRules);
  const GivenFacts facts(Point::kModelCall, kGiven);
  const Explanation told = explain(*bundle, Point::kModelCall, facts, nullptr);
  EXPECT_EQ(verdict_of(told.decision), "ask by decides");
  EXPECT_EQ(told.bundle, bundle->digest());
  EXPECT_EQ(told.input, input_digest(Point::kModelCall, facts));
  std::string standings;
  for (const RuleExplanation& rule : told.rules) standings += rule.rule->name + ": " + rule.standing + "\n";
  EXPECT_EQ(standings,
            "decides: decisive\nall: matched\nteam: matched\nshadow: matched, in shadow\noff: matched, but off\n"
            "over: matched, outside its dates\nlifted: matched, lifted by the exception ex\n"
            "relaxed: matched, relaxed by a lower layer\nnear: near miss\nfar: no match\n");
}

TEST(Explain, ShowsEveryPartWithTheFactsItSaw) {
  const auto bundle = must_build(kRules);
  const Explanation told = explain(*bundle, Point::kModelCall, GivenFacts(Point::kModelCall, kGiven), nullptr);
  const auto near =
      std::find_if(told.rules.begin(), told.rules.end(), [](const auto& r) { return r.rule->name == "near"; });
  ASSERT_NE(near, told.rules.end());
  EXPECT_FALSE(near->matched);
  EXPECT_EQ(near->failed, 1U);
  std::string parts;
  for (const PredicateValue& part : near->predicates) {
    parts += part.text + " is " + part.value;
    for (const auto& [fact, value] : part.facts) parts += ", " + fact + " " + value;
    parts += "\n";
  }
  EXPECT_EQ(parts,
            "match groups: [a, b] is true, principal.groups [\"a\"]\n"
            "not tiers: [big] is true, model.tier \"mid\"\n"
            "model.tier == \"small\" is false, model.tier \"mid\"\n"
            "request.bytes > 5 is false, request.bytes 3\n");
}

TEST(Explain, ShowsErrorsUnknownAndAbsentFacts) {
  const auto bundle = must_build(kRules);
  const GivenFacts facts(Point::kModelCall, "{}", {Fact::kRepo}, {Fact::kPrincipalGroups});
  const Explanation told = explain(*bundle, Point::kModelCall, facts, nullptr);
  std::string all;
  for (const RuleExplanation& rule : told.rules) {
    for (const PredicateValue& part : rule.predicates) {
      all += rule.rule->name + ": " + part.text + " is " + part.value + "\n";
      for (const auto& [fact, value] : part.facts) all += fact + " " + value + "\n";
    }
  }
  EXPECT_THAT(all, HasSubstr("decides: 1 / request.tokens >= 0 is error: division by zero"));
  EXPECT_THAT(all, HasSubstr("decides: repo == \"r\" is unknown: repo"));
  EXPECT_THAT(all, HasSubstr("near: match groups: [a, b] is error: expected string, not [{}]"));
  EXPECT_THAT(all, HasSubstr("request.tokens absent"));
}

TEST(Explain, CutsLongFactsAndLongLists) {
  std::string patterns = "a";
  for (char c = 'b'; c < 'p'; ++c) patterns += std::string(", ") + c;
  const auto bundle =
      must_build("{kind: Policy, name: r, on: prompt.submit, effect: ask, message: m, match: {groups: [" + patterns +
                 "]}, when: size(prompt.text) > 3}");
  const GivenFacts facts(Point::kPromptSubmit, R"({"prompt.text":")" + std::string(100'000, 'x') + "\"}");
  const Explanation told = explain(*bundle, Point::kPromptSubmit, facts, nullptr);
  EXPECT_EQ(told.rules[0].predicates[0].text, "match groups: [a, b, c, d, e, …]");
  EXPECT_LT(told.rules[0].predicates[1].facts[0].second.size(), 200U);
}

TEST(Explain, TakesNoUses) {
  const auto bundle = must_build(
      "{kind: Policy, name: d, on: tool.call, effect: deny, message: m}\n---\n{kind: Exception, "
      "name: e, rules: [d], reason: r, requested_by: x, approved_by: y, ends: 2027-01-01, uses: 1}");
  UseCounter counter;
  LookAtUses look(counter);
  const GivenFacts facts(Point::kToolCall, R"({"now":"2026-12-01"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(names(explain(*bundle, Point::kToolCall, facts, &look).decision.exceptions), "e");
  }
}

}  // namespace
}  // namespace reeve::policy
