// The table of identifiers' checkers, put together from the regions.

#include <algorithm>
#include <array>

#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

constexpr std::array kRegions = {
    north_american_rules,  british_rules,
    west_european_rules,   south_european_rules,
    north_european_rules,  east_european_rules,
    east_asian_rules,      south_asian_rules,
    latin_american_rules,  african_and_middle_eastern_rules,
    value_added_tax_rules, finance_rules,
    device_rules,          coin_rules,
    value_shape_rules,
};

}  // namespace

std::vector<NamedChecker> identifier_checkers() {
  std::vector<NamedChecker> checkers;
  for (const auto region : kRegions) {
    for (const IdentifierRule& rule : region()) checkers.push_back({rule.name, rule.description, rule.check});
  }
  return checkers;
}

const IdentifierRule* identifier_rule_of(Checker check) {
  for (const auto region : kRegions) {
    const auto rules = region();
    const auto found = std::ranges::find(rules, check, &IdentifierRule::check);
    if (found != rules.end()) return &*found;
  }
  return nullptr;
}

}  // namespace reeve::content
