// Hostile floods: text made so that the finders have as much to do as possible. They must stay linear.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "content/finders.h"
#include "content/normalise.h"
#include "core/yaml.h"

namespace reeve::content {
namespace {

class IdentifierFloods : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<Diagnostic> complaints;
    documents_ = read_yaml_directory(REEVE_SOURCE_DIR "/governance/detectors/identifiers", complaints);
    for (const YamlValue& document : documents_) {
      if (auto detector = read_detector(document, complaints)) detectors_.push_back(*std::move(detector));
    }
  }

  static std::string repeated(std::string_view piece) {
    std::string text;
    while (text.size() < (1U << 19U)) text += piece;
    return text;
  }

  /// What all finders propose in a flood of `piece`.
  static std::vector<Candidate> candidates_in(std::string_view piece) {
    const std::string text = repeated(piece);
    const std::string padded = text + std::string(64, '\0');
    TextMasks masks;
    masks.compute(text);
    std::vector<Candidate> found;
    for (const NamedFinder& finder : identifier_finders()) {
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
        if (detectors_[i].finder == finder.name) mine.push_back(i);
      }
      finder.prepare(detectors_, mine)->find({{padded.data(), text.size()}, masks, TextOrigin::kUser}, found);
    }
    for (const Candidate& candidate : found) {
      EXPECT_LT(candidate.start, candidate.end);
      EXPECT_LE(candidate.end, text.size());
    }
    return found;
  }

  static std::vector<YamlValue> documents_;
  static std::vector<Detector> detectors_;
};

std::vector<YamlValue> IdentifierFloods::documents_;
std::vector<Detector> IdentifierFloods::detectors_;

// A finder that is not linear does not come to an end here; how fast they are, bench/content measures.
TEST_F(IdentifierFloods, ComeToAnEndWithBoundedCandidates) {
  for (const auto& [name, piece] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"prose", "The quick brown fox jumps over the lazy dog, and then it does so again tomorrow.\n"},
           {"code", "  if (value.size() > 12 && at != end) { total += weights[i] * digits[i]; }  // sums: by place\n"},
           {"digits", "1234567890123456789"},
           {"numbers", "4716 2839 1047 5521 "},
           {"cards", "4111111111111111 "},
           {"single", "1 2 3 4 5 6 7 8 9 0 "},
           {"dotted", "12.34.56.78.90-12/34 "},
           {"at", "@@@@a@b@"},
           {"mail", "a.b@c.de "},
           {"colons", ":::a:b::c:"},
           {"pairs", "name:x,name=y "},
           {"names", "name: Anna Smith\n"},
           {"tokens", "A1B2C3D4E5F6G7H8 "},
           {"iban", "DE89 3704 0044 0532 0130 00 "},
           {"commas", "name,name,name,name\n"},
           {"values", "values ) values ) "}}) {
    EXPECT_LT(candidates_in(piece).size(), 40'000U) << name;
  }
}

}  // namespace
}  // namespace reeve::content
