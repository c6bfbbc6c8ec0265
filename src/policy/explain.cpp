#include <algorithm>
#include <map>

#include "core/bytes.h"
#include "policy/bundle.h"
#include "policy/facts_value.h"
#include "policy/rule_probe.h"

namespace reeve::policy {

namespace {

class Explainer {
 public:
  Explainer(const CompiledBundle& bundle, Point point, const Facts& facts) : bundle_(bundle), facts_(facts) {
    explanation_.point = point;
    explanation_.bundle = bundle.digest();
    explanation_.input = input_digest(point, facts);
  }

  Explanation run(UseGate* gate) {
    bundle_.decide(explanation_.point, facts_, gate, scratch_, explanation_.decision);
    std::multimap<int, RuleExplanation> ranked;  // of the same rank in file order
    for (const Rule& rule : bundle_.sources()) {
      const auto& points = rule.info.points;
      if (std::find(points.begin(), points.end(), explanation_.point) == points.end()) continue;
      RuleExplanation told = explain_rule(rule);
      ranked.emplace(rank(told), std::move(told));
    }
    for (auto& [rank, told] : ranked) explanation_.rules.push_back(std::move(told));
    return std::move(explanation_);
  }

 private:
  /// One thing was missing, and something was there.
  static bool near_miss(const RuleExplanation& rule) { return rule.failed == 1 && rule.predicates.size() > 1; }

  static int rank(const RuleExplanation& rule) {
    if (rule.standing == "decisive") return 0;
    if (rule.matched) return rule.counted ? 1 : 2;
    return near_miss(rule) ? 3 : 4;
  }

  RuleExplanation explain_rule(const Rule& rule) {
    const RuleProbe probe(rule, explanation_.point);
    RuleExplanation told;
    told.rule = &rule.info;
    const auto readings = probe.read(facts_, scratch_);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      PredicateValue predicate{probe.parts()[i].text, readings[i].value, {}};
      for (const Fact fact : probe.parts()[i].facts) {
        predicate.facts.emplace_back(fact_name(fact), display(fact));
      }
      told.predicates.push_back(std::move(predicate));
    }
    told.failed = probe.missing(facts_, scratch_);
    told.matched = probe.matches(facts_);
    const auto& counted = explanation_.decision.matched;
    told.counted = std::find(counted.begin(), counted.end(), &rule.info) != counted.end();
    told.standing = standing_of(rule.info, told);
    return told;
  }

  std::string standing_of(const RuleInfo& rule, const RuleExplanation& told) const {
    const Decision& decision = explanation_.decision;
    if (decision.rule == &rule) return "decisive";
    if (told.counted) return "matched";
    if (!told.matched) return near_miss(told) ? "near miss" : "no match";
    if (rule.mode == Mode::kShadow) return "matched, in shadow";
    if (rule.mode == Mode::kOff) return "matched, but off";
    if (std::find(decision.relaxed.begin(), decision.relaxed.end(), &rule) != decision.relaxed.end()) {
      return "matched, relaxed by a lower layer";
    }
    for (const ExceptionInfo* exception : decision.exceptions) {
      if (std::find(exception->rules.begin(), exception->rules.end(), rule.name) != exception->rules.end()) {
        return "matched, lifted by the exception " + exception->name;
      }
    }
    return "matched, outside its dates";
  }

  /// As a person reads it, cut: the facts may hold a whole prompt.
  std::string display(Fact fact) const {
    cel::Arena arena;
    bool present = false;
    const cel::Value value = read_fact(facts_, fact, arena, &present);
    if (!present) return "absent";
    return cel::to_display(value, 120);
  }

  const CompiledBundle& bundle_;
  const Facts& facts_;
  Scratch scratch_;
  Explanation explanation_;
};

}  // namespace

Explanation explain(const Bundle& bundle, Point point, const Facts& facts, UseGate* gate) {
  return Explainer(compiled(bundle), point, facts).run(gate);
}

}  // namespace reeve::policy
