#include <gtest/gtest.h>

#include "ledger/ledger.h"

namespace reeve::ledger {
namespace {

constexpr std::string_view kEntry =
    R"({"attempt":2,"cost":{"estimated":true,"nanos":1500000},"decision":{"effect":"allow","rules":["r1","r\"2"]},)"
    R"("kind":"model.outcome","model":{"asked":"claude-opus-4-6","served":"claude-haiku-4-5"},)"
    R"("principal":{"groups":["dev"],"id":"dev@example.com"},"seq":7,"time":"2026-11-21T10:55:03.000000Z","v":1})";

bool matches(std::string_view condition) {
  const auto filter = EntryFilter::compile(condition);
  EXPECT_TRUE(filter.ok()) << condition << ": " << filter.error().message;
  return filter && filter->matches(kEntry);
}

TEST(EntryFilter, Compares) {
  EXPECT_TRUE(matches(R"(kind == "model.outcome" && cost.nanos > 1000000 && principal.id == "dev@example.com")"));
  EXPECT_TRUE(matches("kind == 'model.outcome'"));
  EXPECT_FALSE(matches("kind == 'model.intent'"));
  EXPECT_TRUE(matches("kind != 'model.intent'"));
  EXPECT_TRUE(matches("seq<8&&seq<=7&&seq>6&&seq>=7&&seq>-1"));
  EXPECT_FALSE(matches("seq<7||seq>7"));
  EXPECT_TRUE(matches("7 == seq"));
  EXPECT_TRUE(matches("model.asked != model.served"));
  EXPECT_FALSE(matches("model.asked == model.served"));
  EXPECT_TRUE(matches("time >= '2026-11-21' && time < '2026-11-22'"));
  EXPECT_TRUE(matches("cost.estimated"));
  EXPECT_TRUE(matches("cost.estimated == true"));
  EXPECT_FALSE(matches("!cost.estimated"));
  EXPECT_TRUE(matches("true"));
  EXPECT_FALSE(matches("false"));
}

TEST(EntryFilter, AbsentMembersMakeComparisonsFalse) {
  EXPECT_FALSE(matches("usage.output > 0"));
  EXPECT_FALSE(matches("usage.output != 0"));
  EXPECT_FALSE(matches("usage.output == usage.input"));
  EXPECT_FALSE(matches("kind.deeper == 'x'"));
  EXPECT_FALSE(matches("session_id.contains('')"));
  EXPECT_FALSE(matches("session_id in ['a']"));
  EXPECT_TRUE(matches("!(usage.output > 0)"));
  EXPECT_TRUE(matches("has(cost.nanos) && !has(usage.output) && !has(usage)"));
}

TEST(EntryFilter, TypesDiffer) {
  EXPECT_FALSE(matches("seq == '7'"));
  EXPECT_TRUE(matches("seq != '7'"));
  EXPECT_FALSE(matches("seq < '8'"));
  EXPECT_FALSE(matches("kind > 1"));
  EXPECT_FALSE(matches("kind"));
  EXPECT_FALSE(matches("principal == 'x'"));
}

TEST(EntryFilter, ListsAndTexts) {
  EXPECT_TRUE(matches("kind in ['x', 'model.outcome']"));
  EXPECT_FALSE(matches("kind in []"));
  EXPECT_TRUE(matches("seq in [1, 7]"));
  EXPECT_TRUE(matches(R"("r1" in decision.rules && "r\"2" in decision.rules && !("r3" in decision.rules))"));
  EXPECT_FALSE(matches("'x' in kind"));
  EXPECT_TRUE(matches("model.served.startsWith('claude-') && model.served.endsWith(\"-4-5\")"));
  EXPECT_TRUE(matches("model . served . contains ( 'haiku' )"));
  EXPECT_FALSE(matches("seq.contains('7')"));
}

TEST(EntryFilter, Precedence) {
  EXPECT_TRUE(matches("true || false && false"));
  EXPECT_FALSE(matches("(true || false) && false"));
  EXPECT_FALSE(matches("!true || false"));
  EXPECT_TRUE(matches("!(true && false)"));
  EXPECT_TRUE(matches("!!true"));
}

TEST(EntryFilter, SaysWhereItIsWrong) {
  const std::vector<std::pair<std::string_view, std::string_view>> wrong{
      {"", "column 1: expected a member or a value"},
      {"kind ==", "column 8: expected a member or a value"},
      {"kind == 'x", "column 9: this text does not end"},
      {"kind = 'x'", "column 6: expected && or || or the end"},
      {"kind == 'x' and seq == 1", "column 13: expected && or || or the end"},
      {"seq == 1.5", "column 8: expected a text in quotes"},
      {"seq == 99999999999999999999", "column 8: expected a text in quotes"},
      {"seq == 12u", "column 8: expected a text in quotes"},
      {"kind.in == 1", "column 6: expected the name of a member"},
      {"kind == 'a\\q'", "column 12: expected one of"},
      {"(kind == 'x'", "column 13: expected )"},
      {"!kind == 'x'", "column 7: put the comparison after ! in parentheses"},
      {"kind in 'x'", "column 6: expected a list"},
      {"kind.contains(seq)", "column 18: expected a text"},
      {"'x'", "column 1: expected a condition"},
      {"principle.id == 'x'", "column 1: an entry has no member 'principle'"},
      {"has(1)", "column 5: expected the name of a member"},
      {"kind == 'x' &&", "column 15: expected a member or a value"},
  };
  for (const auto& [condition, message] : wrong) {
    const auto filter = EntryFilter::compile(condition);
    ASSERT_FALSE(filter.ok()) << condition;
    EXPECT_TRUE(filter.error().message.starts_with(message)) << condition << ": " << filter.error().message;
  }
}

TEST(EntryFilter, IsBounded) {
  EXPECT_FALSE(EntryFilter::compile(std::string(100'000, '(')).ok());
  EXPECT_FALSE(EntryFilter::compile(std::string(200, '(') + "true" + std::string(200, ')')).ok());
  EXPECT_FALSE(EntryFilter::compile(std::string(200, '!') + "true").ok());
  std::string many = "true";
  for (int i = 0; i < 2000; ++i) many += "&&true";
  EXPECT_TRUE(matches(many));
}

TEST(EntryFilter, OtherThanEntriesDoNotMatch) {
  const auto filter = EntryFilter::compile("true");
  EXPECT_FALSE(filter->matches("not json"));
  EXPECT_FALSE(filter->matches(""));
}

}  // namespace
}  // namespace reeve::ledger
