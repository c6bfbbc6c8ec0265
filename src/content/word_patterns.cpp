#include "content/word_patterns.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr unsigned kDrawnLeast = 16;

bool is_word_mark(char c) { return is_token_byte(c) || c == '.' || c == ':' || c == '|' || c == '='; }

/// Reads a pattern as far as it is one of a word.
class ShapeReader {
 public:
  explicit ShapeReader(std::string_view pattern) : pattern_(pattern) {}

  bool fits_in_word() {
    while (at_ < pattern_.size()) {
      if (!read_one()) return false;
    }
    return true;
  }
  /// Characters of a match, at least, that are drawn from a class.
  unsigned drawn() const { return drawn_; }

 private:
  bool read_one() {
    const char c = pattern_[at_];
    switch (c) {
      case '\\': return read_escape();
      case '[': return read_class();
      case '(':
        if (pattern_.substr(at_, 3) == "(?:" || pattern_.substr(at_, 4) == "(?i)") {
          at_ += pattern_[at_ + 2] == ':' ? 3 : 4;
          return true;
        }
        ++at_;
        return at_ < pattern_.size() && pattern_[at_] != '?';
      case ')':
      case '|':
      case '?':
      case '+':
      case '*': ++at_; return true;
      case '{': return read_count();
      default: break;
    }
    if (c == '.' || c == '^' || c == '$' || !is_word_mark(c)) return false;
    ++at_;
    return true;
  }

  bool read_escape() {
    if (at_ + 1 >= pattern_.size()) return false;
    const char c = pattern_[at_ + 1];
    at_ += 2;
    if (c == 'b') return true;
    if (c == 'd' || c == 'w') return true;
    return is_word_mark(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !is_digit_byte(c);
  }

  bool read_count() {
    const std::size_t end = pattern_.find('}', at_);
    if (end == std::string_view::npos) return false;
    unsigned least = 0;
    std::from_chars(pattern_.data() + at_ + 1, pattern_.data() + end, least);
    if (pattern_[at_ - 1] == ']') drawn_ += least;
    at_ = end + 1;
    return true;
  }

  bool read_class() {
    ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == '^') return false;
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      if (pattern_[at_] == '\\') {
        if (!read_escape()) return false;
        continue;
      }
      if (!is_word_mark(pattern_[at_])) return false;
      ++at_;
    }
    ++at_;
    return true;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  unsigned drawn_ = 0;
};

/// Without "and then something else, or the end", which says only where the value ends.
std::string_view without_border(std::string_view pattern) {
  for (const std::string_view begin : {"(?:[^", "(?:$|[^"}) {
    const std::size_t at = pattern.rfind(begin);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = pattern.substr(at);
    const std::size_t end_of_class = rest.find(']', begin.size() + 1);
    if (end_of_class == std::string_view::npos) continue;
    const std::string_view behind = rest.substr(end_of_class + 1);
    if (behind == "|$)" || behind == ")" || behind == "|\\z)") return pattern.substr(0, at);
  }
  return pattern;
}

}  // namespace

bool is_word_pattern(std::string_view pattern, std::uint32_t least_width) {
  const std::string_view value = without_border(pattern);
  if (least_width < kLongWord) return false;
  ShapeReader reader(value);
  return reader.fits_in_word() && reader.drawn() >= kDrawnLeast;
}

namespace {

/// Whether `least` ones stand in a row.
bool has_row(std::uint64_t bits, unsigned least) {
  for (unsigned have = 1; have < least;) {
    const unsigned by = std::min(have, least - have);
    bits &= bits >> by;
    have += by;
  }
  return bits != 0;
}

/// Whether up to 64 bytes of a word may be a part of something drawn at random: letters and digits by turns, or, where
/// nothing but letters was drawn, cases by turns or many letters of one case in a row.
bool may_be_drawn(std::uint64_t letter, std::uint64_t digit, std::uint64_t capital) {
  constexpr unsigned kCapitals = 14, kSmallLetters = 16, kBesideDigit = 8;
  const std::uint64_t turns = (letter & digit << 1U) | (digit & letter << 1U);
  if ((turns & (turns - 1)) != 0) return true;
  if (turns != 0 && has_row(letter | digit, kBesideDigit)) return true;
  // Names in camel case have neither a small letter between two capitals nor, but for the likes of HTTP, four capitals
  // behind a small one.
  const std::uint64_t small = letter & ~capital;
  const std::uint64_t alone = small & capital << 1U & capital >> 1U;
  const std::uint64_t before_four = small & capital >> 1U & capital >> 2U & capital >> 3U & capital >> 4U;
  return (alone | before_four) != 0 || has_row(capital, kCapitals) || has_row(small, kSmallLetters);
}

}  // namespace

void LongWords::collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks) {
  joined.clear();
  words.clear();
  longest = 0;
  const auto is_looked_at = [&](std::size_t start, std::size_t end) {
    constexpr std::size_t kStep = 48;  // what lies over a border of 64 bytes is in one of them whole
    for (std::size_t at = start; at < end; at += kStep) {
      const std::uint64_t within = end - at >= 64 ? ~0ULL : (1ULL << (end - at)) - 1;
      const std::uint64_t letter = bits_from(masks.letter, at) & within;
      const std::uint64_t digit = bits_from(masks.digit, at) & within;
      if (may_be_drawn(letter, digit, bits_from(decode_masks.odd, at) & letter)) return true;
    }
    return false;
  };
  for_each_place(decode_masks.word_run, text.size(), [&](std::size_t start) {
    const std::size_t end = end_of_run(decode_masks.word, start + kLongWord, text.size());
    if (!is_looked_at(start, end)) return;
    const std::size_t size = end - start;
    const bool is_usual = size < 64;
    words.push_back({static_cast<std::uint32_t>(joined.size()), static_cast<std::uint32_t>(start)});
    char* const to = joined.reserve(size + 64);
    if (is_usual) {
      std::memcpy(to, text.data() + start, 64);  // a few bytes too many, in steps that are known beforehand
    } else {
      std::memcpy(to, text.data() + start, size);
    }
    to[size] = '\n';
    joined.grow(size + 1);
    longest = std::max(longest, size + 1);
  });
}

std::uint32_t LongWords::in_text(std::uint32_t place) const {
  const auto after = std::upper_bound(words.begin(), words.end(), place,
                                      [](std::uint32_t at, const Word& word) { return at < word.place; });
  const Word& word = after == words.begin() ? words.front() : after[-1];
  return word.start + (place - word.place);
}

}  // namespace reeve::content
