#pragma once

// One rule taken apart: what every part of it comes to for some facts. For explanations and for the coverage of tests;
// the parts go through the same index and programs as decisions do. Private to the policy room.

#include <memory>
#include <string>
#include <vector>

#include "policy/point_program.h"

namespace reeve::policy {

class RuleProbe {
 public:
  /// The rule must be without errors and outlive the probe.
  RuleProbe(const Rule& rule, Point point);

  struct Part {
    std::string text;         // "match groups: [contractors]", 'model.tier != "small"'
    std::vector<Fact> facts;  // that it looks at
  };
  const std::vector<Part>& parts() const { return parts_; }

  struct Reading {
    Outcome outcome = Outcome::kUnset;
    std::string value;  // "true", "false", "error: …", "unknown: FACT"
  };
  /// One for each part. Leaves of || and ! are read too, so not every one of a matching rule holds.
  std::vector<Reading> read(const Facts& facts, Scratch& scratch) const;
  /// How many of the parts that must all hold do not: 1 is a near miss.
  std::size_t missing(const Facts& facts, Scratch& scratch) const;
  /// Whether the rule by itself, enforced and whatever its dates, matches.
  bool matches(const Facts& facts) const;

 private:
  struct Term {
    ValueIndex index;
    Fact fact = Fact::kNow;
    bool negated = false;
  };
  void add_terms(const std::vector<FactPatterns>& patterns, std::string_view key, bool negated);
  static Reading read_term(const Term& term, Scratch::State& state);
  static Reading read_program(const cel::Program& program, Scratch::State& state);
  void begin(const Facts& facts, Scratch::State& state) const;

  Rule alone_;  // a copy that is enforced and has no dates
  PointProgram program_;
  std::unique_ptr<cel::Ast> tree_;
  std::vector<Term> terms_;
  std::vector<std::unique_ptr<const cel::Program>> predicates_;
  std::vector<std::unique_ptr<const cel::Program>> conjuncts_;
  std::vector<Part> parts_;  // the terms', then the predicates'
};

}  // namespace reeve::policy
