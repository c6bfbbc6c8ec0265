// Exceptions: what they lift, when they end, how their uses are counted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string rule(const std::string& name, const std::string& rest) {
  return "---\n{kind: Policy, name: " + name + ", on: model.call, message: " + name + "!, effect: " + rest + "}\n";
}
std::string exception(const std::string& name, const std::string& rest,
                      const std::string& ends = "2026-12-15T18:00:00Z") {
  return "---\n{kind: Exception, name: " + name + ", reason: r, requested_by: dev, approved_by: lead, ends: '" + ends +
         "', " + rest + "}\n";
}
const std::string kAllow = rule("a", "allow");
const std::string kDeny = rule("d", "deny");
constexpr std::string_view kNow = R"({"now":"2026-12-01T10:00:00Z"})";

std::string ended(const Decision& decision) {
  std::string text;
  for (const EndedException& one : decision.ended) {
    text += (text.empty() ? "" : ",") + one.exception->name + " " + std::string(ended_reason(one.why));
  }
  return text;
}

TEST(Exceptions, TakeTheRulesTheyNameOutOfTheCount) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], match: {people: dev@x}"));
  const Decision lifted = decide(*bundle, R"({"now":"2026-12-01","principal":{"id":"dev@x"}})");
  EXPECT_EQ(verdict_of(lifted), "allow by a");
  EXPECT_EQ(names(lifted.exceptions), "e");
  EXPECT_EQ(names(lifted.matched), "a");
  const Decision other = decide(*bundle, R"({"now":"2026-12-01","principal":{"id":"ops@x"}})");
  EXPECT_EQ(verdict_of(other), "deny by d");
  EXPECT_THAT(other.exceptions, IsEmpty());
  EXPECT_THAT(other.ended, IsEmpty());
}

TEST(Exceptions, LiftEveryEffectThatIsInTheWay) {
  const std::vector<std::string> effects = {"deny",
                                            "ask",
                                            "require, check: c",
                                            "redact, with: mask, classes: x",
                                            "'route', to: {region: eu}",
                                            "degrade, ladder: l"};
  for (const std::string& effect : effects) {
    const auto bundle = must_build("{kind: Ladder, name: l, steps: [x, y]}\n" + kAllow + rule("d", effect) +
                                   exception("e", "rules: [d]"));
    EXPECT_EQ(verdict_of(decide(*bundle, kNow)), "allow by a") << effect;
    EXPECT_EQ(names(decide(*bundle, kNow).exceptions), "e") << effect;
  }
}

TEST(Exceptions, EndAtTheVeryInstant) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d]", "2026-12-15T18:00:00Z"));
  EXPECT_EQ(decide(*bundle, R"({"now":"2026-12-15T17:59:59.999999999Z"})").effect, Effect::kAllow);
  const Decision over = decide(*bundle, R"({"now":"2026-12-15T18:00:00Z"})");
  EXPECT_EQ(verdict_of(over), "deny by d");
  EXPECT_EQ(ended(over), "e expired");
  const Decision timeless = decide(*bundle, "{}");
  EXPECT_EQ(verdict_of(timeless), "deny by d") << "who has no clock cannot tell that it still holds";
}

TEST(Exceptions, HoldOnlyWhileTheirCheckIsGreen) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], compensating_check: audited"));
  const auto at = [&](const std::string& checks) {
    return decide(*bundle, R"({"now":"2026-12-01T10:00:00Z","checks":)" + checks + "}");
  };
  EXPECT_EQ(at(R"({"audited":true})").effect, Effect::kAllow);
  for (const char* checks : {R"({"audited":false})", "{}", R"({"other":true})"}) {
    EXPECT_EQ(verdict_of(at(checks)), "deny by d") << checks;
    EXPECT_EQ(ended(at(checks)), "e check_not_green") << checks;
  }
  EXPECT_THAT(bundle->checks(), ::testing::ElementsAre("audited"));
  EXPECT_TRUE(bundle->needs(Point::kModelCall, Fact::kChecks));
}

TEST(Exceptions, AreUsedUp) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], uses: 2"));
  UseCounter counter;
  TakeUses take(counter);
  LookAtUses look(counter);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(decide(*bundle, kNow, &look).effect, Effect::kAllow) << "looking takes none";
  EXPECT_EQ(decide(*bundle, kNow, &take).effect, Effect::kAllow);
  EXPECT_EQ(decide(*bundle, kNow, &take).effect, Effect::kAllow);
  const Decision third = decide(*bundle, kNow, &take);
  EXPECT_EQ(verdict_of(third), "deny by d");
  EXPECT_EQ(ended(third), "e used_up");
  EXPECT_EQ(decide(*bundle, kNow, &look).effect, Effect::kDeny);
  EXPECT_EQ(decide(*bundle, kNow, nullptr).effect, Effect::kAllow) << "no gate admits all";
  EXPECT_EQ(counter.all().at("e"), 2U);
  counter.restore("e", 1);
  EXPECT_EQ(decide(*bundle, kNow, &take).effect, Effect::kAllow);
  EXPECT_EQ(decide(*bundle, kNow, &take).effect, Effect::kDeny);
}

TEST(Exceptions, ExactlySoManyUsesSucceedHoweverManyThreads) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], uses: 500"));
  UseCounter counter;
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const GivenFacts facts(Point::kModelCall, kNow);
      TakeUses take(counter);
      Scratch scratch;
      Decision decision;
      for (int i = 0; i < 300; ++i) {
        bundle->decide(Point::kModelCall, facts, &take, scratch, decision);
        allowed += decision.refused() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 500);
}

TEST(Exceptions, ThatChangeNothingAreNotUsedUp) {
  const std::vector<std::pair<std::string, std::string>> idle = {
      {"another rule denies as well", kAllow + kDeny + rule("d2", "deny")},
      {"nothing allows", kDeny},
      {"the requirement is met", kAllow + rule("d", "require, check: green")},
      {"the rule does not match", kAllow + rule("d", "deny, match: {groups: x}")},
      {"the rule is in shadow", kAllow + rule("d", "deny, mode: shadow")},
      {"the rule is off", kAllow + rule("d", "deny, mode: off")},
      {"the rule is over", kAllow + rule("d", "deny, until: 2026-11-01")},
      {"an approval is missing besides", kAllow + kDeny + rule("r", "require, check: red")},
      {"another question stays", kAllow + rule("d", "ask") + rule("q", "ask")},
      {"a lower layer relaxes it",
       kAllow + rule("d", "deny, relaxable: true") + rule("t", "allow, relaxes: [d], layer: {team: p}")},
      {"another exception without a limit does it", kAllow + kDeny + exception("z", "rules: [d]")}};
  for (const auto& [why, rules] : idle) {
    const auto bundle = must_build(rules + exception("e", "rules: [d], uses: 1"));
    UseCounter counter;
    TakeUses take(counter);
    const Decision decision =
        decide(*bundle, R"({"now":"2026-12-01","checks":{"green":true},"principal":{"team":"p"}})", &take);
    EXPECT_THAT(counter.all(), IsEmpty()) << why;
    EXPECT_EQ(names(decision.exceptions).find('e'), std::string::npos) << why;
    EXPECT_EQ(ended(decision), "") << why;
  }
}

TEST(Exceptions, LeaveTheQuestionOrRequirementThatRemains) {
  const auto ask = must_build(kAllow + kDeny + rule("q", "ask") + exception("e", "rules: [d], uses: 5"));
  UseCounter counter;
  TakeUses take(counter);
  EXPECT_EQ(verdict_of(decide(*ask, kNow, &take)), "ask by q");
  EXPECT_EQ(counter.all().at("e"), 1U);
  const auto require = must_build(kAllow + kDeny + rule("r", "require, check: c") + exception("e", "rules: [d]"));
  const Decision missing = decide(*require, kNow);
  EXPECT_EQ(verdict_of(missing), "require by r") << "whoever has the exception learns what else is missing";
  EXPECT_EQ(names(missing.exceptions), "e");
}

TEST(Exceptions, OfOneRuleStandInForEachOther) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], uses: 1") +
                                 exception("f", "rules: [d], uses: 1") + exception("g", "rules: [d]", "2026-01-01"));
  UseCounter counter;
  TakeUses take(counter);
  EXPECT_EQ(names(decide(*bundle, kNow, &take).exceptions), "e");
  const Decision second = decide(*bundle, kNow, &take);
  EXPECT_EQ(names(second.exceptions), "f");
  EXPECT_EQ(ended(second), "g expired,e used_up");
  const Decision third = decide(*bundle, kNow, &take);
  EXPECT_EQ(verdict_of(third), "deny by d");
  EXPECT_EQ(ended(third), "g expired,e used_up,f used_up");
}

TEST(Exceptions, OfSeveralRulesWorkTogether) {
  const auto bundle = must_build(kAllow + kDeny + rule("q", "ask") + rule("r", "redact, with: mask, classes: x") +
                                 exception("e", "rules: [d, r]") + exception("f", "rules: [q], uses: 9"));
  UseCounter counter;
  TakeUses take(counter);
  const Decision decision = decide(*bundle, kNow, &take);
  EXPECT_EQ(verdict_of(decision), "allow by a");
  EXPECT_EQ(names(decision.exceptions), "e,f");
  EXPECT_EQ(counter.all().at("f"), 1U);
}

TEST(Exceptions, TakeTheSameSelectorAsRules) {
  const auto bundle =
      must_build(kAllow + kDeny +
                 exception("e", "rules: [d], match: {repos: acme/*}, not: {groups: x}, when: request.tokens < 10"));
  const auto effect = [&](const std::string& facts) {
    return decide(*bundle, R"({"now":"2026-12-01",)" + facts + "}").effect;
  };
  EXPECT_EQ(effect(R"("repo":"acme/a")"), Effect::kAllow);
  EXPECT_EQ(effect(R"("repo":"other")"), Effect::kDeny);
  EXPECT_EQ(effect(R"("repo":"acme/a","principal":{"groups":["x"]})"), Effect::kDeny);
  EXPECT_EQ(effect(R"("repo":"acme/a","request":{"tokens":10})"), Effect::kDeny);
}

TEST(Exceptions, WithAConditionInErrorLiftNothing) {
  const auto bundle = must_build(kAllow + kDeny + exception("e", "rules: [d], when: 1 / request.tokens > 0"));
  EXPECT_EQ(verdict_of(decide(*bundle, kNow)), "deny by d");
}

TEST(Exceptions, AreComplainedAboutInPlace) {
  const std::string head = kAllow + kDeny + rule("w", "warn") + "---\nkind: Exception\nname: e\n";
  const std::string tail = "reason: r\nrequested_by: a@x\nends: 2027-01-01\n";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {tail + "approved_by: b", "8:1: an exception names the rules it lifts"},
      {tail + "approved_by: b\nrules: [x]", "14:9: there is no policy 'x'"},
      {tail + "approved_by: b\nrules: w",
       "14:8: the policy 'w' has the effect 'warn', which an exception does not lift"},
      {tail + "approved_by: b\nrules: a", "14:8: the policy 'a' has the effect 'allow'"},
      {tail + "approved_by: A@X\nrules: d", "13:14: nobody approves their own exception"},
      {tail + "rules: d", "'approved_by' is missing"},
      {"rules: d\nrequested_by: a\napproved_by: b\nends: 2027-01-01", "'reason' is missing"},
      {"rules: d\nreason: r\nrequested_by: a\napproved_by: b", "8:1: an exception has a hard end"},
      {"rules: d\nreason: r\nrequested_by: a\napproved_by: b\nends: never", "14:7: 'ends' must be a date or a time"},
      {tail + "approved_by: b\nrules: d\nuses: 0", "15:7: 'uses' must be a whole number from 1"},
      {tail + "approved_by: b\nrules: d\nuses: many", "15:7: 'uses' must be a whole number from 1"},
      {tail + "approved_by: b\nrules: d\ncompensating_check: ''", "15:21: 'compensating_check' must name a check"},
      {tail + "approved_by: b\nrules: d\nmatch: {tools: x}", "'tools' is not there on model.call, where 'd' decides"},
      {tail + "approved_by: b\nrules: d\nwhen: tool.name == 'x'", "15:7: "},
      {tail + "approved_by: b\nrules: d\nworkitem: x", "15:1: unknown key 'workitem'; did you mean 'work_item'?"}};
  for (const auto& [rest, complaint] : wrong) {
    const Built built = build(head + rest);
    EXPECT_EQ(built.bundle, nullptr) << rest;
    EXPECT_THAT(built.text(), HasSubstr(complaint)) << rest;
  }
}

TEST(Exceptions, SayEverythingAboutThemselves) {
  const auto bundle = must_build(
      kDeny + exception("e", "rules: [d], uses: 3, compensating_check: c, work_item: PAY-1", "2026-12-15T18:00:00Z"));
  const ExceptionInfo& info = *bundle->exceptions()[0];
  EXPECT_EQ(info.name + info.reason + info.requested_by + info.approved_by, "erdevlead");
  EXPECT_EQ(info.compensating_check + info.work_item, "cPAY-1");
  EXPECT_EQ(info.uses, 3U);
  EXPECT_EQ(format_time(info.ends), "2026-12-15T18:00:00.000000Z");
  EXPECT_EQ(info.file, "p.yaml");
}

}  // namespace
}  // namespace reeve::policy
