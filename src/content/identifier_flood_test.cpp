// Hostile floods: text made so that the finders have as much to do as possible. They must stay linear.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
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

  static std::vector<Candidate> candidates_of(const PreparedFinder& finder, const std::string& text) {
    const std::string padded = text + std::string(64, '\0');
    TextMasks masks;
    masks.compute(text);
    std::vector<Candidate> found;
    finder.find({{padded.data(), text.size()}, masks, TextOrigin::kUser}, found);
    return found;
  }

  static std::unique_ptr<PreparedFinder> prepared(std::string_view name) {
    for (const NamedFinder& finder : identifier_finders()) {
      if (finder.name != name) continue;
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
        if (detectors_[i].finder == name) mine.push_back(i);
      }
      return finder.prepare(detectors_, mine);
    }
    return nullptr;
  }

  /// Words that name numbers, and groups as numbers are written in.
  static std::string random_line(std::mt19937& random) {
    static constexpr std::string_view kWords[] = {"account ", "tel: ",     "bic ",     "vat ",
                                                  "ssn ",     "card no. ", "passport "};
    static constexpr std::string_view kNumbers[] = {"4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00",
                                                    "020 7946 0958",       "(212) 555-0142",
                                                    "DEUTDEFF500",         "NL123456782B90",
                                                    "078-05-1120",         "12345678Z",
                                                    "1234 5678",           "2019-2024",
                                                    "QQ 12 34 56 C",       "+49 30 901820",
                                                    "account 12-345-678",  "account 98.765.43"};
    std::string text;
    while (text.size() < 24) {
      if (random() % 3 == 0) text += kWords[random() % std::size(kWords)];
      std::string number(kNumbers[random() % std::size(kNumbers)]);
      for (char& c : number) {
        if (random() % 30 == 0) c = "0123456789ABCDEFabc -./+():_\n"[random() % 30];
      }
      text += number + " ,-/.:x\n"[random() % 8];
    }
    text.resize(std::min<std::size_t>(text.size(), 60));
    return text;
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

// Near a text's borders gates let everything pass: what stands alone must be found in the middle of a text, too.
TEST_F(IdentifierFloods, WhatStandsAloneIsFoundWhereverItStands) {
  std::mt19937 random(17);
  std::size_t all = 0;
  for (const std::string_view name : {"digits", "identifiers", "phone", "email", "ip-address", "postcode"}) {
    const auto finder = prepared(name);
    for (int round = 0; round < 12000; ++round) {
      const std::string text = random_line(random);
      const std::vector<Candidate> alone = candidates_of(*finder, text);
      const std::size_t shift = 200 + random() % 70;
      const std::vector<Candidate> amid =
          candidates_of(*finder, std::string(shift, '\n') + text + std::string(200, '\n'));
      ASSERT_EQ(alone.size(), amid.size()) << name << ": " << text;
      for (std::size_t i = 0; i < alone.size(); ++i) {
        EXPECT_EQ(alone[i].detector, amid[i].detector) << name << ": " << text;
        EXPECT_EQ(alone[i].start + shift, amid[i].start) << name << ": " << text;
        EXPECT_EQ(alone[i].confidence, amid[i].confidence) << name << ": " << text;
      }
      all += alone.size();
    }
  }
  EXPECT_GT(all, 2000U);
}

}  // namespace
}  // namespace reeve::content
