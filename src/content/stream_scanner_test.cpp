#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "content/content.h"

namespace reeve::content {
namespace {

std::shared_ptr<const Detectors> detectors() {
  static const auto kBuilt = [] {
    std::vector<Diagnostic> complaints;
    const auto documents = parse_yaml(
        "kind: Detector\nid: fixed\ntitle: T\nclass: secret\nseverity: high\npattern: '\\bext_[a-z0-9]{20}\\b'\n"
        "---\nkind: Detector\nid: growing\ntitle: T\nclass: secret\nseverity: high\n"
        "pattern: 'grow_[a-z0-9]{8,60}'\n"
        "---\nkind: Detector\nid: block\ntitle: T\nclass: secret\nseverity: high\n"
        "pattern: 'BEGIN KEY[A-Za-z0-9+/\\s]+END KEY'\n",
        "d.yaml", complaints);
    auto built = Detectors::build(documents, {}, complaints);
    for (const auto& complaint : complaints) ADD_FAILURE() << complaint.to_string();
    return built;
  }();
  return kBuilt;
}

std::vector<std::string> streamed(std::string_view text, std::mt19937* random) {
  StreamScanner scanner(detectors());
  std::vector<Finding> findings;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = random == nullptr ? text.size() : 1 + (*random)() % 40;
    scanner.feed(text.substr(at, size), findings);
    at += size;
  }
  scanner.end(findings);
  std::vector<std::string> values;
  for (const Finding& finding : findings) {
    values.push_back(finding.detector->id + "=" + std::string(text.substr(finding.start, finding.end - finding.start)));
  }
  std::sort(values.begin(), values.end());
  return values;
}

TEST(StreamScanner, FindsTheSameOverAnyCut) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "words and more words, line " + std::to_string(i) + "\n";
  text += "a ext_0123456789abcdefghij and grow_0123456789abcdefabcdefabcdef.\n";
  text += "BEGIN KEY" + std::string(1500, 'A') + "END KEY\n";
  for (int i = 0; i < 300; ++i) text += "words and more words, line " + std::to_string(i) + "\n";
  text += "grow_0123456789abcdef";
  const auto whole = streamed(text, nullptr);
  EXPECT_THAT(whole, ::testing::ElementsAre("block=BEGIN KEY" + std::string(1500, 'A') + "END KEY",
                                            "fixed=ext_0123456789abcdefghij", "growing=grow_0123456789abcdef",
                                            "growing=grow_0123456789abcdefabcdefabcdef"));
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) EXPECT_EQ(streamed(text, &random), whole);
}

TEST(StreamScanner, SaysSoAsSoonAsItIsSure) {
  StreamScanner scanner(detectors());
  std::vector<Finding> findings;
  scanner.feed("the token is ext_0123456789abcdefghij", findings);
  EXPECT_TRUE(findings.empty());  // it might go on
  scanner.feed(" and", findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].start, 13U);
  EXPECT_EQ(findings[0].end, 37U);
  scanner.feed(" nothing more", findings);
  scanner.end(findings);
  EXPECT_EQ(findings.size(), 1U);
}

}  // namespace
}  // namespace reeve::content
