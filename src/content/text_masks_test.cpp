#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "content/finders.h"

namespace reeve::content {
namespace {

bool bit(const std::vector<std::uint64_t>& mask, std::size_t i) { return ((mask[i / 64] >> (i % 64)) & 1U) != 0; }

TEST(TextMasks, HoldForEveryByteAndLength) {
  std::mt19937 random(3);
  TextMasks masks;
  for (std::size_t round = 0; round < 300 * instruction_sets().size(); ++round) {
    const std::size_t size = round / instruction_sets().size();
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(random());
    masks.compute(text, instruction_sets()[round % instruction_sets().size()]);
    ASSERT_EQ(masks.digit.size(), (size + 63) / 64 + 1);
    for (std::size_t i = 0; i < masks.digit.size() * 64; ++i) {
      const bool inside = i < size;
      const auto c = inside ? static_cast<unsigned char>(text[i]) : 0U;
      ASSERT_EQ(bit(masks.digit, i), inside && c >= '0' && c <= '9');
      ASSERT_EQ(bit(masks.letter, i), inside && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
      ASSERT_EQ(bit(masks.at, i), inside && c == '@');
      ASSERT_EQ(bit(masks.assign, i), inside && (c == '=' || c == ':'));
      ASSERT_EQ(bit(masks.upper, i), inside && c >= 0x80);
      ASSERT_EQ(bit(masks.dot, i), inside && c == '.');
      ASSERT_EQ(bit(masks.dash, i), inside && c == '-');
    }
  }
}

TEST(TextMasks, AreTheSameWithEveryInstructionSet) {
  std::mt19937 random(4);
  static constexpr std::string_view kAlphabet = "yJaKIABEG://hraHRAmneMNE@=.-0912azAZ\x80\xfaJr:1.2 ";
  TextMasks plain, fast;
  for (std::size_t round = 0; round < 1200; ++round) {
    const std::size_t size = round < 300 ? round : random() % 2000, shift = random() % 64;
    std::string text(shift, 'y');
    for (std::size_t i = 0; i < size; ++i) text += kAlphabet[random() % kAlphabet.size()];
    text.append(64, 'J');  // what stands behind the text is no part of it
    const std::string_view view(text.data() + shift, size);
    plain.compute(view, InstructionSet::kPlain);
    for (const InstructionSet set : instruction_sets()) {
      fast.compute(view, set);
      for (const auto mask : {&TextMasks::digit, &TextMasks::letter, &TextMasks::at, &TextMasks::assign,
                              &TextMasks::upper, &TextMasks::dot, &TextMasks::dash, &TextMasks::rare_triple}) {
        ASSERT_EQ(fast.*mask, plain.*mask) << static_cast<int>(set) << " " << size;
      }
      ASSERT_EQ(fast.rare, plain.rare) << static_cast<int>(set) << " " << size;
    }
  }
}

struct Sample {
  std::string_view text;
  std::vector<RareSign> signs;
};

TEST(TextMasks, KnowRareTriplesAtEveryPlace) {
  const std::vector<Sample> samples{{"yJh", {RareSign::kWebToken}}, {"KIA", {RareSign::kKeyId}},
                                    {"BEG", {RareSign::kKeyBlock}}, {"://", {RareSign::kUrl}},
                                    {"hra", {RareSign::kPhrase}},   {"HRA", {RareSign::kPhrase}},
                                    {"mne", {RareSign::kMnemonic}}, {"Mne", {RareSign::kMnemonic}}};
  for (const auto& [sample, signs] : samples) {
    for (std::size_t at = 0; at < 200; ++at) {
      std::string text(200, 'x');
      text.replace(at, 3, sample);
      text.resize(200);
      TextMasks masks;
      for (const InstructionSet set : instruction_sets()) {
        masks.compute(text, set);
        for (std::size_t i = 0; i < text.size(); ++i) {
          ASSERT_EQ(bit(masks.rare_triple, i), i == at && at < 198) << sample;
        }
        ASSERT_EQ(masks.rare, at < 198 ? static_cast<std::uint16_t>(signs.front()) : 0) << sample << at;
      }
    }
  }
}

TEST(TextMasks, KnowRareShapesAtEveryPlace) {
  const std::vector<Sample> samples{
      {"91.23.45.67", {RareSign::kOctets}},
      {"2a02:3102:1f::", {RareSign::kHexGroups}},
      {"2a02::1", {RareSign::kHexGroups}},
      {"3c:52:82:6e:1a:9f", {RareSign::kPairsWithColons}},
      {"3c-52-82-6e-1a-9f", {RareSign::kPairsWithDashes}},
      {"SW1A 2AA", {RareSign::kPostcode}},
      {"M1 1AE", {RareSign::kPostcode}},
      {"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", {RareSign::kDottedToken}},
  };
  for (const auto& [sample, signs] : samples) {
    for (std::size_t at = 0; at < 700; ++at) {
      std::string text(at, ' ');
      text += sample;
      if (at % 2 == 0) text += std::string(at % 150, ' ');
      TextMasks masks;
      for (const InstructionSet set : instruction_sets()) {
        masks.compute(text, set);
        for (const RareSign sign : signs) ASSERT_TRUE(masks.has(sign)) << sample << at;
      }
    }
  }
  TextMasks masks;
  masks.compute("A sentence, with a number (1.5), a call f(2, 3) and a-b: nothing rare.\n--- === ...\n");
  EXPECT_EQ(masks.rare, 0);
}

}  // namespace
}  // namespace reeve::content
