#pragma once

// The rules and exceptions of one decision point, compiled. Private to the policy room.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "policy/cel/program.h"
#include "policy/condition.h"
#include "policy/pattern_sets.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rule_index.h"

namespace reeve::policy {

/// Conditions read the facts through this: each is asked of its source once a decision.
class FactVariables final : public cel::Variables {
 public:
  FactVariables() : cel::Variables(kFacts) {}
  void begin_decision(const Facts& facts) {
    facts_ = &facts;
    begin();
  }

 protected:
  cel::Value load(std::uint32_t slot, cel::Arena& arena) override;

 private:
  const Facts* facts_ = nullptr;
};

/// What one condition, or all that a rule asks, came to.
enum class Outcome : std::uint8_t { kUnset, kHolds, kFails, kError, kUnknown };

/// A part of some `when` that the index does not answer. Parts with the same text are one, evaluated once a decision.
struct SharedCondition {
  std::string text;
  std::unique_ptr<const cel::Program> program;
};

/// A rule or an exception, as one point sees it.
struct Entry {
  const Rule* rule = nullptr;  // one of these two
  const Exception* exception = nullptr;
  std::vector<std::uint32_t> conditions;  // that must hold beyond the index
  std::vector<IndexTerm> terms;           // that the index answers
  std::vector<std::uint32_t> lifts;       // entries of the rules an exception lifts or an allow relaxes
  std::vector<std::pair<std::string, std::unique_ptr<const cel::Program>>> rewrites;
};

/// One thread's memory for the programs of one bundle.
struct Scratch::State {
  cel::Arena arena;
  FactVariables variables;
  cel::Frame frame{arena, variables, nullptr, cel::kCostLimit, {}};
  RuleBits alive, doubtful, work;
  std::vector<Outcome> outcomes;     // of shared conditions, this decision's
  std::vector<cel::Value> failures;  // what those in error came to
  struct Match {
    std::uint32_t entry = 0;
    Outcome outcome = Outcome::kHolds;
    bool lifted = false;   // by an exception
    bool relaxed = false;  // by a lower layer
  };
  std::vector<Match> matches;  // rules, by name
  struct Candidate {
    std::uint32_t entry = 0;
    bool unknown = false;  // whether it fits is not known yet
    bool may_be_used = false;
    bool used = false;
  };
  std::vector<Candidate> candidates;  // exceptions that fit and live
  std::uint64_t bundle = 0;           // whose pattern memory this is
  std::array<std::unique_ptr<PatternSets::Matches>, kPoints> patterns;
};

class PointProgram {
 public:
  PointProgram(Point point, std::uint64_t bundle) : point_(point), bundle_(bundle) {}

  /// By name, all rules before all exceptions. Rules that are off are left out.
  void add(const Rule& rule, std::vector<Diagnostic>& complaints);
  void add(const Exception& exception, std::vector<Diagnostic>& complaints);
  /// After the last add().
  void seal();

  void decide(const Facts& facts, UseGate* gate, Scratch::State& state, Decision& decision) const;
  bool needs(Fact fact) const { return needed_[static_cast<std::size_t>(fact)]; }
  bool empty() const { return entries_.empty(); }

 private:
  friend class Verdict;
  Entry compile(const Selector& selector, const Layer* layer, std::vector<Diagnostic>& complaints);
  void add_condition(Entry& entry, const cel::Ast& ast, const cel::Node& part, const YamlValue& source,
                     std::vector<Diagnostic>& complaints);
  void note_needs(const cel::Node& node);
  std::uint32_t entry_of_rule(std::string_view name) const;

  void begin(const Facts& facts, Scratch::State& state) const;
  void narrow(Scratch::State& state) const;
  Outcome outcome_of(const Entry& entry, std::uint32_t number, Scratch::State& state) const;
  Outcome condition_outcome(std::uint32_t condition, Scratch::State& state) const;
  Outcome doubt_of(const Entry& entry, Scratch::State& state) const;

  Point point_;
  std::uint64_t bundle_;
  std::vector<Entry> entries_;
  std::size_t rules_ = 0;  // how many of the entries are rules
  RuleIndex index_;
  PatternSets patterns_;
  std::vector<SharedCondition> conditions_;
  std::unordered_map<std::string, std::uint32_t> condition_numbers_;
  std::vector<std::unique_ptr<cel::Ast>> trees_;  // programs use their constants
  std::array<bool, kFacts> needed_{};
  bool needs_now_ = false;
};

}  // namespace reeve::policy
