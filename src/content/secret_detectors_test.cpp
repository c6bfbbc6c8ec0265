// The detectors of secrets as they ship: each finds its examples and passes over its counter-examples.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "content/content.h"
#include "content/detector.h"
#include "content/detector_set.h"

namespace reeve::content {
namespace {

class SecretDetectors : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<Diagnostic> complaints;
    const std::filesystem::path directory = std::filesystem::path(REEVE_SOURCE_DIR) / "governance/detectors/secrets";
    documents() = read_yaml_directory(directory, complaints);
    detectors() = Detectors::build(documents(), {}, complaints);
    for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  }

  static std::vector<YamlValue>& documents() {
    static std::vector<YamlValue> all;
    return all;
  }
  static std::shared_ptr<const Detectors>& detectors() {
    static std::shared_ptr<const Detectors> all;
    return all;
  }

  /// What was found, by detector.
  static std::set<std::string> found_in(std::string_view text, float at_least) {
    const BodyText whole{.offset = 0, .length = text.size()};
    std::set<std::string> ids;
    for (const Finding& finding : scanner_.scan(*detectors(), text, {&whole, 1}).findings) {
      if (finding.confidence >= at_least) ids.insert(finding.detector->id);
    }
    return ids;
  }

  static inline Scanner scanner_;
};

TEST_F(SecretDetectors, AreManyAndComplete) {
  ASSERT_NE(detectors(), nullptr);
  EXPECT_GE(detectors()->list().size(), 350U);
  for (const DetectorInfo& info : detectors()->list()) {
    EXPECT_EQ(info.class_name, "secret") << info.id;
    EXPECT_FALSE(info.controls.empty()) << info.id;
  }
}

TEST_F(SecretDetectors, FindTheirExamplesAndNotTheirCounterExamples) {
  ASSERT_NE(detectors(), nullptr);
  for (const YamlValue& document : documents()) {
    std::vector<Diagnostic> complaints;
    const auto detector = read_detector(document, complaints);
    ASSERT_TRUE(detector.has_value());
    EXPECT_FALSE(detector->examples.empty()) << detector->info.id;
    EXPECT_FALSE(detector->counter_examples.empty()) << detector->info.id;
    for (const std::string& example : detector->examples) {
      EXPECT_FALSE(found_in(example, 0.5F).empty()) << detector->info.id << " has an example in which nothing is found";
    }
    for (const std::string& counter : detector->counter_examples) {
      const auto ids = found_in(counter, 0.5F);
      EXPECT_EQ(ids.count(detector->info.id), 0U) << detector->info.id << " finds its counter-example";
    }
  }
}

std::string json_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// As when a client sends a patch inside a shell command inside tool arguments.
TEST_F(SecretDetectors, FindAQuotedValueThatHoldsQuotesAndBackslashesWholeAtEveryLevelOfNesting) {
  for (const std::string_view source : {R"(Zw9\"kT\\4vQ-8mLx)", R"(a7\\\"Zk!Q2v\\)", R"(Qx7!mRt2\\)", "kT4vQ!8mLxZ"}) {
    std::string value(source);
    std::string text = "const dbPassword = \"" + value + "\"; const limit = \"10\"";
    for (int level = 0; level < 4; ++level) {
      const BodyText whole{.offset = 0, .length = text.size()};
      const Report& report = scanner_.scan(*detectors(), text, {&whole, 1});
      ASSERT_EQ(report.findings.size(), 1U) << text;
      const Finding& finding = report.findings[0];
      EXPECT_EQ(text.substr(finding.start, finding.end - finding.start), value);
      value = json_escaped(value);
      text = json_escaped(text);
    }
  }
}

}  // namespace
}  // namespace reeve::content
