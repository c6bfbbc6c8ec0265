// docs/policy.md, "How a decision is made", step by step.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A rule on model.call in one line.
std::string rule(const std::string& name, const std::string& rest) {
  return "---\n{kind: Policy, name: " + name + ", on: model.call, message: " + name + "!, effect: " + rest + "}\n";
}

const std::string kLadder = "{kind: Ladder, name: l, steps: [a, b]}\n";

TEST(Verdict, TheStrongestEffectDecidesWhateverTheOrder) {
  const std::vector<std::pair<std::string, std::string>> weakest_first = {
      {"allow", "allow"},
      {"degrade", "degrade, ladder: l"},
      {"route", "'route', to: {region: eu}"},
      {"rewrite", "rewrite, set: {model.name: '\"x\"'}"},
      {"redact", "redact, with: mask, classes: pii"},
      {"ask", "ask"},
      {"require", "require, check: c"},
      {"deny", "deny"}};
  for (std::size_t strongest = 0; strongest < weakest_first.size(); ++strongest) {
    std::string up, down;
    for (std::size_t i = 0; i <= strongest; ++i) {
      const std::string one = rule(weakest_first[i].first, weakest_first[i].second);
      up += one;
      down = one + down;
    }
    for (const std::string& yaml : {up, down}) {
      const auto bundle = must_build(kLadder + yaml);
      const Decision decision = decide(*bundle, "{}");
      EXPECT_EQ(verdict_of(decision), weakest_first[strongest].first + " by " + weakest_first[strongest].first);
      EXPECT_EQ(decision.matched.size(), strongest + 1);
    }
  }
}

TEST(Verdict, TheFirstByNameIsDecisiveAmongEquals) {
  const auto bundle = must_build(rule("z", "warn") + rule("b", "deny") + rule("a", "deny") + rule("c", "allow"));
  const Decision decision = decide(*bundle, "{}");
  EXPECT_EQ(verdict_of(decision), "deny by a");
  EXPECT_EQ(decision.message, "a!");
  EXPECT_EQ(names(decision.matched), "a,b,c,z");
  EXPECT_EQ(decision.first(Effect::kAllow)->name, "c");
  EXPECT_EQ(decision.first(Effect::kAsk), nullptr);
}

TEST(Verdict, WhereNoRuleAllowsThePointsDefaultDecides) {
  const auto bundle = must_build("");
  for (const std::string_view denying : {"model.call", "secret.lease", "context.query", "mcp.call", "register"}) {
    const Point point = *point_from_name(denying);
    const Decision decision = decide(*bundle, point, GivenFacts(point, "{}"));
    EXPECT_EQ(verdict_of(decision), "deny by default") << denying;
    EXPECT_THAT(decision.message, HasSubstr(std::string("a rule on ") + std::string(denying)));
  }
  for (const std::string_view allowing : {"model.response", "session.start", "prompt.submit", "tool.call",
                                          "tool.result", "change.commit", "change.merge"}) {
    const Point point = *point_from_name(allowing);
    const Decision decision = decide(*bundle, point, GivenFacts(point, "{}"));
    EXPECT_EQ(verdict_of(decision), "allow by default") << allowing;
    EXPECT_EQ(decision.message, "");
  }
}

TEST(Verdict, TheDefaultMessageNamesTheModelSafely) {
  const Decision decision = decide(*must_build(""), R"({"model": {"name": "claude\u001b[2J\r\n"}})");
  EXPECT_THAT(decision.message, HasSubstr("use claude"));
  EXPECT_EQ(decision.message.find('\x1b'), std::string::npos);
  EXPECT_EQ(decision.message.find('\n'), std::string::npos);
}

TEST(Verdict, ModifiersAndWarningsAllowNothing) {
  for (const char* rest :
       {"warn", "degrade, ladder: l", "'route', to: {region: eu}", "redact, with: mask, classes: x"}) {
    const auto bundle = must_build(kLadder + rule("m", rest));
    const Decision decision = decide(*bundle, "{}");
    EXPECT_EQ(verdict_of(decision), "deny by default") << rest;
    EXPECT_EQ(names(decision.matched), "m");
  }
  const auto open = must_build("{kind: Policy, name: m, on: tool.call, effect: redact, with: mask, classes: x}");
  EXPECT_EQ(verdict_of(decide(*open, Point::kToolCall, GivenFacts(Point::kToolCall, "{}"))), "redact by m");
}

TEST(Verdict, ARefusalCarriesMessageFixAndWhatIsMissing) {
  const auto fixed = must_build(rule("d", "deny, fix: 'Use another.'"));
  EXPECT_EQ(decide(*fixed, "{}").message, "d! Use another.");
  const auto check = must_build(rule("c", "require, check: audited"));
  EXPECT_THAT(decide(*check, "{}").message, HasSubstr("c! The check 'audited' must be green"));
  const auto approval = must_build(rule("a", "require, approval: {by: [x, y, z], within: 90m}"));
  EXPECT_THAT(decide(*approval, "{}").message, HasSubstr("somebody in x, y or z, not older than 90m"));
  EXPECT_EQ(decide(*must_build(rule("q", "ask")), "{}").message, "q!");
}

TEST(Verdict, ARequirementHoldsWhileItsCheckIsGreen) {
  const auto bundle = must_build(rule("r", "require, check: c") + rule("a", "allow"));
  EXPECT_EQ(verdict_of(decide(*bundle, R"({"checks": {"c": true}})")), "allow by a");
  for (const char* facts : {R"({"checks": {"c": false}})", R"({"checks": {"d": true}})", "{}"}) {
    EXPECT_EQ(verdict_of(decide(*bundle, facts)), "require by r") << facts;
  }
  EXPECT_TRUE(bundle->needs(Point::kModelCall, Fact::kChecks));
  EXPECT_FALSE(bundle->needs(Point::kToolCall, Fact::kChecks));
}

struct Approval {
  const char* approval;
  bool holds;
};
TEST(Verdict, ARequirementHoldsWithARecentApprovalOfAnotherPerson) {
  const auto bundle = must_build(rule("r", "require, approval: {by: [leads], within: 2h}") + rule("a", "allow"));
  const std::vector<Approval> approvals = {
      {R"({"rule":"r","by":"lead","groups":["x","leads"],"time":"2026-11-20T09:00:00Z"})", true},
      {R"({"rule":"r","by":"lead","groups":["leads"],"time":"2026-11-20T08:00:00Z"})", true},   // to the instant
      {R"({"rule":"r","by":"lead","groups":["leads"],"time":"2026-11-20T10:00:00Z"})", true},   // now
      {R"({"rule":"r","by":"lead","groups":["leads"],"time":"2026-11-20T07:59:59Z"})", false},  // too old
      {R"({"rule":"r","by":"lead","groups":["leads"],"time":"2026-11-20T10:00:01Z"})", false},  // from the future
      {R"({"rule":"r","by":"dev","groups":["leads"],"time":"2026-11-20T09:00:00Z"})", false},   // one's own
      {R"({"rule":"r","by":"DEV","groups":["leads"],"time":"2026-11-20T09:00:00Z"})", false},
      {R"({"rule":"r","by":"","groups":["leads"],"time":"2026-11-20T09:00:00Z"})", false},
      {R"({"rule":"q","by":"lead","groups":["leads"],"time":"2026-11-20T09:00:00Z"})", false},  // another rule
      {R"({"rule":"r","by":"lead","groups":["lead"],"time":"2026-11-20T09:00:00Z"})", false},   // another group
      {R"({"rule":"r","by":"lead","time":"2026-11-20T09:00:00Z"})", false},
      {R"({"rule":"r","by":"lead","groups":["leads"]})", false}};
  for (const Approval& one : approvals) {
    const std::string facts = R"({"now":"2026-11-20T10:00:00Z","principal":{"id":"dev"},"approvals":[)" +
                              std::string(R"({"rule":"x","by":"y","groups":[],"time":"2026-11-20T09:00:00Z"},)") +
                              one.approval + "]}";
    EXPECT_EQ(decide(*bundle, facts).effect, one.holds ? Effect::kAllow : Effect::kRequire) << one.approval;
  }
  // Without a clock no approval is recent.
  const std::string timeless = R"({"approvals":[)" + std::string(approvals[0].approval) + "]}";
  EXPECT_EQ(decide(*bundle, timeless).effect, Effect::kRequire);
}

TEST(Verdict, EveryRequirementMustHold) {
  const auto bundle = must_build(rule("r", "require, check: c") + rule("s", "require, check: d") + rule("a", "allow"));
  EXPECT_EQ(verdict_of(decide(*bundle, R"({"checks": {"c": true}})")), "require by s");
  EXPECT_EQ(verdict_of(decide(*bundle, R"({"checks": {"c": true, "d": true}})")), "allow by a");
}

TEST(Verdict, RulesHoldFromSinceUntilBeforeUntil) {
  const auto bundle =
      must_build(rule("d", "deny, since: 2026-11-20T10:00:00Z, until: 2026-11-20T12:00:00Z") + rule("a", "allow"));
  const std::vector<std::pair<std::string, Effect>> times = {{"2026-11-20T09:59:59.999999Z", Effect::kAllow},
                                                             {"2026-11-20T10:00:00Z", Effect::kDeny},
                                                             {"2026-11-20T11:59:59.999999999Z", Effect::kDeny},
                                                             {"2026-11-20T12:00:00Z", Effect::kAllow}};
  for (const auto& [now, effect] : times) {
    EXPECT_EQ(decide(*bundle, R"({"now":")" + now + "\"}").effect, effect) << now;
  }
  EXPECT_EQ(decide(*bundle, "{}").effect, Effect::kDeny) << "who has no clock keeps every rule";
}

TEST(Verdict, ShadowRulesAreNotedAndChangeNothing) {
  const auto bundle = must_build(rule("s", "deny, mode: shadow") + rule("o", "deny, mode: off") + rule("a", "allow"));
  const Decision decision = decide(*bundle, "{}");
  EXPECT_EQ(verdict_of(decision), "allow by a");
  EXPECT_EQ(names(decision.shadow), "s");
  EXPECT_EQ(names(decision.matched), "a");
  EXPECT_EQ(decision.shadow_effect, Effect::kDeny);
  EXPECT_EQ(bundle->rules().size(), 3U) << "also those that are off";
  const auto opening = must_build(rule("s", "allow, mode: shadow"));
  EXPECT_EQ(decide(*opening, "{}").effect, Effect::kDeny);
  EXPECT_EQ(decide(*opening, "{}").shadow_effect, Effect::kAllow);
  const auto none = must_build(rule("s", "deny, mode: shadow, match: {groups: x}") + rule("a", "allow"));
  EXPECT_EQ(decide(*none, "{}").shadow_effect, Effect::kAllow);
}

TEST(Verdict, ARuleThatCannotBeEvaluatedDenies) {
  for (const char* effect : {"allow", "redact, with: mask, classes: x", "require, check: c", "deny"}) {
    const auto bundle = must_build(rule("e", std::string(effect) + ", owner: security, when: 10 / request.tokens > 1") +
                                   rule("a", "allow"));
    const Decision decision = decide(*bundle, R"({"checks": {"c": true}})");
    EXPECT_EQ(verdict_of(decision), "deny by e") << effect;
    ASSERT_EQ(decision.errors.size(), 1U);
    EXPECT_EQ(decision.errors[0].rule->name, "e");
    EXPECT_THAT(decision.errors[0].message, HasSubstr("division by zero"));
    EXPECT_THAT(decision.message, HasSubstr("'e' could not be evaluated"));
    EXPECT_THAT(decision.message, HasSubstr("Tell security."));
    EXPECT_THAT(decide(*bundle, R"({"request": {"tokens": 20}})").errors, IsEmpty()) << effect;
  }
}

TEST(Verdict, AnErrorInShadowIsNotedAndDeniesNothing) {
  const auto bundle = must_build(rule("e", "deny, mode: shadow, when: 10 / request.tokens > 1") + rule("a", "allow"));
  const Decision decision = decide(*bundle, "{}");
  EXPECT_EQ(verdict_of(decision), "allow by a");
  EXPECT_EQ(decision.errors.size(), 1U);
  EXPECT_EQ(decision.shadow_effect, Effect::kDeny);
}

TEST(Verdict, AFactOfTheWrongTypeDeniesWhereARuleNeedsIt) {
  const auto bundle = must_build(rule("g", "warn, match: {groups: x}") + rule("a", "allow"));
  const GivenFacts wrong(Point::kModelCall, "{}", {}, {Fact::kPrincipalGroups});
  const Decision decision = decide(*bundle, Point::kModelCall, wrong);
  EXPECT_EQ(decision.errors.size(), 1U);
  const GivenFacts elsewhere(Point::kModelCall, "{}", {}, {Fact::kModelTier});
  EXPECT_EQ(decide(*bundle, Point::kModelCall, elsewhere).effect, Effect::kAllow);
  EXPECT_FALSE(bundle->needs(Point::kModelCall, Fact::kModelTier));
}

TEST(Verdict, AFalsePartSettlesARuleWhateverTheOthersAre) {
  const auto bundle =
      must_build(rule("e", "deny, when: 10 / request.tokens > 1 && model.name == \"x\"") + rule("a", "allow"));
  EXPECT_THAT(decide(*bundle, "{}").errors, IsEmpty());
  EXPECT_EQ(decide(*bundle, "{}").effect, Effect::kAllow);
  EXPECT_EQ(decide(*bundle, R"({"model": {"name": "x"}})").effect, Effect::kDeny);
}

// ---- What is not known yet ----

Decision with_unknown_findings(const Bundle& bundle, std::string_view json = "{}") {
  return decide(bundle, Point::kModelCall, GivenFacts(Point::kModelCall, json, {Fact::kContentFindings}));
}
const std::string kFound = ", when: size(content.findings) > 0";

TEST(Undetermined, AVerdictThatHangsOnAnUnknownFactIsADenyThatSaysSo) {
  for (const char* effect : {"deny", "ask", "require, check: c", "redact, with: mask, classes: x"}) {
    const auto bundle = must_build(rule("f", effect + kFound) + rule("a", "allow"));
    const Decision decision = with_unknown_findings(*bundle);
    EXPECT_EQ(verdict_of(decision), "deny by f") << effect;
    EXPECT_THAT(decision.unknown, ElementsAre(Fact::kContentFindings)) << effect;
    EXPECT_THAT(decision.message, HasSubstr("cannot be decided yet"));
    EXPECT_EQ(names(decision.matched), "a");
  }
}

TEST(Undetermined, WhatCannotChangeTheVerdictIsNotWaitedFor) {
  const std::vector<std::pair<std::string, std::string>> settled = {
      {rule("f", "ask" + kFound) + rule("d", "deny"), "deny by d"},
      {rule("f", "deny" + kFound) + rule("d", "deny"), "deny by d"},
      {rule("f", "allow" + kFound) + rule("a", "allow"), "allow by a"},
      {rule("f", "allow" + kFound) + rule("q", "ask"), "ask by q"},
      {rule("f", "ask" + kFound) + rule("r", "require, check: d"), "require by r"},
      {rule("f", "warn" + kFound) + rule("a", "allow"), "allow by a"},
      {rule("f", "deny, mode: shadow" + kFound) + rule("a", "allow"), "allow by a"},
      {rule("f", "redact, with: mask, classes: x" + kFound), "deny by default"},
      {rule("f", "require, check: c" + kFound) + rule("a", "allow"), "allow by a"},
      {rule("f", "deny, match: {groups: x}" + kFound) + rule("a", "allow"), "allow by a"}};
  for (const auto& [yaml, verdict] : settled) {
    const Decision decision = with_unknown_findings(*must_build(yaml), R"({"checks": {"c": true}})");
    EXPECT_EQ(std::string(effect_name(decision.effect)), verdict.substr(0, verdict.find(' '))) << yaml;
    EXPECT_THAT(decision.unknown, IsEmpty()) << yaml;
  }
}

TEST(Undetermined, AStrongerEffectOrAnOpeningAllowIsWaitedFor) {
  for (const std::string& yaml :
       {rule("f", "deny" + kFound) + rule("q", "ask"), rule("f", "require, check: d" + kFound) + rule("q", "ask"),
        rule("f", "allow" + kFound),
        rule("f", "redact, with: mask, classes: x" + kFound) + rule("a", "allow") +
            rule("r", "redact, with: mask, classes: y")}) {
    const auto bundle = must_build(yaml);
    const Decision decision = with_unknown_findings(*bundle);
    EXPECT_EQ(verdict_of(decision), "deny by f") << yaml;
    EXPECT_THAT(decision.unknown, ElementsAre(Fact::kContentFindings)) << yaml;
  }
}

TEST(Undetermined, ARefusalThatAnExceptionMayYetLiftIsWaitedFor) {
  const auto bundle = must_build(rule("d", "deny") + rule("a", "allow") +
                                 "---\n{kind: Exception, name: e, rules: [d], reason: r, requested_by: x, "
                                 "approved_by: y, ends: 2027-01-01, when: size(content.findings) == 0}");
  const GivenFacts facts(Point::kModelCall, R"({"now":"2026-11-20T10:00:00Z"})", {Fact::kContentFindings});
  EXPECT_THAT(decide(*bundle, Point::kModelCall, facts).unknown, ElementsAre(Fact::kContentFindings));
  EXPECT_EQ(verdict_of(decide(*bundle, R"({"now":"2026-11-20T10:00:00Z"})")), "allow by a");
}

TEST(Undetermined, WhatARequirementOrExceptionAsksForIsWaitedFor) {
  const auto approval = must_build(rule("r", "require, approval: {by: [leads], within: 2h}") + rule("a", "allow"));
  const auto check = must_build(rule("r", "require, check: c") + rule("a", "allow"));
  const auto exception = must_build(rule("r", "deny") + rule("a", "allow") +
                                    "---\n{kind: Exception, name: e, rules: [r], reason: r, requested_by: x, "
                                    "approved_by: y, ends: 2027-01-01, compensating_check: c}");
  for (const auto& [bundle, fact] : {std::pair(approval, Fact::kApprovals), std::pair(approval, Fact::kPrincipalId),
                                     std::pair(check, Fact::kChecks), std::pair(exception, Fact::kChecks)}) {
    const GivenFacts facts(Point::kModelCall, R"({"now":"2026-11-20T10:00:00Z"})", {fact});
    const Decision decision = decide(*bundle, Point::kModelCall, facts);
    EXPECT_EQ(verdict_of(decision), "deny by r") << fact_name(fact);
    EXPECT_THAT(decision.unknown, ElementsAre(fact));
    EXPECT_THAT(decision.ended, IsEmpty());
  }
}

TEST(Undetermined, NobodyApprovesForSomebodyWithoutAName) {
  const auto bundle = must_build(rule("r", "require, approval: {by: [leads], within: 2h}") + rule("a", "allow"));
  EXPECT_EQ(verdict_of(decide(*bundle, R"({"now":"2026-11-20T10:00:00Z","approvals":[{"rule":"r","by":"lead",)"
                                       R"("groups":["leads"],"time":"2026-11-20T09:00:00Z"}]})")),
            "require by r");
}

TEST(Undetermined, NobodyApprovesForSomebodyWhoseNameIsNoText) {
  const auto bundle = must_build(rule("r", "require, approval: {by: [leads], within: 2h}") + rule("a", "allow"));
  const GivenFacts facts(Point::kModelCall,
                         R"({"now":"2026-11-20T10:00:00Z","approvals":[{"rule":"r","by":"lead","groups":["leads"],)"
                         R"("time":"2026-11-20T09:00:00Z"}]})",
                         {}, {Fact::kPrincipalId});
  EXPECT_EQ(verdict_of(decide(*bundle, Point::kModelCall, facts)), "require by r");
}

// ---- Rewrites ----

Decision on_tool_call(const Bundle& bundle, std::string_view json, std::initializer_list<Fact> unknown = {}) {
  return decide(bundle, Point::kToolCall, GivenFacts(Point::kToolCall, json, unknown));
}

TEST(Rewrites, AreTheValuesOfTheirExpressions) {
  const auto bundle = must_build(R"(
{kind: Policy, name: w, on: tool.call, effect: rewrite, set: {tool.arguments.command: 'string(tool.arguments.command) + " -n"', tool.arguments.user: principal.id}}
---
{kind: Policy, name: v, on: tool.call, effect: rewrite, match: {tools: x}, set: {tool.arguments.more: '"1"'}}
---
{kind: Policy, name: s, on: tool.call, effect: rewrite, mode: shadow, set: {tool.arguments.shadow: '"1"'}}
)");
  const Decision decision =
      on_tool_call(*bundle, R"({"tool":{"arguments":{"command":"a \"b\""}},"principal.id":"dev"})");
  EXPECT_EQ(verdict_of(decision), "rewrite by w");
  ASSERT_EQ(decision.rewrites.size(), 2U);
  EXPECT_EQ(decision.rewrites[0].target, "tool.arguments.command");
  EXPECT_EQ(decision.rewrites[0].json, R"("a \"b\" -n")");
  EXPECT_EQ(decision.rewrites[1].json, R"("dev")");
}

TEST(Rewrites, AreAllMadeOrNone) {
  const auto bundle = must_build(R"(
{kind: Policy, name: w, on: tool.call, effect: rewrite, set: {tool.arguments.a: tool.name}}
---
{kind: Policy, name: e, on: tool.call, effect: rewrite, set: {tool.arguments.b: 'tool.paths[3]'}}
)");
  const Decision decision = on_tool_call(*bundle, R"({"tool.name":"x"})");
  EXPECT_EQ(verdict_of(decision), "deny by e");
  EXPECT_THAT(decision.rewrites, IsEmpty());
  EXPECT_EQ(decision.errors.size(), 1U);
  EXPECT_THAT(decision.message, HasSubstr("'e' could not be evaluated"));
  EXPECT_EQ(decision.shadow_effect, Effect::kDeny);
}

TEST(Rewrites, WithAnUnknownFactAreNotKnownYet) {
  const auto bundle =
      must_build("{kind: Policy, name: w, on: tool.call, effect: rewrite, set: {tool.arguments.a: tool.name}}");
  const Decision decision = on_tool_call(*bundle, "{}", {Fact::kToolName});
  EXPECT_EQ(decision.effect, Effect::kDeny);
  EXPECT_THAT(decision.unknown, ElementsAre(Fact::kToolName));
  EXPECT_THAT(decision.errors, IsEmpty());
}

TEST(Rewrites, AreNotMadeForWhatIsRefused) {
  const auto bundle = must_build(
      "{kind: Policy, name: w, on: tool.call, effect: rewrite, set: {tool.arguments.a: tool.name}}\n---\n"
      "{kind: Policy, name: q, on: tool.call, effect: ask, message: m}");
  EXPECT_THAT(on_tool_call(*bundle, "{}").rewrites, IsEmpty());
}

}  // namespace
}  // namespace reeve::policy
