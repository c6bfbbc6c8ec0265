#pragma once

// Conditions: a rule's `when` as one decision point sees it, and which parts of it the index can answer. Private to the
// policy room.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/cel/ast.h"
#include "policy/facts.h"
#include "policy/rule.h"

namespace reeve::policy {

/// Something the index answers: the fact fits one of these (or, negated, none of them).
struct IndexTerm {
  Fact fact = Fact::kNow;
  std::vector<std::string> patterns;
  bool literal = false;  // `*` stands for itself
  bool negated = false;
};

/// Parses and checks an expression against a point's facts. `wanted`: the type it must have, bool or string. Complaints
/// point into the scalar it stands in. Null when something is wrong.
std::unique_ptr<cel::Ast> read_expression(const std::string& text, const YamlValue& source, Point point,
                                          cel::Kind wanted, std::vector<Diagnostic>& complaints);

/// The parts that must all hold: a && (b && c) is a, b, c.
std::vector<const cel::Node*> conjuncts_of(const cel::Node& node);
/// The leaves of &&, || and !: what is true or false by itself.
std::vector<const cel::Node*> predicates_of(const cel::Node& node);

/// What the index can answer of this part, or nothing.
std::optional<IndexTerm> index_term(const cel::Node& node);

}  // namespace reeve::policy
