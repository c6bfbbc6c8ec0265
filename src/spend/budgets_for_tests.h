#pragma once

// What tests of budgets begin with. Private to the spend room.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "spend/budgets.h"

namespace reeve::spend {

inline std::shared_ptr<const BudgetSet> budgets_of(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto set = BudgetSet::build(parse_yaml(yaml, "budgets.yaml", complaints), complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return set;
}

inline std::string complaint_about(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  const auto set = BudgetSet::build(parse_yaml(yaml, "budgets.yaml", complaints), complaints);
  EXPECT_EQ(set, nullptr);
  return complaints.empty() ? "" : complaints.front().to_string();
}

inline CallScope call_of(std::string_view team, std::string_view person, std::string_view session = "s-1") {
  CallScope call;
  call[Dimension::kOrganisation] = kWholeOrganisation;
  call[Dimension::kTeam] = team;
  call[Dimension::kPerson] = person;
  call[Dimension::kSession] = session;
  call[Dimension::kModel] = "claude-opus-4-8";
  return call;
}

constexpr std::int64_t kCent = 10'000'000;  // nano-dollars
inline Amounts cents(std::int64_t number, std::int64_t tokens = 0) { return {{number * kCent}, tokens, 1}; }

}  // namespace reeve::spend
