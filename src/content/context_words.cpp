#include "content/context_words.h"

// Whether words stand near a value. Called for candidates only; the work is bounded by the window.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/finders.h"

namespace reeve::content {

namespace {

unsigned char byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/// Equal but for case: ASCII, and the two-byte letters of Latin, Greek and Cyrillic. `word` is in lower case.
bool same_letter(std::string_view text, std::size_t at, std::string_view word, std::size_t in_word,
                 std::size_t& bytes) {
  const unsigned char wanted = byte_at(word, in_word), given = byte_at(text, at);
  bytes = 1;
  if (wanted < 0x80) return static_cast<unsigned char>(lower_case(static_cast<char>(given))) == wanted;
  const bool pair = wanted >= 0xc3 && wanted <= 0xd1 && in_word + 1 < word.size() && at + 1 < text.size();
  if (!pair) return given == wanted;
  bytes = 2;
  if (given < 0xc3 || given > 0xd1) return false;
  const auto lower = [](unsigned letter) {
    const bool latin = letter >= 0xc0 && letter <= 0xde && letter != 0xd7;
    const bool greek = letter >= 0x391 && letter <= 0x3a9, cyrillic = letter >= 0x410 && letter <= 0x42f;
    if (latin || greek || cyrillic) return letter + 0x20;
    if (letter >= 0x400 && letter <= 0x40f) return letter + 0x50;
    const bool odd_is_upper = (letter >= 0x139 && letter < 0x149) || (letter >= 0x179 && letter < 0x17f);
    if (odd_is_upper) return letter + (letter & 1U);
    return letter >= 0x100 && letter < 0x178 ? letter | 1U : letter;
  };
  const unsigned want = lower((wanted & 0x1fU) << 6U | (byte_at(word, in_word + 1) & 0x3fU));
  const unsigned have = lower((given & 0x1fU) << 6U | (byte_at(text, at + 1) & 0x3fU));
  return have == want;
}

/// Ends a letter of an alphabet before `at`. Signs of Chinese, Japanese and Korean are no border's other side.
bool letter_before(std::string_view text, std::size_t at) {
  if (at == 0) return false;
  const unsigned char before = byte_at(text, at - 1);
  if (before < 0x80) return is_alphanumeric(text[at - 1]);
  std::size_t lead = at - 1;
  while (lead > 0 && at - lead < 4 && (byte_at(text, lead) & 0xc0U) == 0x80U) --lead;
  return byte_at(text, lead) >= 0xc3 && byte_at(text, lead) < 0xe0;
}

}  // namespace

bool begins_word(std::string_view text, std::size_t at) {
  if (!letter_before(text, at)) return true;
  const char before = text[at - 1], here = text[at];
  if (is_digit(before)) return is_letter(here);
  if (!is_upper(here)) return false;
  return is_lower(before) || (at + 1 < text.size() && is_lower(text[at + 1]));
}

namespace {

bool ends_word(std::string_view text, std::size_t end) {
  if (end >= text.size()) return true;
  const char here = text[end], before = text[end - 1];
  if (byte_at(text, end) >= 0x80) return byte_at(text, end) < 0xc3 || byte_at(text, end) >= 0xe0;
  if (!is_letter(here)) return true;
  if (is_upper(here)) return is_lower(before) || (end + 1 < text.size() && is_lower(text[end + 1]));
  return here == 's' && (end + 1 >= text.size() || !is_alphanumeric(text[end + 1]));
}

}  // namespace

/// A blank in a word stands for nothing or one character between words: "card number" is in "card_number", too.
std::size_t end_of_word_at(std::string_view text, std::size_t at, std::size_t limit, std::string_view word) {
  std::size_t i = 0;
  while (i < word.size()) {
    if (word[i] == ' ') {
      if (at < limit && !is_alphanumeric(text[at]) && byte_at(text, at) < 0x80) ++at;
      ++i;
      continue;
    }
    std::size_t bytes = 1;
    if (at >= limit || !same_letter(text, at, word, i, bytes)) return 0;
    at += bytes;
    i += bytes;
  }
  const bool ends = byte_at(word, word.size() - 1) >= 0xe0 || byte_at(text, at - 1) >= 0x80 || ends_word(text, at);
  return ends && at <= limit ? at : 0;
}

namespace {

bool holds_word(std::string_view text, std::size_t from, std::size_t to, std::span<const std::string> words) {
  // Most floods of digits and signs have no word at all around them.
  const auto is_word = [](char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; };
  if (std::ranges::none_of(text.substr(from, to - from), is_word)) return false;
  std::array<std::uint64_t, 4> firsts{};
  const auto mark = [&firsts](unsigned char byte) { firsts[byte / 64] |= 1ULL << byte % 64; };
  for (const std::string& word : words) {
    if (word.empty()) continue;
    const auto first = static_cast<unsigned char>(word[0]);
    mark(first);
    mark(static_cast<unsigned char>(upper_case(word[0])));
    if (first >= 0xc3 && first <= 0xd1) {  // an upper-case letter may have another first byte
      for (unsigned char lead = 0xc3; lead <= 0xd1; ++lead) mark(lead);
    }
  }
  for (std::size_t at = from; at < to; ++at) {
    const unsigned char byte = byte_at(text, at);
    if ((firsts[byte / 64] >> byte % 64 & 1U) == 0) continue;
    if (byte < 0x80 && !begins_word(text, at)) continue;
    for (const std::string& word : words) {
      if (!word.empty() && end_of_word_at(text, at, to, word) != 0) return true;
    }
  }
  return false;
}

}  // namespace

bool has_context(std::string_view text, std::size_t start, std::size_t end, const ContextWords& context) {
  return has_words(text, start, end, context.near, context.within);
}

bool has_words(std::string_view text, std::size_t start, std::size_t end, std::span<const std::string> words,
               std::size_t within) {
  if (words.empty()) return false;
  const std::size_t from = start > within ? start - within : 0;
  if (holds_word(text, from, start, words)) return true;
  // Behind the value only on its line: what stands on the next belongs to the next value.
  std::size_t to = std::min(text.size(), end + within);
  const auto line = text.substr(end, to - end).find('\n');
  if (line != std::string_view::npos) to = end + line;
  return holds_word(text, end, to, words);
}

}  // namespace reeve::content
