// The tests that stand beside rules: what they expect, what they cover, how they are reported.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;

TestReport run(const std::string& yaml) {
  const Built built = build(yaml);
  EXPECT_NE(built.bundle, nullptr) << built.text();
  return built.bundle == nullptr ? TestReport{} : run_rule_tests(*built.bundle, built.documents);
}

const std::string kAllow = "{kind: Policy, name: all, on: model.call, effect: allow}\n---\n";
const std::string kContractors =
    "kind: Policy\nname: contractors\non: model.call\nmatch: {groups: [contractors]}\nnot: {tiers: small}\n"
    "effect: deny\nmessage: Small models.\n";

/// The failures of tests in the rule on contractors, one a line.
std::string failures(const std::string& tests, const std::string& more = "") {
  const TestReport report = run(kAllow + kContractors + more + "tests:\n" + tests);
  std::string text;
  for (const Diagnostic& failure : report.failures) text += failure.to_string() + "\n";
  EXPECT_EQ(report.passed + report.failures.size(), report.cases.size());
  return text;
}

TEST(RuleTests, PassAndFailForTheRightReasons) {
  const std::string contractor = "given: {principal: {groups: [contractors]}, model: {tier: frontier}}";
  const std::string small = "given: {principal: {groups: contractors}, model: {tier: small}}";
  EXPECT_EQ(failures("- {" + contractor + ", expect: deny}\n- {" + small + ", expect: allow}\n- {" + small +
                     ", expect: none}\n- {" + contractor + ", expect: deny, rule: contractors}\n"),
            "");
  EXPECT_THAT(failures("- {" + small + ", expect: deny}\n"),
              HasSubstr("p.yaml:11:3: test of 'contractors', test 1: expected this rule to match, but it does not"));
  EXPECT_THAT(failures("- {name: odd, " + contractor + ", expect: none}\n"),
              HasSubstr("test of 'contractors', odd: expected this rule not to match, but it does"));
  EXPECT_THAT(
      failures("- {" + contractor + ", expect: allow}\n"),
      HasSubstr("expected allow, but the outcome is deny by 'contractors'; rules that matched: all, contractors"));
  EXPECT_THAT(failures("- {" + small + ", expect: allow, rule: contractors}\n"),
              HasSubstr("expected the rule 'contractors' to decide, but the outcome is allow by 'all'"));
}

TEST(RuleTests, OfARuleAskThatNoOtherSpeaksStronger) {
  const TestReport report =
      run("{kind: Policy, name: d, on: model.call, effect: deny, message: m}\n---\n"
          "{kind: Policy, name: a, on: model.call, effect: allow, tests: [{given: {}, expect: allow}]}");
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_THAT(report.failures[0].message, HasSubstr("the outcome is deny by 'd'"));
}

TEST(RuleTests, ADenyThatOnlyTheDefaultGivesIsNotTheRulesOwn) {
  const TestReport report = run(kContractors + "tests: [{given: {principal: {groups: [employees]}}, expect: deny}]");
  EXPECT_EQ(report.failures.size(), 1U);
}

TEST(RuleTests, AModifierMayBeTestedWhereNothingAllows) {
  const TestReport report =
      run("{kind: Policy, name: r, on: model.call, effect: redact, with: mask, classes: x, tests: [{given: {}, expect: "
          "redact}]}\n---\n"
          "{kind: Policy, name: w, on: model.call, effect: warn, message: m, tests: [{given: {}, expect: warn}]}");
  EXPECT_EQ(report.passed, 2U);
}

TEST(RuleTests, AskRulesInShadowOrOffOnlyWhetherTheyMatch) {
  const std::string contractor = "given: {principal: {groups: [contractors]}}";
  const std::string employee = "given: {principal: {groups: [employees]}}";
  for (const char* mode : {"mode: shadow\n", "mode: off\n"}) {
    EXPECT_EQ(failures("- {" + contractor + ", expect: deny}\n- {" + employee + ", expect: none}\n- {" + employee +
                           ", expect: allow}\n",
                       mode),
              "");
    EXPECT_THAT(failures("- {" + contractor + ", expect: allow}\n", mode), HasSubstr("p.yaml:12:3: "));
    EXPECT_THAT(failures("- {" + employee + ", expect: deny}\n", mode), HasSubstr("expected this rule to match"));
  }
}

TEST(RuleTests, ReadValuesAsTheFactsAreTyped) {
  const TestReport report = run(R"(kind: Policy
name: typed
on: tool.call
effect: ask
message: m
when: work_item == "142" && tool.arguments.count == 3 && tool.arguments.text == "x3" && tool.arguments.flag &&
  now == timestamp("2026-11-20T00:00:00Z") && size(principal.groups) == 0 && tool.paths == ["7"]
tests:
  - {given: {work_item: 142, tool: {arguments: {count: 3, text: x3, flag: true}, paths: 7}, now: 2026-11-20,
             principal: {groups: ~}}, expect: ask}
)");
  EXPECT_EQ(report.passed, 1U);
}

TEST(RuleTests, OfSuitesJudgeTheWholeSet) {
  const std::string rules =
      kAllow + kContractors +
      "---\n{kind: Exception, name: e, rules: [contractors], match: {people: dev}, reason: r, requested_by: x, "
      "approved_by: y, ends: 2026-12-15, uses: 1, compensating_check: audited}\n---\n";
  const auto suite = [&](const std::string& rest) {
    const TestReport report =
        run(rules +
            "{kind: PolicyTest, name: suite, on: model.call, tests: [{given: {principal: {id: dev, "
            "groups: contractors}, checks: {audited: true}, now: 2026-12-01}, " +
            rest + "}]}");
    return report.failures.empty() ? "" : report.failures[0].message;
  };
  EXPECT_EQ(suite("expect: allow, rule: all, exception: e"), "");
  EXPECT_EQ(suite("expect: allow"), "");
  EXPECT_THAT(suite("expect: deny"),
              HasSubstr("test of 'suite', test 1: expected deny, but the outcome is allow by 'all'"));
  const TestReport ended =
      run(rules +
          "{kind: PolicyTest, name: suite, on: model.call, tests: [{name: late, given: {principal: {id: dev, "
          "groups: contractors}, checks: {audited: true}, now: 2026-12-15}, expect: deny, exception: e}]}");
  ASSERT_EQ(ended.failures.size(), 1U);
  EXPECT_THAT(ended.failures[0].message, HasSubstr("expected the exception 'e' to be used; it has ended: expired"));
}

TEST(RuleTests, OnSeveralPointsNameOne) {
  const TestReport report =
      run("{kind: Policy, name: p, on: [model.call, tool.call], effect: deny, message: m, match: {groups: x}, tests: ["
          "{on: tool.call, given: {tool.name: shell}, expect: allow}, {on: model.call, given: {principal.groups: x}, "
          "expect: deny}]}");
  EXPECT_EQ(report.passed, 2U);
}

TEST(Coverage, CountsRulesAndTheirParts) {
  const TestReport report = run(kAllow + R"(kind: Policy
name: p
on: model.call
match: {groups: [x]}
when: model.tier == "a" || request.bytes > 10
effect: deny
message: m
tests:
  - {given: {principal.groups: x, model.tier: a}, expect: deny}
  - {given: {principal.groups: x, request.bytes: 11}, expect: deny}
  - {given: {principal.groups: y}, expect: none}
---
{kind: Policy, name: untested, on: tool.call, effect: ask, message: m}
)");
  ASSERT_EQ(report.coverage.size(), 3U);
  EXPECT_EQ(report.coverage[0].matched, 3U) << "every test says something about every rule of its point";
  const RuleCoverage& covered = report.coverage[1];
  EXPECT_EQ(covered.rule.name, "p");
  EXPECT_EQ(covered.matched, 2U);
  EXPECT_EQ(covered.not_matched, 1U);
  std::string branches;
  for (const auto& branch : covered.branches) {
    branches += branch.text + " " + std::to_string(branch.held) + "/" + std::to_string(branch.failed) + "; ";
  }
  EXPECT_EQ(branches, "match groups: [x] 2/1; model.tier == \"a\" 1/2; request.bytes > 10 1/2; ");
  EXPECT_EQ(report.coverage[2].matched + report.coverage[2].not_matched, 0U);
}

TEST(Junit, EscapesWhatXmlTakesForItself) {
  TestReport report;
  report.cases.push_back({"a<b", "\"quoted\" & 'so'", "x.yaml", 3, ""});
  report.cases.push_back({"a<b", "tab\there", "x.yaml", 4, "expected <deny>\x01"});
  report.cases.push_back({"other", "t", "y.yaml", 1, ""});
  report.passed = 2;
  report.failures.push_back({});
  EXPECT_EQ(
      junit_report(report),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"3\" failures=\"1\">\n"
      "  <testsuite name=\"a&lt;b\" tests=\"2\" failures=\"1\">\n"
      "    <testcase classname=\"a&lt;b\" name=\"&quot;quoted&quot; &amp; 'so'\" file=\"x.yaml\" line=\"3\"/>\n"
      "    <testcase classname=\"a&lt;b\" name=\"tab here\" file=\"x.yaml\" line=\"4\"><failure "
      "message=\"expected &lt;deny&gt; \"/></testcase>\n  </testsuite>\n"
      "  <testsuite name=\"other\" tests=\"1\" failures=\"0\">\n"
      "    <testcase classname=\"other\" name=\"t\" file=\"y.yaml\" line=\"1\"/>\n  </testsuite>\n</testsuites>\n");
}

TEST(StarterRules, PassTheirOwnTests) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(std::string(REEVE_SOURCE_DIR) + "/governance", complaints);
  const auto bundle = Bundle::build(documents, complaints);
  ASSERT_NE(bundle, nullptr);
  lint(*bundle, *parse_time("2026-11-20"), complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  const TestReport report = run_rule_tests(*bundle, documents);
  for (const Diagnostic& failure : report.failures) ADD_FAILURE() << failure.to_string();
  EXPECT_GE(report.passed, bundle->rules().size());
}

}  // namespace
}  // namespace reeve::policy
