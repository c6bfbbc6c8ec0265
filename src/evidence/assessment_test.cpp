#include "core/json.h"
#include "evidence/test_support.h"

namespace reeve::evidence {
namespace {

class AssessmentTest : public testing::Test {
 protected:
  Assessment assessed(Question question) const {
    auto assessment = assess(small_.ledger(), catalogue_, std::move(question));
    EXPECT_TRUE(assessment.ok()) << assessment.error().message;
    return *std::move(assessment);
  }
  static const FigureFound& figure(const Assessment& assessment, std::string_view stream, std::size_t number) {
    return assessment.streams.find(stream)->second.figures[number];
  }
  static std::uint64_t entries(const Assessment& assessment, std::string_view stream) {
    return assessment.streams.find(stream)->second.entries.count();
  }

  const SmallLedger small_{9};  // entries 0 to 17; intents are the even ones
  const Catalogue catalogue_ = catalogue_of(kTestCatalogue);
};

TEST_F(AssessmentTest, CountsWhatTheConditionsSay) {
  const Assessment found = assessed(question_of({"house"}));
  EXPECT_EQ(found.period.count(), 18U);
  EXPECT_TRUE(found.whole);
  EXPECT_EQ(entries(found, "calls"), 18U);
  EXPECT_EQ(entries(found, "decisions"), 9U);
  EXPECT_EQ(figure(found, "decisions", 0).entries.count(), 3U);
  EXPECT_EQ(figure(found, "decisions", 1).entries.count(), 6U);
  EXPECT_EQ(figure(found, "decisions", 0).entries.runs()[1].first, 6U);
  EXPECT_EQ(entries(found, "keys"), 0U);
}

TEST_F(AssessmentTest, AnEntryThatFeedsTwoStreamsCountsOnce) {
  const Assessment found = assessed(question_of({"house"}));
  const Framework& house = *catalogue_.find("house");
  const auto state = [&](std::size_t number) { return state_of(found, house, house.controls[number]); };
  EXPECT_EQ(state(0).name, "evidenced");
  EXPECT_EQ(state(0).exceptions, 3U);
  EXPECT_EQ(state(1).name, "partly");
  EXPECT_EQ(state(1).entries.count(), 18U);
  EXPECT_EQ(state(2).name, "gap");
  EXPECT_EQ(state(2).entries.count(), 0U);
  EXPECT_EQ(state(3).name, "no entries");
  EXPECT_EQ(state(4).name, "evidenced");
  EXPECT_EQ(state(4).entries.count(), 0U) << "what proofs prove belongs to no control";
}

TEST_F(AssessmentTest, AControlThatBindsLaterDoesNotApplyYet) {
  Question question = question_of({"house"});
  const Framework& house = *catalogue_.find("house");
  EXPECT_TRUE(state_of(assessed(question), house, house.controls[0]).applies);
  question.until = *parse_time("2026-12-31");
  const auto before = state_of(assessed(question), house, house.controls[3]);
  EXPECT_FALSE(before.applies);
  question.until = *parse_time("2027-01-02");
  EXPECT_TRUE(state_of(assessed(question), house, house.controls[3]).applies);
}

TEST_F(AssessmentTest, AProfileAddsNothingToItsFramework) {
  const Assessment both = assessed(question_of({"house", "house-profile"}));
  EXPECT_EQ(coverage_of(both).controls, 5U);
  EXPECT_EQ(coverage_of(both).evidenced, 2U);
  EXPECT_EQ(coverage_of(both).direct, 2U);
  EXPECT_EQ(coverage_of(both).gap, 1U);
  EXPECT_EQ(coverage_of(assessed(question_of({"house-profile"}))).controls, 1U);
}

TEST_F(AssessmentTest, NobodyChoosesTheSamples) {
  Question question = question_of({"house"});
  question.samples = 4;
  const Assessment found = assessed(question);
  const std::vector<Sample>& samples = found.streams.find("calls")->second.samples;
  ASSERT_EQ(samples.size(), 4U);
  // Ranked again by the rule that the report states.
  std::vector<std::pair<Sha256, std::uint64_t>> ranked;
  for (std::uint64_t i = 0; i < 18; ++i) {
    ranked.emplace_back(sha256(to_base64(as_bytes(found.checkpoint.root)) + "\ncalls\n" + std::to_string(i)), i);
  }
  std::sort(ranked.begin(), ranked.end());
  for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].index, ranked[i].second);
  EXPECT_EQ(figure(found, "decisions", 0).samples.size(), 3U) << "all exceptions, where there are fewer";
  EXPECT_TRUE(figure(found, "decisions", 1).samples.empty()) << "only exceptions have samples";
}

TEST_F(AssessmentTest, APeriodHasItsFirstMomentAndNotItsLast) {
  Question question = question_of({"house"});
  question.until = question.from + std::chrono::minutes(1);
  const Assessment nothing = assessed(question);
  EXPECT_EQ(nothing.period.count(), 0U);
  EXPECT_EQ(coverage_of(nothing).evidenced, 0U);
}

TEST_F(AssessmentTest, AFrameworkThatIsUnknownIsNamed) {
  const auto found = assess(small_.ledger(), catalogue_, question_of({"soc3"}));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_NE(found.error().message.find("'soc3'"), std::string::npos);
}

TEST_F(AssessmentTest, ReportsSayTheSameInEachForm) {
  const Assessment found = assessed(question_of({"house"}));
  const auto report = JsonDocument::parse(report_json(found));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->root().at("coverage.controls").int_or(0), 5);
  EXPECT_EQ(report->root().at("entries.count").int_or(0), 18);
  const auto oscal = JsonDocument::parse(oscal_json(found, "1.2.3"));
  ASSERT_TRUE(oscal.ok());
  const JsonValue results = oscal->root()["assessment-results"];
  EXPECT_EQ(results.at("metadata.version").string_or(""), "1.2.3");
  // A UUID of version 4 and variant 1; OSCAL takes no others.
  const std::string uuid(results["uuid"].string_or(""));
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  const std::string html = report_html(found);
  EXPECT_NE(html.find("calls &lt;of&gt; models &amp; their ends"), std::string::npos);
  EXPECT_EQ(html.find("calls <of>"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace reeve::evidence
