// Random rules and facts, decided by the bundle and by a plain reading of docs/policy.md: every rule looked at by
// itself, its `when` run whole, no index, nothing shared. REEVE_PROPERTY_CASES sets how many decisions are compared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "policy/bundle_for_tests.h"
#include "policy/plain_decision_test.h"
#include "policy/random_rules_test.h"

namespace reeve::policy {
namespace {

std::size_t cases_wanted() {
  const char* given = std::getenv("REEVE_PROPERTY_CASES");
  return given == nullptr ? 20'000 : static_cast<std::size_t>(std::strtoull(given, nullptr, 10));
}

std::string error_names(const Decision& decision) {
  std::string text;
  for (const RuleError& error : decision.errors) text += (text.empty() ? "" : ",") + error.rule->name;
  return text;
}

PlainDecision told(const Decision& decision) {
  PlainDecision plain;
  plain.effect = decision.effect;
  plain.rule = decision.rule == nullptr ? "" : decision.rule->name;
  plain.matched = names(decision.matched);
  plain.shadow = names(decision.shadow);
  plain.relaxed = names(decision.relaxed);
  plain.exceptions = names(decision.exceptions);
  plain.errors = error_names(decision);
  plain.shadow_effect = decision.shadow_effect;
  plain.undetermined = !decision.unknown.empty();
  for (const EndedException& ended : decision.ended) {
    plain.ended += ended.exception->name + " " + std::string(ended_reason(ended.why)) + ",";
  }
  for (const Rewrite& rewrite : decision.rewrites) {
    plain.rewrites +=
        (plain.rewrites.empty() ? "" : ",") + std::string(JsonDocument::parse(rewrite.json)->root().string_or("?"));
  }
  if (plain.undetermined) plain.rule.clear();
  return plain;
}

/// Lets a fixed set of exceptions be used, whatever was used before.
class FixedGate final : public UseGate {
 public:
  explicit FixedGate(bool admits) : admits_(admits) {}
  bool admit(const ExceptionInfo& exception) override { return admits_ || exception.name.back() % 2 == 0; }

 private:
  bool admits_;
};

TEST(DecisionProperty, TheBundleDecidesAsAPlainReadingOfTheRulesDoes) {
  constexpr std::size_t kDecisionsPerSet = 40;
  const std::size_t wanted = cases_wanted();
  std::mt19937_64 random(20261123);
  Scratch scratch;  // moves from bundle to bundle
  Decision decision;
  std::map<std::string, std::size_t> seen;
  for (std::size_t done = 0; done < wanted;) {
    const RandomRules rules(random);
    const Built built = build(rules.yaml());
    ASSERT_NE(built.bundle, nullptr) << built.text() << rules.yaml();
    const PlainReader reader(*built.bundle, rules.sources());
    for (std::size_t i = 0; i < kDecisionsPerSet && done < wanted; ++i, ++done) {
      const Point point = rules.point(random);
      const RandomFacts facts(point, random);
      FixedGate gate(random() % 2 == 0);
      built.bundle->decide(point, facts, &gate, scratch, decision);
      const PlainDecision expected = reader.decide(point, facts, gate);
      ASSERT_EQ(told(decision), expected) << point_name(point) << "\n" << facts.text() << "\n" << rules.yaml();
      ++seen[std::string(effect_name(decision.effect))];
      if (!decision.exceptions.empty()) ++seen["exception"];
      if (!decision.ended.empty()) ++seen["ended"];
      if (!decision.errors.empty()) ++seen["error"];
      if (!decision.unknown.empty()) ++seen["unknown"];
      if (!decision.relaxed.empty()) ++seen["relaxed"];
      if (!decision.shadow.empty()) ++seen["shadow"];
      if (decision.shadow_effect != decision.effect) ++seen["shadow changes"];
    }
  }
  // Whatever the rules can come to must have come.
  if (wanted < 20'000) return;
  for (const char* what : {"allow", "deny", "require", "ask", "redact", "route", "degrade", "exception", "ended",
                           "error", "unknown", "relaxed", "shadow", "shadow changes"}) {
    EXPECT_GT(seen[what], wanted / 500) << what;
  }
}

}  // namespace
}  // namespace reeve::policy
