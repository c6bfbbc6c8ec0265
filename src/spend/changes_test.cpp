#include "spend/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using Way = ChangeCosts::Way;

Instant at(const char* time) { return *parse_time(time); }

MergedChange change(const char* id, const char* when, const char* work_item, const char* author = "ann@example.com",
                    const char* repo = "pay/core") {
  return {.repo = repo,
          .id = id,
          .at = at(when),
          .work_item = work_item,
          .commit = "",
          .author = author,
          .branch = "",
          .lines = std::nullopt};
}

SpendRow call(std::uint64_t index, const char* when, std::int64_t dollars, const char* work_item,
              const char* repo = "pay/core", const char* person = "Ann@example.com") {
  SpendRow row;
  row.index = index;
  row.time = at(when);
  row.cost = Money{dollars * 1'000'000'000};
  row.work_item = work_item;
  row.repo = repo;
  row.person = person;
  return row;
}

ChangeCosts costs_of(std::vector<MergedChange> changes, const std::vector<SpendRow>& rows, bool trace = false) {
  ChangeCosts costs(std::move(changes), at("2026-11-01T00:00:00Z"), at("2026-11-30T00:00:00Z"), trace);
  for (const SpendRow& row : rows) costs.add(row);
  return costs;
}

std::int64_t dollars(const ChangeCosts::Costs& costs, std::string_view id) {
  for (const auto& one : costs.changes) {
    if (one.merged.id == id) return one.cost.nanos / 1'000'000'000;
  }
  return -1;
}

TEST(ChangeCosts, AWorkItemsCallsGoToItsNextMergeAndAtLastToItsLast) {
  const auto costs =
      costs_of({change("1", "2026-11-05T10:00:00Z", "PAY-1"), change("2", "2026-11-09T10:00:00Z", "PAY-1")},
               {call(1, "2026-11-04T10:00:00Z", 1, "PAY-1"), call(2, "2026-11-05T10:00:00.7Z", 2, "PAY-1"),
                call(3, "2026-11-05T10:00:01Z", 4, "PAY-1", "", ""), call(4, "2026-11-20T10:00:00Z", 8, "PAY-1")})
          .costs();
  EXPECT_EQ(dollars(costs, "1"), 3);
  EXPECT_EQ(dollars(costs, "2"), 12);
  EXPECT_EQ(costs.changes.front().way, Way::kWorkItem);
  EXPECT_EQ(costs.untied_in_all().calls, 0U);
}

TEST(ChangeCosts, ACallThatNamesARepositoryOfAWorkItemBelongsThere) {
  const auto costs = costs_of({change("1", "2026-11-05T10:00:00Z", "PAY-1"),
                               change("1", "2026-11-06T10:00:00Z", "PAY-1", "ann@example.com", "pay/web")},
                              {call(1, "2026-11-04T10:00:00Z", 1, "PAY-1", "pay/web"),
                               call(2, "2026-11-04T10:00:00Z", 2, "PAY-1", "pay/other")})
                         .costs();
  ASSERT_EQ(costs.changes.size(), 2U);
  for (const auto& one : costs.changes) {
    EXPECT_EQ(one.cost.nanos / 1'000'000'000, one.merged.repo == "pay/web" ? 1 : 2);
  }
}

TEST(ChangeCosts, WithoutAWorkItemThePersonsNextMergeInTheRepositoryCounts) {
  const auto costs =
      costs_of({change("1", "2026-11-05T10:00:00Z", ""), change("2", "2026-11-09T10:00:00Z", ""),
                change("3", "2026-11-12T10:00:00Z", "PAY-3")},
               {call(1, "2026-11-05T09:00:00Z", 1, ""), call(2, "2026-11-06T09:00:00Z", 2, ""),
                call(3, "2026-11-06T09:00:00Z", 4, "PAY-9"),                            // of no merged work item
                call(4, "2026-11-06T09:00:00Z", 8, "", "pay/core", "bob@example.com"),  // somebody else's
                call(5, "2026-11-06T09:00:00Z", 16, "", "pay/web"),                     // elsewhere
                call(6, "2026-11-11T09:00:00Z", 32, ""),                                // the next merge is PAY-3's
                call(7, "2026-11-20T09:00:00Z", 64, "PAY-9"),                           // after all merges
                call(8, "2026-11-20T09:00:00Z", 128, "", "", "ann@example.com")})
          .costs();
  EXPECT_EQ(dollars(costs, "1"), 1);
  EXPECT_EQ(dollars(costs, "2"), 6);
  EXPECT_EQ(dollars(costs, "3"), 0);
  EXPECT_EQ(costs.untied[ChangeCosts::kNoMergeOfPerson].cost.nanos / 1'000'000'000, 8 + 16 + 32);
  EXPECT_EQ(costs.untied[ChangeCosts::kWorkItemNotMerged].cost.nanos / 1'000'000'000, 64);
  EXPECT_EQ(costs.untied[ChangeCosts::kNamesNothing].cost.nanos / 1'000'000'000, 128);
  EXPECT_EQ(costs.untied_in_all().cost + costs.of_these.cost, costs.window.cost);
}

TEST(ChangeCosts, NothingIsTiedToAMergeAMonthLater) {
  const auto costs = costs_of({change("1", "2026-11-29T10:00:00Z", "")},
                              {call(1, "2026-10-30T10:00:00Z", 1, ""), call(2, "2026-10-30T09:59:59Z", 2, "")})
                         .costs();
  EXPECT_EQ(dollars(costs, "1"), 1);
  EXPECT_EQ(costs.before.cost.nanos / 1'000'000'000, 1);
  EXPECT_EQ(costs.window.calls, 0U);
}

TEST(ChangeCosts, ChangesOfOtherTimesTakeTheirCallsAndAreNotTold) {
  const auto costs =
      costs_of({change("old", "2026-10-20T10:00:00Z", "PAY-1"), change("new", "2026-11-05T10:00:00Z", "")},
               {call(1, "2026-11-02T10:00:00Z", 1, "PAY-1"), call(2, "2026-11-02T10:00:00Z", 2, "")})
          .costs();
  ASSERT_EQ(costs.changes.size(), 1U);
  EXPECT_EQ(dollars(costs, "new"), 2);
  EXPECT_EQ(costs.of_others.cost.nanos / 1'000'000'000, 1);
  EXPECT_EQ(costs.window.calls, 2U);
}

TEST(ChangeCosts, FiguresAreOfChangesWithCalls) {
  std::vector<MergedChange> changes;
  std::vector<SpendRow> rows;
  std::vector<std::string> items;
  for (int i = 1; i <= 10; ++i) items.push_back("PAY-" + std::to_string(i));
  for (std::size_t i = 0; i < items.size(); ++i) {
    changes.push_back(change(items[i].c_str(), "2026-11-05T10:00:00Z", items[i].c_str()));
    rows.push_back(call(i, "2026-11-04T10:00:00Z", static_cast<std::int64_t>(i + 1), items[i].c_str()));
  }
  changes.push_back(change("without", "2026-11-05T10:00:00Z", "PAY-99"));
  const auto costs = costs_of(changes, rows).costs();
  EXPECT_EQ(costs.changes.size(), 11U);
  EXPECT_EQ(costs.with_calls, 10U);
  EXPECT_EQ(costs.total.nanos, 55'000'000'000);
  EXPECT_EQ(costs.mean.nanos, 5'500'000'000);
  EXPECT_EQ(costs.median.nanos, 5'000'000'000);
  EXPECT_EQ(costs.p90.nanos, 9'000'000'000);
}

TEST(ChangeCosts, PartsMergeToTheSame) {
  Numbers numbers(7);
  std::vector<MergedChange> changes;
  for (int i = 0; i < 30; ++i) {
    MergedChange one = change("", "2026-11-01T00:00:00Z", "");
    one.id = std::to_string(i % 25);  // some twice
    one.at = one.at + std::chrono::hours(numbers.below(700));
    one.work_item = numbers.below(2) == 0 ? "" : "PAY-" + std::to_string(numbers.below(8));
    changes.push_back(one);
  }
  ChangeCosts whole = costs_of(changes, {}, true);
  std::array<ChangeCosts, 3> parts{whole, whole, whole};
  for (std::uint64_t i = 0; i < 500; ++i) {
    SpendRow row = call(i, "2026-10-20T00:00:00Z", numbers.below(90), "");
    row.time = row.time + std::chrono::hours(numbers.below(1000));
    row.work_item = numbers.below(3) == 0 ? "" : "PAY-" + std::to_string(numbers.below(10));
    whole.add(row);
    parts[static_cast<std::size_t>(numbers.below(3))].add(row);
  }
  parts[2].merge(parts[0]);
  parts[2].merge(parts[1]);
  EXPECT_EQ(parts[2].to_json(), whole.to_json());
  const auto costs = whole.costs();
  EXPECT_EQ(costs.of_these.cost + costs.of_others.cost + costs.untied_in_all().cost, costs.window.cost);
  EXPECT_EQ(costs.of_these.cost + costs.before.cost, costs.total);
}

TEST(ChangeCosts, TextsAreSafeWhereverTheyCameFrom) {
  const auto costs =
      costs_of({change("=cmd()", "2026-11-05T10:00:00Z", "<b>")}, {call(3, "2026-11-04T10:00:00Z", 1, "<b>")});
  EXPECT_THAT(costs.to_csv(), testing::HasSubstr("'=cmd()"));
  EXPECT_THAT(costs.to_html("now"),
              testing::AllOf(testing::HasSubstr("&lt;b&gt;"), testing::Not(testing::HasSubstr("<b>&"))));
}

Result<MergedChange> read(std::string_view json) {
  return read_merged_change(JsonDocument::parse(json)->root(), at("2026-11-22T10:00:00Z"));
}

TEST(MergedChange, IsReadStrictly) {
  const auto good = read(R"({"repo":" pay/core ","id":142,"at":"2h","work_item":"PAY-1","lines":12})");
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->repo, "pay/core");
  EXPECT_EQ(good->id, "142");
  EXPECT_EQ(good->at, at("2026-11-22T08:00:00Z"));
  EXPECT_EQ(merged_change_detail(*good, "lead"), R"({"at":"2026-11-22T08:00:00.000000Z","by":"lead","id":"142",)"
                                                 R"("lines":12,"repo":"pay/core","work_item":"PAY-1"})");
  EXPECT_EQ(read(R"({"repo":"r","id":"1"})")->at, at("2026-11-22T10:00:00Z"));
  const std::pair<std::string, const char*> wrong[] = {{R"({"id":"1"})", "'repo' is needed"},
                                                       {R"({"repo":"r","id":" "})", "'id' is needed"},
                                                       {R"({"repo":"r","id":"1","team":"x"})", "'team' is no member"},
                                                       {R"({"repo":["r"],"id":"1"})", "'repo' must be a text"},
                                                       {R"({"repo":"a\nb","id":"1"})", "'repo' must be one line"},
                                                       {R"({"repo":"r","id":"1","lines":-1})", "'lines' must be"},
                                                       {R"({"repo":"r","id":"1","lines":"x"})", "'lines' must be"},
                                                       {R"({"repo":"r","id":"1","at":"soon"})", "'at' must be a time"},
                                                       {R"({"repo":"r","id":"1","at":"2027-01-01"})", "time to come"},
                                                       {R"(["r"])", "a change is an object"}};
  for (const auto& [json, message] : wrong) {
    const auto result = read(json);
    ASSERT_FALSE(result.ok()) << json;
    EXPECT_THAT(result.error().message, testing::HasSubstr(message));
  }
  EXPECT_FALSE(read(R"({"repo":"r","id":")" + std::string(301, 'x') + "\"}").ok());
}

}  // namespace
}  // namespace reeve::spend
