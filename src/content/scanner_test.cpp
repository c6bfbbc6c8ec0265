#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "content/content.h"

namespace reeve::content {
namespace {

constexpr std::string_view kDocuments = R"(
kind: Detector
id: example-token
title: Example token
class: secret
severity: high
pattern: '\bext_[a-z0-9]{16}\b'
confidence: 0.95
not_values: [aaaaaaaa]
labels: [restricted]
---
kind: Detector
id: example-password
title: Example password
class: secret
severity: high
pattern: 'passphrase is ([a-z]{5,12})\b'
value: 1
confidence: 0.7
)";

std::shared_ptr<const Detectors> build(std::string_view yaml, std::vector<Diagnostic>* complaints = nullptr) {
  std::vector<Diagnostic> own;
  auto& used = complaints == nullptr ? own : *complaints;
  const auto documents = parse_yaml(yaml, "detectors.yaml", used);
  auto built = Detectors::build(documents, {}, used);
  if (complaints == nullptr) {
    for (const auto& complaint : own) ADD_FAILURE() << complaint.to_string();
  }
  return built;
}

std::vector<std::string> found(Scanner& scanner, const Detectors& detectors, std::string_view body, TextForm form) {
  const BodyText text{0, body.size(), form, TextOrigin::kUser};
  std::vector<std::string> values;
  for (const Finding& finding : scanner.scan(detectors, body, std::span(&text, 1)).findings) {
    values.push_back(finding.detector->id + "=" + std::string(body.substr(finding.start, finding.end - finding.start)));
  }
  return values;
}

using ::testing::ElementsAre;

TEST(Scanner, FindsValuesWhereTheyStand) {
  const auto detectors = build(kDocuments);
  Scanner scanner;
  EXPECT_THAT(found(scanner, *detectors, "use ext_0123456789abcdef, the passphrase is swordfish.", TextForm::kPlain),
              ElementsAre("example-token=ext_0123456789abcdef", "example-password=swordfish"));
  EXPECT_THAT(found(scanner, *detectors, "ext_aaaaaaaaaaaaaaaa ext_0123456789abcdefg", TextForm::kPlain),
              ElementsAre());
}

TEST(Scanner, GivesPlacesInTheBytesAsSent) {
  const auto detectors = build(kDocuments);
  Scanner scanner;
  EXPECT_THAT(found(scanner, *detectors, R"(caf\u00e9\n\next_0123456789abcdef\n)", TextForm::kJsonString),
              ElementsAre("example-token=ext_0123456789abcdef"));
  EXPECT_THAT(found(scanner, *detectors, R"(\nex\u0074_01234567\u200B89abcde\u0066\n)", TextForm::kJsonString),
              ElementsAre(R"(example-token=ex\u0074_01234567\u200B89abcde\u0066)"));
  EXPECT_THAT(found(scanner, *detectors,
                    "\xd0\xb5xt_0123456789abc\xc2\xad"
                    "def",
                    TextForm::kPlain),
              ElementsAre("example-token=\xd0\xb5xt_0123456789abc\xc2\xad"
                          "def"));
}

TEST(Scanner, ComplaintsPointAtThePlace) {
  std::vector<Diagnostic> complaints;
  EXPECT_EQ(build("kind: Detector\nid: a\ntitle: A\nclass: secret\nseverity: hihg\npatern: 'x'\n", &complaints),
            nullptr);
  ASSERT_EQ(complaints.size(), 3U);
  EXPECT_THAT(complaints[0].to_string(), ::testing::HasSubstr("did you mean 'pattern'"));
  EXPECT_THAT(complaints[1].to_string(), ::testing::HasSubstr("did you mean 'high'"));
}

}  // namespace
}  // namespace reeve::content
