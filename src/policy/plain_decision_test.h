#pragma once

// docs/policy.md read plainly: every rule looked at by itself, one after the other. What the bundle decides is compared
// with it. For this room's tests only.

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/point_program.h"
#include "policy/random_rules_test.h"

namespace reeve::policy {

struct PlainDecision {
  Effect effect = Effect::kDeny;
  std::string rule, matched, shadow, relaxed, exceptions, ended, errors, rewrites;
  Effect shadow_effect = Effect::kDeny;
  bool undetermined = false;  // it hangs on facts that are not known
  bool operator==(const PlainDecision&) const = default;
};
std::ostream& operator<<(std::ostream& out, const PlainDecision& decision);

class PlainReader {
 public:
  PlainReader(const Bundle& bundle, const std::vector<RandomSource>& sources);
  PlainDecision decide(Point point, const Facts& facts, UseGate& gate) const;

 private:
  friend class PlainVerdict;
  /// What the rule or exception comes to for these facts.
  Outcome outcome(const RandomSource& source, const Layer* layer, Point point, const Facts& facts) const;
  cel::Value run(const std::string& expression, Point point, const Facts& facts, cel::Arena& arena) const;
  struct Expression {
    std::unique_ptr<cel::Ast> tree;
    std::unique_ptr<const cel::Program> program;
  };
  const Expression& expression(const std::string& text, Point point) const;

  const Bundle& bundle_;
  std::map<std::string, const RandomSource*> sources_;
  mutable std::map<std::pair<Point, std::string>, Expression> expressions_;
};

}  // namespace reeve::policy
