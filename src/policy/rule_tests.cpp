#include "policy/bundle.h"

namespace reeve::policy {

namespace {

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

/// What is wrong, or nothing. A test that expects the rule's own effect asks that the rule itself matches, or it could
/// pass because of another rule or the default. Beyond that the whole bundle decides, because that is what people will
/// meet; a rule that is in shadow or off has no say there, so it is only asked whether it matches.
std::string fault_of(const Rule& rule, const RuleTest& test, bool matches, const Decision& decision) {
  const bool own = test.expect == rule.effect;
  if (own && !matches) return "expected this rule to match, but it does not";
  if (rule.mode != Mode::kEnforce) return own || !matches ? "" : "expected this rule not to match, but it does";
  if (test.expect == Effect::kWarn || test.expect == decision.effect) return "";
  return "expected " + std::string(effect_name(test.expect)) + ", but the outcome is " +
         std::string(effect_name(decision.effect)) + " by " +
         (decision.rule.empty() ? "default, as no rule allows it" : "'" + decision.rule + "'") +
         "; rules that matched: " + list(decision.matched);
}

}  // namespace

TestReport run_rule_tests(const Bundle& bundle, const std::vector<YamlValue>& documents) {
  TestReport report;
  for (const YamlValue& document : documents) {
    if (!is_policy(document)) continue;
    const auto rule = read_rule(document, report.failures);
    if (!rule || rule->tests.empty()) continue;
    Rule enforced = *rule;
    enforced.mode = Mode::kEnforce;
    const IndexedBundle alone({enforced});
    for (const RuleTest& test : rule->tests) {
      const bool matches = !alone.decide(test.facts()).matched.empty();
      const std::string fault = fault_of(*rule, test, matches, bundle.decide(test.facts()));
      if (fault.empty()) {
        ++report.passed;
      } else {
        report.failures.push_back(test.source.complain("test of '" + rule->name + "': " + fault));
      }
    }
  }
  return report;
}

}  // namespace reeve::policy
