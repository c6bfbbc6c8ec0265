#include "spend/budget_register.h"

#include <gmock/gmock.h>

#include "core/json.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr Instant kNow = {1'800'000'000'000'000'000};
constexpr const char* kHouse = R"({"limit":{"money":"$5"},"name":"house","window":"day"})";

std::vector<YamlValue> files(const char* text) {
  std::vector<Diagnostic> complaints;
  auto documents = parse_yaml(text, "governance/budgets.yaml", complaints);
  EXPECT_THAT(complaints, SizeIs(0));
  return documents;
}

RegisteredBudget registered(const char* document = kHouse) {
  return change_budget(nullptr, "house", document, "lead@example.com", kNow).budget;
}

TEST(BudgetRegister, KeepsTheSameOfYamlAndOfJson) {
  const auto yaml = files("kind: Budget\nname: house\nwindow: day\nlimit: {money: $5}\n");
  EXPECT_EQ(document_to_keep(yaml.at(0)), kHouse);
  const auto back = document_of(registered());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(document_to_keep(*back), kHouse);
}

TEST(BudgetRegister, BudgetsOfBothAreOneSetAndSayWhereTheyComeFrom) {
  const auto documents = files("kind: Budget\nname: team\nwindow: day\nlimit: {money: $5}\n---\nkind: Price\n");
  std::vector<Diagnostic> complaints;
  const std::vector rows{registered()};
  const auto set = BudgetSet::build(merged_budget_documents(documents, rows, complaints), complaints);
  ASSERT_NE(set, nullptr);
  EXPECT_THAT(complaints, SizeIs(0));
  EXPECT_EQ(origin_of(*set->find("team")), "governance/budgets.yaml:1");
  EXPECT_EQ(origin_of(*set->find("house")), "API, by lead@example.com, 2027-01-15T08:00:00Z");
  EXPECT_TRUE(is_registered(*set->find("house")));
  EXPECT_FALSE(is_registered(*set->find("team")));
}

TEST(BudgetRegister, AFileIsStrongerAndThatIsTold) {
  const auto documents = files("---\n---\nkind: Budget\nname: house\nwindow: month\nlimit: {requests: 1}\n");
  std::vector<Diagnostic> complaints;
  const std::vector rows{registered()};
  const auto set = BudgetSet::build(merged_budget_documents(documents, rows, complaints), complaints);
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->find("house")->period, Period::kMonth);
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_THAT(complaints[0].message, HasSubstr("governance/budgets.yaml:3"));
}

TEST(BudgetRegister, WhatCannotBeReadOrHoldIsAnErrorAndNoBudgetLess) {
  for (const char* document : {"", "[]", "{\"name\":", R"({"name":"house"})",
                               R"({"limit":{"money":"$5"},"name":"house","window":"day",)"
                               R"("thresholds":[{"at":"80%","do":"degrade","ladder":"gone"}]})"}) {
    std::vector<Diagnostic> complaints;
    const std::vector rows{registered(document)};
    const auto merged = merged_budget_documents({}, rows, complaints);
    BudgetSet::build(merged, complaints);
    EXPECT_TRUE(has_errors(complaints)) << document;
    EXPECT_THAT(complaints.front().to_string(), HasSubstr("budget house (API, by lead@example.com, ")) << document;
  }
}

TEST(BudgetRegister, TheLedgerIsToldWhoAndFromWhatToWhat) {
  const auto made = registered();
  const auto changed = change_budget(&made, "house", R"({"name":"house"})", "boss@example.com", kNow);
  const auto parsed = JsonDocument::parse(changed.detail);
  ASSERT_TRUE(parsed.ok());
  const JsonValue detail = parsed->root();
  EXPECT_EQ(changed.kind, "budget.changed");
  EXPECT_EQ(changed.budget.version, 2u);
  EXPECT_EQ(detail["by"].string_or(""), "boss@example.com");
  EXPECT_EQ(detail["previous"].string_or(""), digest_of_document(kHouse));
  EXPECT_EQ(detail["digest"].string_or(""), digest_of_document(R"({"name":"house"})"));
  EXPECT_EQ(detail["etag"].string_or(""), budget_etag(2, R"({"name":"house"})"));
  EXPECT_EQ(detail["budget"].to_json(), R"({"name":"house"})");
  const auto removed = remove_budget(made, "boss@example.com", kNow);
  EXPECT_EQ(removed.kind, "budget.removed");
  EXPECT_EQ(removed.detail.find("\"digest\""), std::string::npos);
  const std::string large = R"({"title":")" + std::string(9'000, 'x') + "\"}";
  EXPECT_LT(change_budget(nullptr, "house", large, "b", kNow).detail.size(), 1'000u);
}

TEST(BudgetRegister, EveryChangeHasAnEtagOfItsOwn) {
  EXPECT_NE(budget_etag(1, kHouse), budget_etag(2, kHouse));
  EXPECT_NE(budget_etag(1, kHouse), budget_etag(1, "{}"));
  EXPECT_THAT(budget_etag(3, kHouse), ::testing::MatchesRegex("\"3-[0-9a-f]{32}\""));
}

}  // namespace
}  // namespace reeve::spend
