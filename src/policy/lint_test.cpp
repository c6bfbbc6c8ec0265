// What is probably not meant, and what must not be suspected.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;

std::string rule(const std::string& name, const std::string& rest) {
  return "{kind: Policy, name: " + name + ", on: model.call, message: m, " + rest + "}\n---\n";
}

std::string linted(const std::string& yaml) {
  const auto bundle = must_build(yaml);
  std::vector<Diagnostic> complaints;
  if (bundle != nullptr) lint(*bundle, *parse_time("2026-12-01T00:00:00Z"), complaints);
  EXPECT_FALSE(has_errors(complaints)) << yaml;
  std::string text;
  for (const Diagnostic& complaint : complaints) text += complaint.to_string() + "\n";
  return text;
}

TEST(Lint, ComplainsInPlace) {
  const std::vector<std::pair<std::string, std::string>> doubtful = {
      {rule("a", "effect: allow, until: 2026-12-01"), "p.yaml:1:75: warning: the policy 'a' is over since 2026-12-01"},
      {rule("a", "effect: deny") + rule("b", "effect: allow"),
       "p.yaml:3:1: warning: the policy 'b' can never allow anything"},
      {rule("b", "effect: allow") + rule("a", "effect: deny"),
       "p.yaml:1:1: warning: the policy 'b' can never allow anything"},
      {rule("a", "effect: deny, match: {groups: a*}") + rule("b", "effect: deny, match: {groups: [ab, ac], tiers: x}"),
       "the policy 'b' is shadowed by the broader 'a' at p.yaml:1"},
      {rule("a", "effect: deny, not: {tiers: x}") + rule("b", "effect: deny, not: {tiers: [x, y]}"),
       "'b' is shadowed by"},
      {rule("a", "effect: deny, when: repo == 'x'") + rule("b", "effect: deny, match: {repos: x}"),
       "'b' is shadowed by"},
      {rule("a", "effect: deny, when: request.bytes > 3") +
           rule("b", "effect: deny, when: 'request.bytes > 3 && request.stream'"),
       "'b' is shadowed by"},
      {rule("a", "effect: allow, when: 'true'"), "the condition of the policy 'a' is always true"},
      {rule("a", "effect: allow, when: 1 > 2"), "the policy 'a' can never match: its condition is always false"},
      {rule("a", "effect: allow, when: 'request.stream && repo == repo'"),
       "p.yaml:1:93: warning: 'repo == repo' is always true"},
      {rule("a", "effect: allow, when: 'request.stream || !request.stream'"), "is always true"},
      {rule("a", "effect: allow, when: 'repo == \"a\" || repo != \"a\"'"), "is always true"},
      {rule("a", "effect: allow, match: {tiers: small}, not: {tiers: '*'}"),
       "the policy 'a' can never match: what it asks of 'model.tier' cannot hold together"},
      {rule("a", "effect: allow, match: {tiers: small}, when: model.tier == 'large'"), "can never match"},
      {rule("a", "effect: allow, when: 'repo == \"a\" && repo == \"b\"'"), "can never match"},
      {rule("a", "effect: allow, when: 'repo == \"a\" && repo != \"a\"'"), "can never match"},
      {rule("a", "effect: allow, when: 'repo.matches(\"\\\\pL{100}\")'"), "this regular expression is costly"},
      {rule("a", "effect: deny") +
           "{kind: Exception, name: e, rules: [a], reason: r, requested_by: x, approved_by: y, ends: 2026-11-30}",
       "the exception 'e' has expired at 2026-11-30"}};
  for (const auto& [yaml, complaint] : doubtful) EXPECT_THAT(linted(yaml), HasSubstr(complaint)) << yaml;
}

TEST(Lint, SuspectsNothingThatHasAMeaning) {
  const std::vector<std::string> sound = {
      rule("a", "effect: allow") + rule("b", "effect: deny, match: {groups: x}"),
      rule("a", "effect: allow, until: 2026-12-02"),
      rule("a", "effect: deny, until: 2027-01-01") + rule("b", "effect: allow"),
      rule("a", "effect: deny, mode: shadow") + rule("b", "effect: allow"),
      rule("a", "effect: deny, match: {groups: [ab]}") + rule("b", "effect: deny, match: {groups: a*}"),
      rule("a", "effect: deny, match: {groups: x, tiers: y}") + rule("b", "effect: deny, match: {groups: x}"),
      rule("a", "effect: deny, layer: {team: p}") + rule("b", "effect: deny, match: {groups: x}"),
      rule("a", "effect: ask") + rule("b", "effect: deny"),
      rule("a", "effect: deny, match: {groups: x}, not: {groups: x*y}"),
      // A list may hold both.
      rule("a", "effect: allow, when: '\"a\" in principal.groups && \"b\" in principal.groups'"),
      // A star in a condition is a star.
      rule("a", "effect: allow, match: {models: 'a*'}, when: model.name != 'a*'"),
      rule("a", "effect: deny, when: model.name == 'a*'") + rule("b", "effect: deny, match: {models: 'a*'}"),
      rule("a", "effect: deny, relaxable: true") + rule("b", "effect: allow") +
          rule("t", "effect: allow, layer: {team: p}, relaxes: [a]"),
      // What an exception opens, others may still close or allow.
      rule("a", "effect: deny") + rule("b", "effect: allow") +
          "{kind: Exception, name: e, rules: [a], reason: r, requested_by: x, approved_by: y, ends: 2027-01-01}",
      rule("a", "effect: deny, match: {groups: x*}") + rule("b", "effect: deny, match: {groups: xy}") +
          "{kind: Exception, name: e, rules: [a], reason: r, requested_by: x, approved_by: y, ends: 2027-01-01}",
      rule("a", "effect: allow, when: 'repo.matches(\"^acme/[a-z-]+$\")'")};
  for (const std::string& yaml : sound) EXPECT_EQ(linted(yaml), "") << yaml;
}

}  // namespace
}  // namespace reeve::policy
