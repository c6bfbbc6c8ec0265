#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

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

/// Every way of finding: patterns with and without a literal, in texts and in long words; finders; decoding.
constexpr std::string_view kAllWays = R"(
kind: Detector
id: in-text
title: In texts
class: secret
severity: high
pattern: 'passphrase is ([a-z]{5,12})\b'
value: 1
---
kind: Detector
id: in-word
title: In words, with a literal
class: secret
severity: high
pattern: '\bext_[A-Za-z0-9]{24}\b'
---
kind: Detector
id: in-word-without-literal
title: In words, without one
class: secret
severity: high
pattern: '\b[12][A-Za-z0-9]{26}_[A-Za-z0-9]{20,22}\b'
---
kind: Detector
id: found
title: By a finder
class: personal
severity: low
find: email
)";

std::string random_text(std::mt19937& random, std::size_t bytes) {
  static constexpr std::string_view kPieces[] = {
      "the passphrase is swordfish, ",
      "ext_a1b2c3d4e5f6a7b8c9d0e1f2 ",
      "2abcdefghijklmn0pqrstuvwXYZ_a1b2c3d4e5f6a7b8c9d0 ",
      "ada.lovelace@analytical.org ",
      "cGFzc3BocmFzZSBpcyBzd29yZGZpc2gsIHNvIGl0IGlzIQ== ",  // "passphrase is swordfish, so it is!"
      "words and more words; ",
      "x = f(1, 2);\n",
      "a_long_name_of_something_else_2 "};
  std::string text;
  while (text.size() < bytes) text += kPieces[random() % std::size(kPieces)];
  text.resize(bytes);
  return text;
}

using Told = std::tuple<std::size_t, std::size_t, std::size_t, std::string, unsigned>;

std::vector<Told> told(const Report& report, std::size_t offset, std::size_t text) {
  std::vector<Told> all;
  for (const Finding& finding : report.findings) {
    all.emplace_back(finding.start + offset, finding.end + offset, finding.text + text, finding.detector->id,
                     finding.depth);
  }
  return all;
}

TEST(Scanner, FindsInManyTextsWhatStandsInEach) {
  const auto detectors = build(kAllWays);
  std::mt19937 random(8);
  Scanner together, alone;
  std::size_t in_words = 0;
  for (int round = 0; round < 60; ++round) {
    std::string body;
    std::vector<BodyText> texts;
    for (std::size_t count = 1 + random() % 90; count > 0; --count) {
      const std::size_t bytes = random() % 30 == 0 ? 20'000 + random() % 30'000 : random() % 1500;
      texts.push_back({body.size(), bytes, TextForm::kPlain, TextOrigin::kUser});
      body += random_text(random, bytes);
    }
    std::vector<Told> expected;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string_view text = std::string_view(body).substr(texts[i].offset, texts[i].length);
      const BodyText one{0, text.size(), TextForm::kPlain, TextOrigin::kUser};
      const std::vector<Told> here = told(alone.scan(*detectors, text, std::span(&one, 1)), texts[i].offset, i);
      expected.insert(expected.end(), here.begin(), here.end());
    }
    ASSERT_EQ(told(together.scan(*detectors, body, texts), 0, 0), expected);
    in_words += static_cast<std::size_t>(
        std::ranges::count_if(expected, [](const Told& one) { return std::get<3>(one) == "in-word-without-literal"; }));
  }
  EXPECT_GT(in_words, 1000U);
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
