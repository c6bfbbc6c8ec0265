#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/bytes.h"
#include "core/json.h"
#include "spend/spend.h"

namespace reeve::spend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SpendRow row(const std::string& person, const std::string& model, std::int64_t nanos) {
  SpendRow result;
  result.time = *parse_time("2026-11-21T10:55:03Z");
  result.person = person;
  result.model = model;
  result.usage.input = 1000;
  result.usage.cache_read = 200;
  result.usage.output = 50;
  result.cost = Money{nanos};
  return result;
}

SpendReport sample() {
  SpendReport report({"person", "model"});
  report.add(row("ann@example.com", "claude-opus-4-6", 1'500'000'000));
  report.add(row("ann@example.com", "claude-opus-4-6", 500'000'000));
  report.add(row("bob@example.com", "gpt-5", 6'000'000'000));
  SpendRow refused = row("bob@example.com", "", 0);
  refused.usage = {};
  refused.refused = true;
  report.add(refused);
  SpendRow estimated = row("cyd@example.com", "who-knows", 2'000'000'000);
  estimated.estimated = true;
  estimated.price_known = false;
  report.add(estimated);
  return report;
}

TEST(Dimensions, AreReadFromAList) {
  EXPECT_THAT(*parse_dimensions("person, model ,day"), ElementsAre("person", "model", "day"));
  for (const char* wrong : {"", "person,", "person,person", "Person", "persons", ",", "\x1b[2J"}) {
    const auto result = parse_dimensions(wrong);
    ASSERT_FALSE(result.ok()) << wrong;
    EXPECT_EQ(result.error().message.find('\x1b'), std::string::npos);
  }
  EXPECT_THAT(parse_dimensions("user").error().message, HasSubstr("person, team, client"));
}

TEST(SpendReport, SortsByCostThenKeyAndSumsEverything) {
  const SpendReport report = sample();
  const auto groups = report.groups();
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_THAT(groups[0].key, ElementsAre("bob@example.com", "gpt-5"));
  EXPECT_THAT(groups[1].key, ElementsAre("ann@example.com", "claude-opus-4-6")) << "equal cost, smaller key";
  EXPECT_THAT(groups[2].key, ElementsAre("cyd@example.com", "who-knows"));
  EXPECT_THAT(groups[3].key, ElementsAre("bob@example.com", ""));
  EXPECT_EQ(groups[1].calls, 2U);
  EXPECT_EQ(groups[1].usage.input, 2000);
  EXPECT_EQ(groups[3].refused, 1U);
  EXPECT_EQ(report.total().calls, 5U);
  EXPECT_EQ(report.total().cost.nanos, 10'000'000'000);
  EXPECT_EQ(report.total().usage.cache_read, 800);
  EXPECT_EQ(report.total().unknown_prices, 1U);
}

TEST(SpendReport, DrawsAnAlignedTable) {
  EXPECT_EQ(sample().to_table(),
            "person           model            calls  refused  input  output     cost   share\n"
            "bob@example.com  gpt-5                1        0  1,200      50    $6.00   60.0%\n"
            "ann@example.com  claude-opus-4-6      2        0  2,400     100    $2.00   20.0%\n"
            "cyd@example.com  who-knows            1        0  1,200      50   ~$2.00   20.0%\n"
            "bob@example.com  -                    1        1      0       0    $0.00    0.0%\n"
            "total                                 5        1  4,800     200  ~$10.00  100.0%\n"
            "~ 1 call with usage estimated in part, because the provider did not report all of it\n"
            "~ 1 call to models without a known price, charged at the price for unknown models\n");
}

TEST(SpendReport, AnEmptyReportHasATotalOfNothing) {
  const SpendReport report({"day"});
  EXPECT_TRUE(report.groups().empty());
  EXPECT_THAT(report.to_table(), HasSubstr("total      0"));
  EXPECT_THAT(report.to_csv(), testing::EndsWith("cost_usd\r\n"));
}

TEST(SpendReport, TablesAreSafeForTerminals) {
  SpendReport report({"feature"});
  SpendRow nasty = row("p", "m", 1);
  nasty.feature = "\x1b]0;owned\x07 caf\xc3\xa9\n" + std::string(500, 'x');
  report.add(nasty);
  const std::string table = report.to_table();
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_LT(table.size(), 700U);
}

TEST(SpendReport, GroupsByPeriodsOfUtc) {
  for (const auto& [dimension, value] : std::vector<std::pair<std::string, std::string>>{
           {"day", "2026-11-21"}, {"hour", "2026-11-21T10"}, {"month", "2026-11"}}) {
    SpendReport report({dimension});
    report.add(row("p", "m", 1));
    EXPECT_THAT(report.groups()[0].key, ElementsAre(value));
  }
}

TEST(SpendReport, WritesCsvThatSpreadsheetsDoNotRun) {
  SpendReport report({"feature", "repo"});
  SpendRow first = row("p", "m", 4'200'000);
  first.feature = "=HYPERLINK(\"http://example.com\",1)";
  first.repo = "a,b\r\n\"c\"";
  report.add(first);
  EXPECT_EQ(report.to_csv(),
            "feature,repo,calls,refused,estimated,unknown_prices,input,cache_read,cache_write_5m,cache_write_1h,output,"
            "reasoning,input_audio,output_audio,web_searches,cost_usd\r\n"
            "\"'=HYPERLINK(\"\"http://example.com\"\",1)\",\"a,b\r\n\"\"c\"\"\",1,0,0,0,1000,200,0,0,50,0,0,0,0,"
            "0.004200000\r\n");
}

TEST(SpendReport, WritesJsonThatReadsBack) {
  const auto document = JsonDocument::parse(sample().to_json());
  ASSERT_TRUE(document.ok());
  const JsonValue root = document->root();
  EXPECT_EQ(root["by"].items().size(), 2U);
  ASSERT_EQ(root["groups"].items().size(), 4U);
  EXPECT_EQ(root["groups"].items()[0].at("person").as_string(), "bob@example.com");
  EXPECT_EQ(root.at("total.cost_nanos").as_int(), 10'000'000'000);
  EXPECT_EQ(root.at("total.cost").as_string(), "10.000000000");
  EXPECT_EQ(root.at("total.usage.cache_read").as_int(), 800);
}

TEST(SpendReport, SumsPastTheRangeOfMoneyDoNotWrap) {
  SpendReport report({"person"});
  for (int i = 0; i < 3; ++i) {
    SpendRow huge = row("p", "m", std::numeric_limits<std::int64_t>::max());
    huge.usage.input = std::numeric_limits<std::int64_t>::max();
    huge.usage.cache_read = std::numeric_limits<std::int64_t>::max();
    report.add(huge);
  }
  EXPECT_EQ(report.total().cost.nanos, std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(report.to_table().empty());
}

}  // namespace
}  // namespace reeve::spend
