#include "content/word_patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

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

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// Whether so many bytes in a row are of a kind.
template <typename Kind>
bool has_row(std::string_view text, std::size_t least, const Kind& kind) {
  std::size_t row = 0;
  for (const char c : text) {
    row = kind(c) ? row + 1 : 0;
    if (row >= least) return true;
  }
  return false;
}

/// The rule, byte by byte, for up to 64 bytes.
bool may_be_drawn(std::string_view word) {
  std::size_t turns = 0;
  bool cased = false;
  const auto capital_at = [word](std::size_t i) { return i < word.size() && is_capital(word[i]); };
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool small = is_letter(word[i]) && !is_capital(word[i]);
    if (i > 0) {
      turns += (is_letter(word[i]) && is_digit_byte(word[i - 1])) || (is_digit_byte(word[i]) && is_letter(word[i - 1]));
    }
    cased = cased || (small && i > 0 && capital_at(i - 1) && capital_at(i + 1));
    cased = cased || (small && capital_at(i + 1) && capital_at(i + 2) && capital_at(i + 3) && capital_at(i + 4));
  }
  const auto is_alphanumeric = [](char c) { return is_letter(c) || is_digit_byte(c); };
  return turns > 1 || (turns == 1 && has_row(word, DrawnMasks::kBesideDigit, is_alphanumeric)) || cased ||
         has_row(word, DrawnMasks::kCapitals, is_capital) ||
         has_row(word, DrawnMasks::kSmallLetters, [](char c) { return is_letter(c) && !is_capital(c); });
}

TEST(LongWords, AreThoseOfThePlainReading) {
  std::mt19937 random(20);
  static constexpr std::string_view kAlphabets[] = {"abcdefghijkLMN_", "aB_", "abcdefgh1_", "ABCD1e_", "abc/", "aB3 "};
  std::size_t seen = 0;
  LongWords words;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t size = round < 600 ? static_cast<std::size_t>(round) : random() % 3000;
    while (text.size() < size) {
      const std::string_view alphabet = kAlphabets[random() % std::size(kAlphabets)];
      for (std::size_t i = random() % (round % 3 == 0 ? 300 : 40); i > 0; --i)
        text += alphabet[random() % alphabet.size()];
      text += random() % 3 == 0 ? "\n" : " ";
    }
    text.resize(size);
    std::vector<std::pair<std::size_t, std::string>> expected;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
      bool drawn = false;
      for (std::size_t from = at; from < end; from += 48) {
        drawn = drawn || may_be_drawn(std::string_view(text).substr(from, std::min<std::size_t>(64, end - from)));
      }
      if (end - at >= kLongWord && drawn) expected.emplace_back(at, text.substr(at, end - at));
      at = end + 1;
    }
    const std::string padded = text + std::string(64, '\0');
    const std::string_view view(padded.data(), text.size());
    TextMasks masks;
    masks.compute(view);
    DecodeMasks decode_masks;
    decode_masks.compute(view);
    for (const InstructionSet set : instruction_sets()) {
      words.clear();
      words.collect(view, masks, decode_masks, set);
      std::vector<std::pair<std::size_t, std::string>> found;
      for (const LongWords::Word& word : words.words) {
        const std::string_view rest = words.joined.view().substr(word.place);
        found.emplace_back(word.start, rest.substr(0, rest.find('\n')));
      }
      ASSERT_EQ(found, expected) << static_cast<int>(set) << " " << text;
    }
    seen += expected.size();
  }
  EXPECT_GT(seen, 1000U);
}

}  // namespace
}  // namespace reeve::content
