// The linter of detectors: each complaint, with its place, and none about good ones.

#include <gmock/gmock.h>

#include "content/content.h"

namespace reeve::content {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kDeploy = R"(kind: Detector
id: acme-deploy
title: Acme deployment token
class: secret
severity: high
pattern: '\bacmd_[a-z0-9]{8}\b'
confidence: 0.9
examples:
  - 'token acmd_1a2b3c4d'
  - 'export T=acmd_9z8y7x6w'
counter_examples:
  - 'token acmd_1a2b'
  - 'see acmd_'
)";

constexpr std::string_view kOrder = R"(kind: Detector
id: acme-order
title: Acme order
class: internal
severity: low
pattern: '\bAO-[0-9]{6}\b'
confidence: 0.9
examples: ['order AO-123456']
counter_examples: ['order AO-12']
)";

struct Linted {
  std::vector<DetectorCost> costs;
  std::vector<std::string> complaints;  // "FILE:LINE:COLUMN: words"
};

Linted lint(const std::string& text, const LintOptions& options = {.measure = false}) {
  Linted linted;
  std::vector<Diagnostic> complaints;
  const std::vector<YamlValue> documents = parse_yaml(text, "detectors.yaml", complaints);
  linted.costs = lint_detectors(documents, options, complaints);
  for (const Diagnostic& complaint : complaints) linted.complaints.push_back(complaint.to_string());
  return linted;
}

std::string both(std::string_view first, std::string_view second) {
  return std::string(first) + "---\n" + std::string(second);
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  return out.replace(out.find(what), what.size(), with);
}

auto error_at(const std::string& place, const std::string& words) {
  return AllOf(StartsWith("detectors.yaml:" + place + ": "), HasSubstr(words), Not(HasSubstr("warning:")));
}
auto warning_at(const std::string& place, const std::string& words) {
  return AllOf(StartsWith("detectors.yaml:" + place + ": warning: "), HasSubstr(words));
}

/// Only what is always the same: how long something takes is not a test's business.
LintOptions without_times() {
  LintOptions options;
  options.clean_ns_per_kib_max = options.hostile_ns_per_kib_max = 1e12;
  return options;
}

TEST(Lint, AGoodSetIsPassedWithoutAWord) {
  const Linted linted = lint(both(kDeploy, kOrder), without_times());
  EXPECT_THAT(linted.complaints, IsEmpty());
  ASSERT_THAT(linted.costs, SizeIs(2));
  EXPECT_EQ(linted.costs[0].id, "acme-deploy");
  EXPECT_EQ(linted.costs[1].id, "acme-order");
  EXPECT_EQ(linted.costs[0].matches_per_mib, 0);
  EXPECT_GT(linted.costs[0].clean_ns_per_kib, 0);
  EXPECT_GT(linted.costs[0].hostile_ns_per_kib, 0);
}

TEST(Lint, NothingIsMeasuredUnasked) { EXPECT_THAT(lint(std::string(kDeploy)).costs, IsEmpty()); }

TEST(Lint, AnExampleThatIsNotFound) {
  const std::string text = replaced(kDeploy, "T=acmd_9z8y7x6w", "T=acmd_9z8y");
  EXPECT_THAT(lint(text).complaints, ElementsAre(error_at("10:5", "acme-deploy does not find this example")));
}

TEST(Lint, ACounterExampleThatIsFound) {
  const std::string text = replaced(kDeploy, "'see acmd_'", "'see acmd_0a0b0c0d'");
  EXPECT_THAT(lint(text).complaints, ElementsAre(error_at("13:5", "acme-deploy finds this counter-example")));
}

TEST(Lint, TheSecondDocumentOfAFileIsToldByItsOwnLines) {
  const std::string text = both(kDeploy, replaced(kOrder, "'order AO-123456'", "'order AO-1'"));
  EXPECT_THAT(lint(text).complaints, ElementsAre(error_at("22:12", "acme-order does not find this example")));
}

TEST(Lint, WithoutExamplesNobodyNotices) {
  const std::string text = replaced(kOrder, "examples: ['order AO-123456']\n", "");
  EXPECT_THAT(lint(text).complaints, ElementsAre(warning_at("1:1", "acme-order has no examples")));
}

TEST(Lint, AnExampleThatAnotherClassClaims) {
  const std::string surer =
      replaced(replaced(replaced(kDeploy, "id: acme-deploy", "id: acme-part"), "class: secret", "class: internal"),
               "confidence: 0.9", "confidence: 0.99");
  // Both find the same, one of them surer: told at each of the other's examples, and not at its own.
  EXPECT_THAT(lint(both(kDeploy, surer)).complaints,
              ElementsAre(warning_at("9:5",
                                     "in this example of acme-deploy the detector acme-part of class "
                                     "internal is surer"),
                          warning_at("10:5", "acme-part of class internal")));
  const std::string same = replaced(surer, "class: internal", "class: secret");
  EXPECT_THAT(lint(both(kDeploy, same)).complaints, IsEmpty());
}

TEST(Lint, AMistakeInADocumentIsSaidOnce) {
  const std::string text = both(replaced(kDeploy, "'\\bacmd_[a-z0-9]{8}\\b'", "'\\bacmd_([a-z0-9]{8}\\b'"), kOrder);
  const auto complaints = lint(text).complaints;
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_THAT(complaints[0], error_at("6:10", "the pattern cannot be used"));
}

/// Times differ from machine to machine: any is more than 0, and words anywhere cost more than a fixed beginning.
TEST(Lint, APatternThatCosts) {
  constexpr std::string_view kCostly = R"(kind: Detector
id: acme-words
title: Acme words
class: internal
severity: low
pattern: '[a-z]+[a-z_.]*[a-z]+ [a-z]+'
confidence: 0.9
examples: ['two words']
)";
  LintOptions options = without_times();
  options.clean_ns_per_kib_max = 0;
  options.matches_per_mib_max = 1e9;
  EXPECT_THAT(
      lint(both(kDeploy, kCostly), options).complaints,
      ElementsAre(warning_at("15:1", "ns per KiB of clean text; at most 0: give the pattern fixed characters")));
  options = without_times();
  options.hostile_ns_per_kib_max = 0;
  EXPECT_THAT(lint(std::string(kDeploy), options).complaints,
              ElementsAre(warning_at("1:1", "ns per KiB of hostile text; at most 0: bound its repeats")));

  const Linted costly = lint(both(kDeploy, kCostly), without_times());
  EXPECT_THAT(costly.complaints, ElementsAre(warning_at("15:1", "acme-words's pattern fits")));
  ASSERT_THAT(costly.costs, SizeIs(2));
  EXPECT_GT(costly.costs[1].matches_per_mib, 200);
  EXPECT_GT(costly.costs[1].clean_ns_per_kib, 3 * costly.costs[0].clean_ns_per_kib);
}

TEST(Lint, OtherKindsOfDocumentsAreNotItsBusiness) {
  const auto complaints =
      lint(both("kind: Policy\nname: everyone\non: model.call\neffect: allow\n", kOrder)).complaints;
  EXPECT_THAT(complaints, IsEmpty());
}

}  // namespace
}  // namespace reeve::content
