#include "policy/point_program.h"

#include <algorithm>
#include <bit>

#include "core/check.h"
#include "policy/facts_value.h"

namespace reeve::policy {

namespace {

std::vector<IndexTerm> terms_of(const std::vector<FactPatterns>& patterns, bool negated) {
  std::vector<IndexTerm> terms;
  terms.reserve(patterns.size());
  for (const FactPatterns& fact : patterns) terms.push_back({fact.fact, fact.patterns, false, negated});
  return terms;
}

bool has_positive(const std::vector<IndexTerm>& terms, Fact fact) {
  return std::any_of(terms.begin(), terms.end(), [&](const IndexTerm& t) { return t.fact == fact && !t.negated; });
}

}  // namespace

cel::Value FactVariables::load(std::uint32_t slot, cel::Arena& arena) {
  return read_fact(*facts_, static_cast<Fact>(slot), arena);
}

void PointProgram::note_needs(const cel::Node& node) {
  if (node.slot < kFacts) needed_[node.slot] = true;
  for (const cel::Node* operand : node.operands) note_needs(*operand);
}

void PointProgram::add_condition(Entry& entry, const cel::Ast& ast, const cel::Node& part, const YamlValue& source,
                                 std::vector<Diagnostic>& complaints) {
  std::string text = cel::to_text(part);
  if (const auto known = condition_numbers_.find(text); known != condition_numbers_.end()) {
    entry.conditions.push_back(known->second);
    return;
  }
  std::vector<cel::Fault> faults;
  auto program = cel::Program::compile(ast, part, faults, &patterns_);
  for (const cel::Fault& fault : faults) complaints.push_back(source.complain_at(fault.offset, fault.message));
  if (!program) return;
  const auto number = static_cast<std::uint32_t>(conditions_.size());
  condition_numbers_.emplace(text, number);
  conditions_.push_back({std::move(text), std::move(program)});
  entry.conditions.push_back(number);
}

Entry PointProgram::compile(const Selector& selector, const Layer* layer, std::vector<Diagnostic>& complaints) {
  Entry entry;
  entry.terms = terms_of(selector.match, false);
  for (IndexTerm& term : terms_of(selector.except, true)) entry.terms.push_back(std::move(term));

  if (layer != nullptr && layer->kind != Layer::Kind::kOrganisation) {
    const Fact fact = layer->kind == Layer::Kind::kTeam ? Fact::kPrincipalTeam : Fact::kRepo;
    if (!has_positive(entry.terms, fact)) {
      entry.terms.push_back({fact, {layer->name}, true, false});
    } else {
      // Both hold: the layer's own and what the rule asks besides.
      std::string quoted;
      append_json_string(quoted, layer->name);
      const std::string scope = std::string(fact_name(fact)) + " == " + quoted;
      if (auto ast = read_expression(scope, selector.match_source, point_, cel::Kind::kBool, complaints)) {
        add_condition(entry, *ast, *ast->root, selector.match_source, complaints);
        trees_.push_back(std::move(ast));
      }
    }
  }
  if (!selector.when.empty()) {
    if (auto ast = read_expression(selector.when, selector.when_source, point_, cel::Kind::kBool, complaints)) {
      note_needs(*ast->root);
      for (const cel::Node* part : conjuncts_of(*ast->root)) {
        auto term = index_term(*part);
        if (term && (term->negated || !has_positive(entry.terms, term->fact))) {
          entry.terms.push_back(*std::move(term));
        } else {
          add_condition(entry, *ast, *part, selector.when_source, complaints);
        }
      }
      trees_.push_back(std::move(ast));
    }
  }
  for (const IndexTerm& term : entry.terms) needed_[static_cast<std::size_t>(term.fact)] = true;
  return entry;
}

void PointProgram::add(const Rule& rule, std::vector<Diagnostic>& complaints) {
  Entry entry = compile(rule.selector, &rule.info.layer, complaints);
  entry.rule = &rule;
  for (const RewriteSource& rewrite : rule.rewrites) {
    auto ast = read_expression(rewrite.expression, rewrite.source, point_, cel::Kind::kString, complaints);
    if (!ast) continue;
    note_needs(*ast->root);
    std::vector<cel::Fault> faults;
    auto program = cel::Program::compile(*ast, faults, &patterns_);
    for (const cel::Fault& fault : faults)
      complaints.push_back(rewrite.source.complain_at(fault.offset, fault.message));
    if (program) entry.rewrites.emplace_back(rewrite.target, std::move(program));
    trees_.push_back(std::move(ast));
  }
  if (rule.info.mode == Mode::kOff) return;
  if (rule.info.since || rule.info.until) needs_now_ = true;
  if (rule.info.approval) {
    needs_now_ = true;
    needed_[static_cast<std::size_t>(Fact::kApprovals)] = true;
    needed_[static_cast<std::size_t>(Fact::kPrincipalId)] = true;
  }
  if (!rule.info.check.empty()) needed_[static_cast<std::size_t>(Fact::kChecks)] = true;
  entries_.push_back(std::move(entry));
  rules_ = entries_.size();
}

void PointProgram::add(const Exception& exception, std::vector<Diagnostic>& complaints) {
  Entry entry = compile(exception.selector, nullptr, complaints);
  entry.exception = &exception;
  for (const std::string& rule : exception.info.rules) {
    const std::uint32_t number = entry_of_rule(rule);
    if (number < rules_) entry.lifts.push_back(number);
  }
  needs_now_ = true;
  if (!exception.info.compensating_check.empty()) needed_[static_cast<std::size_t>(Fact::kChecks)] = true;
  if (!entry.lifts.empty()) entries_.push_back(std::move(entry));
}

std::uint32_t PointProgram::entry_of_rule(std::string_view name) const {
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].rule != nullptr && entries_[i].rule->info.name == name) return i;
  }
  return static_cast<std::uint32_t>(entries_.size());
}

void PointProgram::seal() {
  for (Entry& entry : entries_) {
    if (entry.rule == nullptr) continue;
    for (const std::string& relaxed : entry.rule->info.relaxes) {
      const std::uint32_t number = entry_of_rule(relaxed);
      if (number < rules_) entry.lifts.push_back(number);
    }
  }
  for (std::uint32_t i = 0; i < entries_.size(); ++i) index_.add(i, entries_[i].terms);
  index_.seal(entries_.size());
  patterns_.seal();
  condition_numbers_.clear();
  if (needs_now_) needed_[static_cast<std::size_t>(Fact::kNow)] = true;
}

// ---- Deciding ----

void PointProgram::begin(const Facts& facts, Scratch::State& state) const {
  if (state.bundle != bundle_) {
    state.patterns = {};
    state.bundle = bundle_;
  }
  auto& patterns = state.patterns[static_cast<std::size_t>(point_)];
  if (!patterns) patterns = std::make_unique<PatternSets::Matches>(&patterns_);
  state.arena.reset();
  state.variables.begin_decision(facts);
  patterns->begin();
  state.frame.patterns = patterns.get();
  state.outcomes.assign(conditions_.size(), Outcome::kUnset);
  state.failures.resize(std::max(state.failures.size(), conditions_.size()));
  state.matches.clear();
  state.candidates.clear();
}

void PointProgram::narrow(Scratch::State& state) const {
  const std::size_t words = index_.words();
  state.alive.assign(words, ~0ULL);
  if (words > 0 && entries_.size() % 64 != 0) state.alive.back() = (1ULL << (entries_.size() % 64)) - 1;
  state.doubtful.assign(words, 0);
  state.work.resize(words);
  RuleIndex::Narrowed bits{state.alive, state.doubtful, state.work};
  index_.narrow(bits, [&](Fact fact) { return state.variables.get(static_cast<std::uint32_t>(fact), state.arena); });
}

Outcome PointProgram::condition_outcome(std::uint32_t condition, Scratch::State& state) const {
  Outcome& known = state.outcomes[condition];
  if (known != Outcome::kUnset) return known;
  state.frame.cost_left = cel::kCostLimit;
  const cel::Value value = conditions_[condition].program->run(state.frame);
  if (value.is(cel::Kind::kBool)) {
    known = value.boolean ? Outcome::kHolds : Outcome::kFails;
  } else if (value.is_unknown()) {
    known = Outcome::kUnknown;
    state.failures[condition] = value;
  } else {
    known = Outcome::kError;
    state.failures[condition] =
        value.is_error() ? value
                         : cel::make_error(state.arena, cel::ErrorKind::kNoSuchOverload, "the condition is no bool");
  }
  return known;
}

/// A rule whose index terms name a fact that is unknown or in error was not narrowed away by it.
Outcome PointProgram::doubt_of(const Entry& entry, Scratch::State& state) const {
  Outcome doubt = Outcome::kHolds;
  for (const IndexTerm& term : entry.terms) {
    const cel::Value value = state.variables.get(static_cast<std::uint32_t>(term.fact), state.arena);
    if (value.is_unknown()) return Outcome::kUnknown;
    if (value.is_error()) doubt = Outcome::kError;
  }
  return doubt;
}

Outcome PointProgram::outcome_of(const Entry& entry, std::uint32_t number, Scratch::State& state) const {
  Outcome whole = has_bit(state.doubtful, number) ? doubt_of(entry, state) : Outcome::kHolds;
  for (const std::uint32_t condition : entry.conditions) {
    const Outcome outcome = condition_outcome(condition, state);
    if (outcome == Outcome::kFails) return Outcome::kFails;  // whatever the others are
    if (outcome == Outcome::kUnknown || (outcome == Outcome::kError && whole != Outcome::kUnknown)) whole = outcome;
  }
  return whole;
}

}  // namespace reeve::policy
