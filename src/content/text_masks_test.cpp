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
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(random());
    masks.compute(text);
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
