#include "content/number_places.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "content/check_digits.h"

namespace reeve::content {
namespace {

/// Texts of what numbers are made of, and stand beside.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kSigns = "0123456789012345678901234567890123456789abXYzw  --../+(_,:=\n\x80";
  const unsigned kinds = 10 + random() % static_cast<unsigned>(kSigns.size() - 9);
  std::string text;
  for (std::size_t size = random() % 300; text.size() < size;) {
    text.append(random() % 30 == 0 ? random() % 80 : 1, kSigns[random() % kinds]);
  }
  return text;
}

struct Masked {
  explicit Masked(const std::string& text) : padded(text + std::string(64, '7')) { masks.compute(text); }
  std::string padded;
  TextMasks masks;
};

bool is_alphanumeric_at(std::string_view text, std::size_t at) { return at < text.size() && is_alphanumeric(text[at]); }

/// How many bytes a chain of digits from `at` on is long, and how many digits.
std::pair<std::size_t, std::size_t> chain_at(std::string_view text, std::size_t at) {
  std::size_t bytes = 0, digits = 0;
  while (at + bytes < text.size()) {
    const char c = text[at + bytes];
    const bool joins = bytes > 0 && !is_alphanumeric(c) && c != '=' && c != ':' && is_digit(text[at + bytes - 1]) &&
                       at + bytes + 1 < text.size() && is_digit(text[at + bytes + 1]);
    if (!is_digit(c) && !joins) break;
    digits += is_digit(c) ? 1 : 0;
    ++bytes;
  }
  return {bytes, digits};
}

TEST(DigitChains, AreAllThatHaveDigitsEnough) {
  std::mt19937 random(3);
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random);
    const Masked masked(text);
    const FinderText input{{masked.padded.data(), text.size()}, masked.masks};
    for (const std::size_t fewest : {1U, 4U, 6U, 9U}) {
      std::vector<std::size_t> told;
      DigitChains(input, fewest).for_each([&](std::size_t begin) { told.push_back(begin); });
      auto next = told.begin();
      for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_told = next != told.end() && *next == at;
        if (is_told) ++next;
        const bool begins = is_digit(text[at]) && (at == 0 || !is_alphanumeric(text[at - 1]));
        const auto [bytes, digits] = chain_at(text, at);
        // None is left out, and none is told that is not a chain of nearly so many.
        if (begins && digits >= fewest) ASSERT_TRUE(is_told) << text << ' ' << at << ' ' << fewest;
        if (is_told) ASSERT_TRUE(begins && bytes >= std::min<std::size_t>(fewest, 6)) << text << ' ' << at;
        if (is_told && fewest >= 6) ASSERT_TRUE(bytes > 6 || digits == 6) << text << ' ' << at;
      }
      ASSERT_EQ(next, told.end());
    }
  }
}

TEST(NumberWords, AreTheWordsThatPlainReadingTells) {
  std::mt19937 random(5);
  for (int round = 0; round < 8000; ++round) {
    const std::string text = random_text(random);
    const Masked masked(text);
    const FinderText input{{masked.padded.data(), text.size()}, masked.masks};
    for (const bool all : {false, true}) {
      std::vector<std::size_t> told, expected;
      NumberWords(input, all).for_each([&](std::size_t end) { told.push_back(end); });
      for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
        bool holds_digit = false;
        for (end = begin; is_alphanumeric_at(text, end); ++end) holds_digit = holds_digit || is_digit(text[end]);
        if (!holds_digit) continue;
        const bool is_joined = is_alphanumeric_at(text, end + 1) && text[end] != '=' && text[end] != ':';
        const bool is_front =
            begin >= 2 && is_letter(text[begin - 2]) && end - begin >= NumberWords::kLongBehindLetters;
        if (all || end - begin >= NumberWords::kLong || is_joined || is_front) expected.push_back(end);
      }
      // Words of more than 64 characters behind letters may be left out: they are none of an identifier's groups.
      ASSERT_EQ(told, expected) << text << ' ' << all;
    }
  }
}

}  // namespace
}  // namespace reeve::content
