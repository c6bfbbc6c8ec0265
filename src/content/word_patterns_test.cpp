#include "content/word_patterns.h"

#include <gtest/gtest.h>

namespace reeve::content {
namespace {

TEST(WordPatterns, AreThoseOfOneLongWord) {
  for (const char* const pattern :
       {R"(\b[a-f0-9]{24}:[a-f0-9]{64}\b)",
        R"(\b([A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$))",
        R"(\b[0-9]{15,25}-[A-Za-z0-9]{20,40}\b)", R"(\b([0-9]{15,16}\|[A-Za-z0-9_-]{27})(?:$|[^A-Za-z0-9_-]))",
        R"(\bghp_[A-Za-z0-9]{36}\b)"}) {
    EXPECT_TRUE(is_word_pattern(pattern, 40)) << pattern;
    EXPECT_FALSE(is_word_pattern(pattern, 12)) << pattern;
  }
  for (const char* const pattern : {R"(\bMicrosoft\.Authorization/roleAssignments\b)", R"([a-f0-9]{32} [a-f0-9]{32})",
                                    R"(\b[a-f0-9]{32}[^a-f0-9])", R"([a-f0-9]{32}.*)", R"("[a-f0-9]{32}")",
                                    R"(^[a-f0-9]{32})", R"([a-f0-9\s]{32})", R"(\S{32})", R"([a-z]{32}\x41)"}) {
    EXPECT_FALSE(is_word_pattern(pattern, 40)) << pattern;
  }
}

TEST(LongWords, AreCollectedWithTheirPlaces) {
  std::string text =
      "short words, then_a_long_word_without_any_digits aLongNameWithCamelCase /usr/include/some/path and so on ";
  for (int i = 0; i < 40; ++i) {
    const std::string word = "w0rd-" + std::string(20 + static_cast<std::size_t>(i), 'x') + ":end";
    const std::size_t start = text.size();
    text += word + " ";
    std::string padded = text + std::string(64, '\0');
    const std::string_view view(padded.data(), text.size());
    TextMasks masks;
    masks.compute(view);
    DecodeMasks decode_masks;
    decode_masks.compute(view);
    LongWords words;
    words.collect(view, masks, decode_masks);
    ASSERT_EQ(words.words.size(), static_cast<std::size_t>(i) + 1);
    EXPECT_EQ(words.words.back().start, start);
    EXPECT_EQ(words.joined.view().substr(words.words.back().place), word + "\n");
    EXPECT_EQ(words.in_text(words.words.back().place + 7), start + 7);
  }
}

}  // namespace
}  // namespace reeve::content
