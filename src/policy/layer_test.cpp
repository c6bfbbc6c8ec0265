// Layers: lower ones tighten, and relax only what says that it may be relaxed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;

std::string rule(const std::string& name, const std::string& rest) {
  return "---\n{kind: Policy, name: " + name + ", on: model.call, message: " + name + "!, effect: " + rest + "}\n";
}
const std::string kOrganisation = rule("a", "allow") + rule("d", "deny, relaxable: true");
constexpr std::string_view kPayments = R"({"principal":{"team":"payments"},"repo":"acme/payments"})";

TEST(Layers, HoldForTheirOwnTeamOrRepositoryOnly) {
  for (const char* layer : {"{team: payments}", "{repo: acme/payments}"}) {
    const auto bundle = must_build(rule("a", "allow") + rule("t", std::string("deny, layer: ") + layer));
    EXPECT_EQ(verdict_of(decide(*bundle, kPayments)), "deny by t") << layer;
    EXPECT_EQ(verdict_of(decide(*bundle, R"({"principal":{"team":"payments2"},"repo":"acme/payments-ui"})")),
              "allow by a");
    EXPECT_EQ(verdict_of(decide(*bundle, "{}")), "allow by a") << layer;
  }
}

TEST(Layers, AreNarrowedByMatchesOnTheSameFact) {
  const auto bundle =
      must_build(rule("a", "allow") + rule("t", "deny, layer: {team: payments}, match: {teams: [pay*, other]}") +
                 rule("u", "deny, layer: {team: payments}, match: {teams: other}"));
  EXPECT_EQ(names(decide(*bundle, kPayments).matched), "a,t");
  EXPECT_EQ(names(decide(*bundle, R"({"principal":{"team":"other"}})").matched), "a");
}

TEST(Layers, RelaxWhatIsRelaxable) {
  const auto bundle = must_build(kOrganisation + rule("t", "allow, layer: {team: payments}, relaxes: [d]"));
  const Decision decision = decide(*bundle, kPayments);
  EXPECT_EQ(verdict_of(decision), "allow by a");
  EXPECT_EQ(names(decision.relaxed), "d");
  EXPECT_EQ(names(decision.matched), "a,t");
  EXPECT_EQ(verdict_of(decide(*bundle, "{}")), "deny by d");
}

TEST(Layers, OpenNothingThatOnlyTheDefaultCloses) {
  const auto bundle =
      must_build(rule("d", "deny, relaxable: true") + rule("t", "allow, layer: {team: payments}, relaxes: [d]"));
  const Decision decision = decide(*bundle, kPayments);
  EXPECT_EQ(verdict_of(decision), "deny by default");
  EXPECT_EQ(names(decision.relaxed), "d");
}

TEST(Layers, RelaxOnlyWhereTheirRuleHoldsAndIsEnforced) {
  for (const char* rest : {"mode: shadow", "mode: off", "when: request.tokens > 5", "since: 2027-01-01"}) {
    const auto bundle =
        must_build(kOrganisation + rule("t", "allow, layer: {team: payments}, relaxes: [d], " + std::string(rest)));
    EXPECT_EQ(verdict_of(decide(*bundle, R"({"now":"2026-12-01","principal":{"team":"payments"}})")), "deny by d")
        << rest;
  }
  const auto failing = must_build(
      kOrganisation + rule("t", "allow, layer: {team: payments}, relaxes: [d], when: 1 / request.tokens > 5"));
  EXPECT_EQ(verdict_of(decide(*failing, kPayments)), "deny by d");
}

TEST(Layers, ARelaxedRelaxationRelaxesNothingWhateverTheOrder) {
  const std::string team = rule("t", "allow, layer: {team: payments}, relaxable: true, relaxes: [d]");
  const std::string repository = rule("r", "allow, layer: {repo: acme/payments}, relaxes: [t]");
  for (const std::string& yaml : {kOrganisation + team + repository, repository + team + kOrganisation}) {
    const Decision decision = decide(*must_build(yaml), kPayments);
    EXPECT_EQ(decision.effect, Effect::kDeny) << yaml;
    EXPECT_EQ(decision.relaxed.size(), 1U);
  }
}

TEST(Layers, MayOnlyTighten) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {kOrganisation + rule("t", "allow, layer: {team: p}"), "a lower layer may only tighten"},
      {kOrganisation + rule("t", "allow, relaxes: [d]"), "'relaxes' is for rules of a team's or a repository's layer"},
      {kOrganisation + rule("t", "allow, layer: {team: p}, relaxes: [a]"), "is not marked 'relaxable: true'"},
      {kOrganisation + rule("t", "allow, layer: {team: p}, relaxes: [x]"), "there is no policy 'x'"},
      {rule("x", "deny, relaxable: true, layer: {team: p}") + rule("t", "allow, layer: {team: p}, relaxes: [x]"),
       "the policy 'x' is not of a higher layer"},
      {rule("x", "deny, relaxable: true, layer: {repo: p}") + rule("t", "allow, layer: {team: p}, relaxes: [x]"),
       "the policy 'x' is not of a higher layer"},
      {rule("t", "deny, layer: payments"), "'layer' is {team: NAME} or {repo: NAME}"},
      {rule("t", "deny, layer: {}"), "'layer' is {team: NAME} or {repo: NAME}"},
      {rule("t", "deny, layer: {team: a, repo: b}"), "'layer' is {team: NAME} or {repo: NAME}"},
      {rule("t", "deny, layer: {tean: a}"), "unknown key 'tean'; did you mean 'team'?"},
      {rule("t", "deny, layer: {team: 'a*'}"), "a layer names one team or one repository"},
      {rule("t", "deny, layer: {team: ''}"), "a layer names one team or one repository"}};
  for (const auto& [yaml, complaint] : wrong) {
    const Built built = build(yaml);
    EXPECT_EQ(built.bundle, nullptr) << yaml;
    EXPECT_THAT(built.text(), HasSubstr(complaint)) << yaml;
  }
  EXPECT_NE(must_build(rule("t", "deny, layer: org")), nullptr);
}

}  // namespace
}  // namespace reeve::policy
