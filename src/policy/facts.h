#pragma once

// The facts: everything a rule may name, with its type, where it is there and what it means. One table; docs/facts.md,
// the editor's schema, the checker and every surface follow from it. Private to the policy room but for what policy.h
// says of it.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/cel/type.h"
#include "policy/policy.h"

namespace reeve::policy {

/// Where a fact is there: one bit per decision point.
using PointSet = std::uint32_t;
constexpr PointSet point_bit(Point point) { return 1U << static_cast<unsigned>(point); }

struct FactDescriptor {
  Fact fact;
  std::string_view name;  // as rules write it: "model.tier"
  std::string_view type;  // "string", "list(string)", "list(Finding)", ...
  PointSet points;
  std::string_view match_key;  // how `match` names it: "tiers"; empty when it has no key
  std::string_view text;       // one sentence
  std::string_view example;    // as JSON
  std::string_view recorded;   // where a ledger entry keeps it: "model.tier"; empty when it is not kept
};

std::span<const FactDescriptor> all_facts();
const FactDescriptor& descriptor_of(Fact fact);
const FactDescriptor* find_fact(std::string_view name);
/// The fact that a key of `match` and `not` is compared with.
const FactDescriptor* find_match_key(std::string_view key);

struct PointDescriptor {
  Point point;
  std::string_view name;   // "model.call"
  std::string_view text;   // what is being decided
  bool allows_by_default;  // where no rule speaks
};
std::span<const PointDescriptor> all_points();
std::vector<std::string_view> point_names();
const PointDescriptor& descriptor_of(Point point);

/// A structure's fields, for the schema and the documentation.
std::span<const std::shared_ptr<const cel::Structure>> all_structures();
/// The fact's type with its structure filled in.
cel::Type type_of(Fact fact);
/// What rules on this decision point may name. Slots are the numbers of the facts. Built once.
const cel::Declarations& declarations_of(Point point);

}  // namespace reeve::policy
