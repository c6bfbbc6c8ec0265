#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Advice : public ::testing::Test {
 protected:
  void add(const Call& call, const std::function<void(SpendRow&)>& change = {}) {
    SpendRow row = row_of(*catalogue, call, next++);
    if (change) change(row);
    (row.index % 2 == 0 ? first : second).add(row);
  }
  std::vector<SavingsAdvice::Advice> result() {
    first.merge(second);
    return first.advice();
  }
  static Call opus() {
    Call call;
    call.model = "claude-opus-4-5";
    return call;
  }

  std::shared_ptr<const Catalogue> catalogue = Catalogue::built_in();
  SavingsAdvice first{*catalogue, default_advice_rules()};
  SavingsAdvice second{*catalogue, default_advice_rules()};
  std::uint64_t next = 0;
};

TEST_F(Advice, NamesShortPlainCallsAndWhatTheyWouldHaveCost) {
  add(opus());
  add(opus());
  const auto advice = result();
  ASSERT_EQ(advice.size(), 1U);
  EXPECT_EQ(advice[0].to, "claude-haiku-4-5");
  EXPECT_THAT(advice[0].rows, ElementsAre(0U, 1U));
  // $5 and $25 a million; Haiku $1 and $5, with a fifth more tokens.
  EXPECT_EQ(advice[0].cost.nanos, 2 * 7'500'000);
  EXPECT_EQ(advice[0].cheaper.nanos, 2 * (1'200'000 + 600'000));
}

TEST_F(Advice, IsConservative) {
  add(opus(), [](SpendRow& row) { row.tools = true; });
  add(opus(), [](SpendRow& row) { row.thinking = true; });
  add(opus(), [](SpendRow& row) { row.status = "upstream_cut"; });
  add(opus(), [](SpendRow& row) { row.shape_known = false; });
  add(opus(), [](SpendRow& row) { row.price_known = false; });
  Call large = opus();
  large.input = 50'000;
  add(large);
  Call wordy = opus();
  wordy.output = 5'000;
  add(wordy);
  Call haiku;
  haiku.model = "claude-haiku-4-5";
  add(haiku);
  EXPECT_TRUE(result().empty());
}

TEST_F(Advice, DoesNotTearACachedSessionApart) {
  Call cached = opus();
  cached.cache_read = 5'000;
  cached.session = "mixed";
  add(cached);
  Call large = cached;
  large.output = 9'000;
  add(large);
  cached.session = "small";
  add(cached);
  add(cached);
  const auto advice = result();
  ASSERT_EQ(advice.size(), 1U);
  EXPECT_THAT(advice[0].rows, ElementsAre(2U, 3U)) << "all of that session's calls fit";
}

TEST_F(Advice, DoesNotDependOnTheOrderOfRows) {
  std::vector<SpendRow> rows;
  Numbers numbers(9);
  for (std::uint64_t i = 0; i < 400; ++i) {
    Call call = opus();
    call.session = "s" + std::to_string(numbers.below(40));
    call.person = "p" + std::to_string(numbers.below(4));
    call.output = numbers.below(520);
    call.cache_read = numbers.below(2) * 1000;
    rows.push_back(row_of(*catalogue, call, i));
  }
  SavingsAdvice forwards(*catalogue, default_advice_rules());
  SavingsAdvice backwards(*catalogue, default_advice_rules());
  for (const SpendRow& row : rows) forwards.add(row);
  std::for_each(rows.rbegin(), rows.rend(), [&](const SpendRow& row) { backwards.add(row); });
  EXPECT_EQ(forwards.to_json(), backwards.to_json());
  EXPECT_FALSE(forwards.advice().empty());
}

TEST(AdviceRules, AreReadAndComplainedAbout) {
  std::vector<Diagnostic> complaints;
  const auto rules = read_advice_rules(
      parse_yaml("{kind: AdviceRule, name: a, from: big-*, to: small, tools: true, more_tokens: 50%}", "r", complaints),
      complaints);
  ASSERT_TRUE(complaints.empty());
  EXPECT_TRUE(rules.at(0).tools);
  EXPECT_EQ(rules.at(0).more_tokens_millionths, 500'000);
  read_advice_rules(parse_yaml("kind: AdviceRule\nname: a\nfrom: x\nto: y-*\ninput_max: 0", "r.yaml", complaints),
                    complaints);
  ASSERT_EQ(complaints.size(), 2U);
  EXPECT_THAT(complaints[0].to_string(), HasSubstr("r.yaml:4:5: 'to' must be one model"));
  EXPECT_THAT(complaints[1].to_string(), HasSubstr("r.yaml:5:12: 'input_max' must be"));
}

TEST(Units, AreCostsOfWholeThings) {
  UnitCosts units;
  const auto catalogue = Catalogue::built_in();
  for (std::uint64_t i = 0; i < 10; ++i) {
    Call call;
    call.session = "s" + std::to_string(i / 2);
    units.add(row_of(*catalogue, call, i));
  }
  const auto list = units.units();
  EXPECT_EQ(list[0].name, "session");
  EXPECT_EQ(list[0].count, 5U);
  EXPECT_EQ(list[0].median.nanos, 2 * 4'500'000);
  EXPECT_EQ(list[1].count, 0U);
  EXPECT_EQ(list[1].without, list[0].total) << "no call names a work item";
}

TEST(Page, IsOneFileAndEscapesNames) {
  SpendPage page;
  page.title = "AI spend";
  page.total.cost = Money{1'000'000'000};
  SpendGroup group;
  group.key = {"<script>alert(1)</script>"};
  group.cost = page.total.cost;
  page.tables.emplace_back("person", std::vector{group});
  group.key = {"2026-11-10", "\"&<model>"};
  page.days_by_model = {group};
  const std::string html = spend_page_html(page);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert"));
  for (const char* asked : {"<script", "http://", "https://", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(asked)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("<svg"));
}

}  // namespace
}  // namespace reeve::spend
