#include "policy/rule_probe.h"

#include <algorithm>

#include "policy/facts_value.h"

namespace reeve::policy {

namespace {

void collect_facts(const cel::Node& node, std::vector<Fact>& facts) {
  if (node.slot < kFacts) {
    const auto fact = static_cast<Fact>(node.slot);
    if (std::find(facts.begin(), facts.end(), fact) == facts.end()) facts.push_back(fact);
  }
  for (const cel::Node* operand : node.operands) collect_facts(*operand, facts);
}

Rule enforced_copy(const Rule& rule) {
  Rule copy = rule;
  copy.info.mode = Mode::kEnforce;
  copy.info.since.reset();
  copy.info.until.reset();
  copy.info.relaxes.clear();
  return copy;
}

}  // namespace

RuleProbe::RuleProbe(const Rule& rule, Point point) : alone_(enforced_copy(rule)), program_(point, 0) {
  std::vector<Diagnostic> ignored;  // the rule was built before
  program_.add(alone_, ignored);
  program_.seal();
  add_terms(rule.selector.match, "match", false);
  add_terms(rule.selector.except, "not", true);
  if (rule.selector.when.empty()) return;
  tree_ = read_expression(rule.selector.when, rule.selector.when_source, point, cel::Kind::kBool, ignored);
  if (!tree_) return;
  std::vector<cel::Fault> faults;
  for (const cel::Node* leaf : predicates_of(*tree_->root)) {
    predicates_.push_back(cel::Program::compile(*tree_, *leaf, faults));
    Part part{cel::to_text(*leaf), {}};
    collect_facts(*leaf, part.facts);
    parts_.push_back(std::move(part));
  }
  for (const cel::Node* conjunct : conjuncts_of(*tree_->root)) {
    conjuncts_.push_back(cel::Program::compile(*tree_, *conjunct, faults));
  }
}

void RuleProbe::add_terms(const std::vector<FactPatterns>& patterns, std::string_view key, bool negated) {
  for (const FactPatterns& fact : patterns) {
    Term term;
    term.fact = fact.fact;
    term.negated = negated;
    term.index.add(0, {fact.fact, fact.patterns, false, negated});
    term.index.seal(1);
    terms_.push_back(std::move(term));
    std::string text = std::string(key) + " " + std::string(descriptor_of(fact.fact).match_key) + ": [";
    for (std::size_t i = 0; i < std::min<std::size_t>(fact.patterns.size(), 5); ++i) {
      text.append(i == 0 ? "" : ", ").append(fact.patterns[i]);
    }
    parts_.push_back({text + (fact.patterns.size() > 5 ? ", …]" : "]"), {fact.fact}});
  }
}

void RuleProbe::begin(const Facts& facts, Scratch::State& state) const {
  state.arena.reset();
  state.variables.begin_decision(facts);
  state.frame.patterns = nullptr;
}

RuleProbe::Reading RuleProbe::read_term(const Term& term, Scratch::State& state) {
  const cel::Value value = state.variables.get(static_cast<std::uint32_t>(term.fact), state.arena);
  if (value.is_unknown()) return {Outcome::kUnknown, "unknown: " + std::string(value.text())};
  if (value.is_error()) return {Outcome::kError, "error: " + std::string(value.error->message)};
  RuleBits bits(1, 0);
  mark_value(term.index, value, bits);
  const bool holds = (bits[0] != 0) != term.negated;
  return {holds ? Outcome::kHolds : Outcome::kFails, holds ? "true" : "false"};
}

RuleProbe::Reading RuleProbe::read_program(const cel::Program& program, Scratch::State& state) {
  state.frame.cost_left = cel::kCostLimit;
  const cel::Value value = program.run(state.frame);
  if (value.is_true()) return {Outcome::kHolds, "true"};
  if (value.is_false()) return {Outcome::kFails, "false"};
  if (value.is_unknown()) return {Outcome::kUnknown, "unknown: " + std::string(value.text())};
  return {Outcome::kError, value.is_error() ? "error: " + std::string(value.error->message) : "error: no bool"};
}

std::vector<RuleProbe::Reading> RuleProbe::read(const Facts& facts, Scratch& scratch) const {
  Scratch::State& state = scratch.state();
  begin(facts, state);
  std::vector<Reading> readings;
  readings.reserve(terms_.size() + predicates_.size());
  for (const Term& term : terms_) readings.push_back(read_term(term, state));
  for (const auto& predicate : predicates_) readings.push_back(read_program(*predicate, state));
  return readings;
}

std::size_t RuleProbe::missing(const Facts& facts, Scratch& scratch) const {
  Scratch::State& state = scratch.state();
  begin(facts, state);
  std::size_t missing = 0;
  for (const Term& term : terms_) missing += read_term(term, state).outcome == Outcome::kHolds ? 0U : 1U;
  for (const auto& part : conjuncts_) missing += read_program(*part, state).outcome == Outcome::kHolds ? 0U : 1U;
  return missing;
}

bool RuleProbe::matches(const Facts& facts) const {
  Decision decision;
  Scratch scratch;
  program_.decide(facts, nullptr, scratch.state(), decision);
  return !decision.matched.empty();
}

}  // namespace reeve::policy
