#include "gateway/answer_content.h"

#include <gtest/gtest.h>

#include "core/yaml.h"

namespace reeve::gateway {
namespace {

constexpr std::string_view kDetector = R"(
kind: Detector
id: example-token
title: Example token
class: secret
severity: high
pattern: '\bext_[a-z0-9]{20}\b'
confidence: 0.95
examples: ['ext_0123456789abcdefghij']
counter_examples: ['ext_short']
)";

/// Gzip of more than a megabyte of one letter, in base64.
std::string packed_flood() { return "H4sIAAAAAAACA+zBgQAAAACAINb9JRapCg" + std::string(1966, 'A'); }

class AnswerContentTest : public ::testing::Test {
 protected:
  AnswerContentTest() {
    std::vector<Diagnostic> complaints;
    const auto documents = parse_yaml(kDetector, "test.yaml", complaints);
    options_.detectors = content::Detectors::build(documents, {}, complaints);
    options_.judge = [](const FindingGroups&, const content::Finding&, std::string&) {
      return AnswerContent::Verdict::kTakeOut;
    };
    options_.judge_incomplete = [this](const FindingGroups&, std::string_view reason, std::string& why) {
      reasons_.emplace_back(reason);
      why = "Not looked at as a whole.";
      return verdict_;
    };
  }

  AnswerContent::Options options_;
  AnswerContent::Verdict verdict_ = AnswerContent::Verdict::kPass;
  std::vector<std::string> reasons_;
};

TEST_F(AnswerContentTest, TakesOutWhatIsJudgedSo) {
  AnswerContent answer(std::move(options_));
  std::string out;
  ASSERT_TRUE(answer.feed(0, wire::AnswerFilter::Kind::kText, "it is ext_0123456789abc", out));
  ASSERT_TRUE(answer.feed(0, wire::AnswerFilter::Kind::kText, "defghij, take it", out));
  ASSERT_TRUE(answer.end(0, wire::AnswerFilter::Kind::kText, out));
  EXPECT_EQ(out, "it is REDACTED_EXAMPLE_TOKEN, take it");
  EXPECT_TRUE(reasons_.empty());
}

TEST_F(AnswerContentTest, TakesTheSameOutOfATextThatIsAllThere) {
  content::Scanner scanner;
  options_.scanner = &scanner;
  AnswerContent answer(std::move(options_));
  std::string out;
  ASSERT_TRUE(answer.whole(0, wire::AnswerFilter::Kind::kText, "it is ext_0123456789abcdefghij, take it", out));
  EXPECT_EQ(out, "it is REDACTED_EXAMPLE_TOKEN, take it");
  out.clear();
  ASSERT_TRUE(answer.whole(1, wire::AnswerFilter::Kind::kToolArguments, R"({"key":"ext_0123456789abcdefghij"})", out));
  EXPECT_EQ(out, R"({"key":"REDACTED_EXAMPLE_TOKEN"})");
  verdict_ = AnswerContent::Verdict::kCut;
  EXPECT_FALSE(answer.whole(2, wire::AnswerFilter::Kind::kText, "see " + packed_flood() + "\n", out));
  EXPECT_EQ(reasons_.size(), 1U);
}

TEST_F(AnswerContentTest, IsJudgedOnceWhenItIsMoreThanCanBeLookedAt) {
  AnswerContent answer(std::move(options_));
  std::string out;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(answer.feed(0, wire::AnswerFilter::Kind::kText, "see " + packed_flood() + "\n", out));
  }
  ASSERT_TRUE(answer.end(0, wire::AnswerFilter::Kind::kText, out));
  ASSERT_EQ(reasons_.size(), 1U);
  EXPECT_FALSE(reasons_.front().empty());
}

TEST_F(AnswerContentTest, EndsWhereWhatWasNotLookedAtMayNotPass) {
  verdict_ = AnswerContent::Verdict::kCut;
  AnswerContent answer(std::move(options_));
  std::string out;
  Result<void> fed = answer.feed(0, wire::AnswerFilter::Kind::kText, "see " + packed_flood() + "\n", out);
  if (fed) fed = answer.end(0, wire::AnswerFilter::Kind::kText, out);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "Not looked at as a whole.");
}

}  // namespace
}  // namespace reeve::gateway
