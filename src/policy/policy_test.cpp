#include "policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/bytes.h"

namespace reeve::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Built {
  std::vector<YamlValue> documents;
  std::vector<Diagnostic> complaints;
  std::shared_ptr<const Bundle> bundle;

  std::string complaint_text() const {
    std::string text;
    for (const Diagnostic& complaint : complaints) text += complaint.to_string() + "\n";
    return text;
  }
};

Built build(const std::string& yaml) {
  Built built;
  built.documents = parse_yaml(yaml, "policies.yaml", built.complaints);
  built.bundle = Bundle::build(built.documents, built.complaints);
  return built;
}

std::shared_ptr<const Bundle> must_build(const std::string& yaml) {
  Built built = build(yaml);
  EXPECT_NE(built.bundle, nullptr) << built.complaint_text();
  return built.bundle;
}

ModelCallFacts employee() {
  ModelCallFacts facts;
  facts.person = "dev@example.com";
  facts.principal_type = "person";
  facts.groups = {"employees"};
  facts.team = "payments";
  facts.client = "claude-code";
  facts.model = "claude-opus-4-6";
  facts.tier = "frontier";
  facts.provider = "anthropic";
  facts.region = "us";
  return facts;
}

constexpr const char* kAllowAll = R"(
kind: Policy
name: all
on: model.call
effect: allow
)";

constexpr const char* kContractors = R"(
kind: Policy
name: contractors-small
on: model.call
match: {groups: [contractors]}
not: {tiers: small}
effect: deny
message: Contractors use small models.
)";

TEST(Policy, DeniesWhereNoRuleSpeaksAndSaysHowToGetAccess) {
  const auto bundle = must_build("");
  const Decision decision = bundle->decide(employee());
  EXPECT_EQ(decision.effect, Effect::kDeny);
  EXPECT_EQ(decision.rule, "");
  EXPECT_THAT(decision.message, HasSubstr("claude-opus-4-6"));
  EXPECT_THAT(decision.message, HasSubstr("Ask"));
}

TEST(Policy, TheDefaultMessageIsSafeToPrint) {
  ModelCallFacts facts = employee();
  facts.model = "claude\x1b[2J\r\n";
  EXPECT_EQ(must_build("")->decide(facts).message.find('\x1b'), std::string::npos);
}

TEST(Policy, AnyDenyWinsOverEveryAllowWhateverTheOrder) {
  for (const std::string& yaml :
       {std::string(kAllowAll) + "---" + kContractors, std::string(kContractors) + "---" + kAllowAll}) {
    const auto bundle = must_build(yaml);
    ModelCallFacts facts = employee();
    EXPECT_EQ(bundle->decide(facts).effect, Effect::kAllow);
    facts.groups = {"employees", "contractors"};
    const Decision decision = bundle->decide(facts);
    EXPECT_EQ(decision.effect, Effect::kDeny);
    EXPECT_EQ(decision.rule, "contractors-small");
    EXPECT_EQ(decision.message, "Contractors use small models.");
    facts.tier = "small";
    EXPECT_EQ(bundle->decide(facts).effect, Effect::kAllow);
  }
}

TEST(Policy, RecordsMatchesInFileOrderWithShadowRulesApart) {
  const auto bundle = must_build(R"(
{kind: Policy, name: z-warn, on: model.call, effect: warn, match: {models: "claude-*"}}
---
{kind: Policy, name: shadow-deny, on: model.call, effect: deny, mode: shadow, message: no}
---
{kind: Policy, name: off-deny, on: model.call, effect: deny, mode: off, message: no}
---
{kind: Policy, name: m-allow, on: model.call, effect: allow}
---
{kind: Policy, name: a-allow, on: model.call, effect: allow}
---
{kind: Policy, name: elsewhere, on: model.call, effect: deny, message: no, match: {regions: [eu]}}
)");
  const Decision decision = bundle->decide(employee());
  EXPECT_EQ(decision.effect, Effect::kAllow);
  EXPECT_EQ(decision.rule, "m-allow");
  EXPECT_THAT(decision.matched, ElementsAre("z-warn", "m-allow", "a-allow"));
  EXPECT_THAT(decision.shadow, ElementsAre("shadow-deny"));
  EXPECT_EQ(bundle->rule_count(), 6U);
}

TEST(Policy, AWarningAloneAllowsNothing) {
  const auto bundle = must_build("{kind: Policy, name: w, on: model.call, effect: warn}");
  EXPECT_EQ(bundle->decide(employee()).effect, Effect::kDeny);
  EXPECT_THAT(bundle->decide(employee()).matched, ElementsAre("w"));
}

TEST(Policy, EveryMatchKeyReadsItsOwnFact) {
  const std::vector<std::pair<std::string, std::function<void(ModelCallFacts&)>>> keys = {
      {"people", [](ModelCallFacts& f) { f.person = "it"; }},
      {"types", [](ModelCallFacts& f) { f.principal_type = "it"; }},
      {"groups", [](ModelCallFacts& f) { f.groups = {"other", "it"}; }},
      {"teams", [](ModelCallFacts& f) { f.team = "it"; }},
      {"clients", [](ModelCallFacts& f) { f.client = "it"; }},
      {"models", [](ModelCallFacts& f) { f.model = "it"; }},
      {"tiers", [](ModelCallFacts& f) { f.tier = "it"; }},
      {"providers", [](ModelCallFacts& f) { f.provider = "it"; }},
      {"regions", [](ModelCallFacts& f) { f.region = "it"; }},
      {"repos", [](ModelCallFacts& f) { f.repo = "it"; }},
      {"features", [](ModelCallFacts& f) { f.feature = "it"; }},
      {"work_items", [](ModelCallFacts& f) { f.work_item = "it"; }},
  };
  for (const auto& [key, set] : keys) {
    const std::string pattern = key == "types" ? "i*" : "it";
    const std::string head = "{kind: Policy, name: r, on: model.call, effect: allow, ";
    const auto matching = must_build(head + "match: {" + key + ": ['n*', '" + pattern + "']}}");
    const auto excepting = must_build(head + "not: {" + key + ": '" + pattern + "'}}");
    if (matching == nullptr || excepting == nullptr) continue;
    ModelCallFacts facts;
    EXPECT_EQ(matching->decide(facts).effect, Effect::kDeny) << key;
    EXPECT_EQ(excepting->decide(facts).effect, Effect::kAllow) << key;
    set(facts);
    EXPECT_EQ(matching->decide(facts).effect, Effect::kAllow) << key;
    EXPECT_EQ(excepting->decide(facts).effect, Effect::kDeny) << key;
  }
}

TEST(Policy, AnAbsentFactFitsNoPatternNotEvenAStar) {
  const auto bundle = must_build("{kind: Policy, name: r, on: model.call, effect: allow, match: {repos: ['*']}}");
  EXPECT_EQ(bundle->decide(employee()).effect, Effect::kDeny);
  ModelCallFacts facts = employee();
  facts.repo = "git.example.com/shop";
  EXPECT_EQ(bundle->decide(facts).effect, Effect::kAllow);
}

struct BadRule {
  const char* yaml;
  const char* complaint;
};

class PolicyErrors : public ::testing::TestWithParam<BadRule> {};

TEST_P(PolicyErrors, PointsAtThePlace) {
  const Built built = build(GetParam().yaml);
  EXPECT_EQ(built.bundle, nullptr);
  EXPECT_THAT(built.complaint_text(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicyErrors,
    ::testing::Values(
        BadRule{"kind: Policy\nname: a\non: tool.call\neffect: allow", "policies.yaml:3:5: the decision point"},
        BadRule{"kind: Policy\nname: a\non: model.cal\neffect: allow", "policies.yaml:3:5: unknown decision point"},
        BadRule{"kind: Policy\nname: a\neffect: allow", "policies.yaml:1:1: a policy says where it decides"},
        BadRule{"kind: Policy\nname: a\non: [model.call]\neffect: allow", "policies.yaml:3:5: a policy says where"},
        BadRule{"kind: Policy\nname: a\non: model.call\nwhen: true\neffect: allow", "policies.yaml:4:7: 'when' is not"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: redact", "'redact' is not supported by this version"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: alow", "unknown effect 'alow'"},
        BadRule{"kind: Policy\nname: a\non: model.call", "a policy needs an effect"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: deny", "a rule that denies needs a message"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: deny\nmessage: '  '", ":5:10: a rule that denies"},
        BadRule{"kind: Policy\nname: A b\non: model.call\neffect: allow", "policies.yaml:2:7: a policy's name"},
        BadRule{"kind: Policy\nname: ''\non: model.call\neffect: allow", "a policy needs a name"},
        BadRule{"kind: Policy\non: model.call\neffect: allow", "a policy needs a name"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmode: soft", "mode must be"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: {group: x}", "did you mean 'groups'"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nnot: {model: x}", "did you mean 'models'"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: [x]", "'match' must be a mapping"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: {groups: []}", "at least one entry"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: {groups: [{a: b}]}", "expected a text"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: {groups: ['']}", "between 1 and 512"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\nmatch: {types: [human]}",
                "unknown type 'human'"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffekt: allow", "did you mean 'effect'"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\ntests: [{given: {}}]", "a test needs given"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\ntests: [{given: {}, expect: warn}]",
                "expect must"},
        BadRule{"kind: Policy\nname: a\non: model.call\neffect: allow\ntests: [{given: {models: x}, expect: deny}]",
                "did you mean 'model'"},
        BadRule{"{kind: Policy, name: a, on: model.call, effect: allow}\n---\n"
                "{kind: Policy, name: a, on: model.call, effect: allow}",
                "policies.yaml:3:22: the name 'a' is taken by the policy at policies.yaml:1"}));

TEST(Policy, LeavesOtherKindsAlone) {
  const auto bundle = must_build("{kind: Budget, limit: $5, anything: goes}");
  EXPECT_EQ(bundle->rule_count(), 0U);
}

TEST(Policy, DigestFollowsTheRulesAndNotTheirPlace) {
  const std::string allow = kAllowAll;
  const std::string deny = kContractors;
  const auto digest = [](const std::string& yaml) { return must_build(yaml)->digest(); };
  EXPECT_EQ(digest(allow + "---" + deny), digest("\n\n# moved\n---" + deny + "---" + allow));
  EXPECT_EQ(digest("{kind: Policy, name: r, on: model.call, effect: allow, match: {groups: [a, b]}}"),
            digest("{kind: Policy, name: r, on: model.call, effect: allow, match: {groups: [b, a, b]}}"));
  EXPECT_NE(digest(allow), digest(deny));
  EXPECT_NE(digest(deny), digest(deny + "mode: shadow\n"));
  EXPECT_NE(digest("{kind: Policy, name: r, on: model.call, effect: allow, match: {groups: a}}"),
            digest("{kind: Policy, name: r, on: model.call, effect: allow, not: {groups: a}}"));
  EXPECT_THAT(digest(""), ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
}

TEST(PolicyTests, PassAndFailForTheRightReasons) {
  Built built = build(std::string(kAllowAll) + "---" + kContractors + R"(
tests:
  - {given: {principal: {groups: [contractors]}, model: {tier: frontier}}, expect: deny}
  - {given: {principal: {groups: [contractors]}, model: {tier: small}}, expect: allow}
  - {given: {principal: {groups: [employees]}, model: {tier: frontier}}, expect: deny}
  - {given: {principal: {groups: [contractors]}, model: {tier: frontier}}, expect: allow}
)");
  ASSERT_NE(built.bundle, nullptr) << built.complaint_text();
  const TestReport report = run_rule_tests(*built.bundle, built.documents);
  EXPECT_EQ(report.passed, 2U);
  ASSERT_EQ(report.failures.size(), 2U);
  EXPECT_THAT(report.failures[0].to_string(), HasSubstr("policies.yaml:18:5: test of 'contractors-small'"));
  EXPECT_THAT(report.failures[0].message, HasSubstr("does not"));
  EXPECT_THAT(report.failures[1].message, HasSubstr("expected allow, but the outcome is deny by 'contractors-small'"));
}

TEST(PolicyTests, ADenyThatOnlyTheDefaultGivesIsNotTheRulesOwn) {
  const Built built =
      build(std::string(kContractors) + "tests: [{given: {principal: {groups: [employees]}}, expect: deny}]");
  ASSERT_NE(built.bundle, nullptr);
  EXPECT_EQ(run_rule_tests(*built.bundle, built.documents).failures.size(), 1U);
}

TEST(PolicyTests, AskShadowRulesWhetherTheyMatch) {
  const Built built = build(std::string(kAllowAll) + "---" + kContractors + R"(mode: shadow
tests:
  - {given: {principal: {groups: [contractors]}}, expect: deny}
  - {given: {principal: {groups: [employees]}}, expect: allow}
  - {given: {principal: {groups: [contractors]}}, expect: allow}
)");
  ASSERT_NE(built.bundle, nullptr) << built.complaint_text();
  const TestReport report = run_rule_tests(*built.bundle, built.documents);
  EXPECT_EQ(report.passed, 2U);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].line, 18U);
}

TEST(PolicyTests, TheStarterRulesPassTheirOwn) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(std::string(REEVE_SOURCE_DIR) + "/governance", complaints);
  const auto bundle = Bundle::build(documents, complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  ASSERT_NE(bundle, nullptr);
  const TestReport report = run_rule_tests(*bundle, documents);
  for (const Diagnostic& failure : report.failures) ADD_FAILURE() << failure.to_string();
  EXPECT_GE(report.passed, bundle->rule_count());
}

TEST(PolicyStore, SwapsWholeBundlesWhileReadersKeepTheirs) {
  const auto first = must_build(kAllowAll);
  PolicyStore store(first);
  const auto kept = store.current();
  const auto generation = store.generation();
  store.replace(must_build(""));
  EXPECT_NE(store.generation(), generation);
  EXPECT_EQ(kept->decide(employee()).effect, Effect::kAllow);
  EXPECT_EQ(store.current()->decide(employee()).effect, Effect::kDeny);
}

/// The plain reading of the rules: no index, one rule after the other.
struct PlainRule {
  std::string name;
  bool deny = false;
  std::vector<std::string> groups, models, not_tiers;
};

bool any_fits(const std::vector<std::string>& patterns, const std::vector<std::string_view>& values) {
  for (const auto& pattern : patterns) {
    for (const auto& value : values) {
      if (!value.empty() && glob_match(pattern, value)) return true;
    }
  }
  return false;
}

TEST(Policy, TheIndexDecidesAsAPlainScanWould) {
  std::mt19937 random(20261121);
  const std::vector<std::string> values = {"a", "b", "ab", "ba", "abc"};
  const std::vector<std::string> patterns = {"a", "b", "ab", "a*", "*a", "*", "abc", "a*c"};
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  const auto pick_some = [&] {
    std::vector<std::string> some;
    for (std::size_t i = random() % 3; i > 0; --i) some.push_back(pick(patterns));
    return some;
  };
  const auto write = [](const std::string& key, const std::vector<std::string>& list) {
    std::string text;
    for (const auto& item : list) text += (text.empty() ? "" : ", ") + ("'" + item + "'");
    return list.empty() ? "" : key + ": [" + text + "]";
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<PlainRule> rules(random() % 150);
    std::string yaml;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      rules[i] = {"rule-" + std::to_string(i), random() % 4 == 0, pick_some(), pick_some(), pick_some()};
      const std::string groups = write("groups", rules[i].groups);
      const std::string models = write("models", rules[i].models);
      yaml += "---\n{kind: Policy, name: " + rules[i].name +
              ", on: model.call, message: m, effect: " + (rules[i].deny ? "deny" : "allow") + ", match: {" + groups +
              (groups.empty() || models.empty() ? "" : ", ") + models + "}, not: {" +
              write("tiers", rules[i].not_tiers) + "}}\n";
    }
    const auto bundle = must_build(yaml);
    ASSERT_NE(bundle, nullptr);
    for (int call = 0; call < 30; ++call) {
      const std::vector<std::string> groups = {pick(values), pick(values)};
      const std::string model = pick(values);
      const std::string tier = random() % 3 == 0 ? "" : pick(values);
      ModelCallFacts facts;
      facts.groups = {groups[0], groups[1]};
      facts.model = model;
      facts.tier = tier;
      std::vector<std::string> matched;
      bool denied = false;
      for (const PlainRule& rule : rules) {
        if (!rule.groups.empty() && !any_fits(rule.groups, facts.groups)) continue;
        if (!rule.models.empty() && !any_fits(rule.models, {facts.model})) continue;
        if (any_fits(rule.not_tiers, {facts.tier})) continue;
        matched.push_back(rule.name);
        denied = denied || rule.deny;
      }
      const Decision decision = bundle->decide(facts);
      ASSERT_EQ(decision.matched, matched) << yaml;
      ASSERT_EQ(decision.effect == Effect::kAllow, !denied && !matched.empty());
    }
  }
}

}  // namespace
}  // namespace reeve::policy
