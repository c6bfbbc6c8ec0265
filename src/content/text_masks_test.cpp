#include <gtest/gtest.h>

#include <random>
#include <string>

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
  static constexpr std::string_view kAlphabet = "yJKIBE:/hrHRmnMN@=.-09azAZ\x80\xfaJr ";
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
                              &TextMasks::upper, &TextMasks::dot, &TextMasks::dash, &TextMasks::rare_pair}) {
        ASSERT_EQ(fast.*mask, plain.*mask) << static_cast<int>(set) << " " << size;
      }
    }
  }
}

TEST(TextMasks, KnowRarePairsAtEveryPlace) {
  for (const std::string_view pair : {"yJ", "KI", "BE", ":/", "hr", "HR", "mn", "Mn"}) {
    for (std::size_t at = 0; at < 200; ++at) {
      std::string text(200, 'x');
      text.replace(at, 2, pair);
      text.resize(200);
      TextMasks masks;
      masks.compute(text);
      for (std::size_t i = 0; i < text.size(); ++i) ASSERT_EQ(bit(masks.rare_pair, i), i == at && at < 199) << pair;
    }
  }
}

}  // namespace
}  // namespace reeve::content
