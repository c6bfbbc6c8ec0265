#include "content/word_patterns.h"

#include <algorithm>
#include <cstring>

#include "content/text_walk.h"

namespace reeve::content {

namespace {

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
  bool has_fixed_characters() const { return longest_ >= 3; }

 private:
  bool read_one() {
    const char c = pattern_[at_];
    const bool quantified =
        at_ + 1 < pattern_.size() && std::string_view("{?*+").find(pattern_[at_ + 1]) != std::string_view::npos;
    switch (c) {
      case '\\': return read_escape();
      case '[': return read_class();
      case '(':
        fixed_ = 0;
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
      case '*':
        fixed_ = 0;
        ++at_;
        return true;
      case '{': {
        fixed_ = 0;
        const std::size_t end = pattern_.find('}', at_);
        if (end == std::string_view::npos) return false;
        at_ = end + 1;
        return true;
      }
      default: break;
    }
    if (c == '.' || c == '^' || c == '$' || !is_word_mark(c)) return false;
    ++at_;
    fixed_ = quantified ? 0 : fixed_ + 1;
    longest_ = std::max(longest_, fixed_);
    return true;
  }

  bool read_escape() {
    if (at_ + 1 >= pattern_.size()) return false;
    const char c = pattern_[at_ + 1];
    at_ += 2;
    if (c == 'b') return true;
    fixed_ = 0;
    if (c == 'd' || c == 'w') return true;
    return is_word_mark(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !is_digit_byte(c);
  }

  bool read_class() {
    fixed_ = 0;
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
  std::size_t fixed_ = 0, longest_ = 0;
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
  return reader.fits_in_word() && !reader.has_fixed_characters();
}

void LongWords::collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks) {
  joined.clear();
  words.clear();
  for_each_place(decode_masks.word_run, text.size(), [&](std::size_t start) {
    const std::size_t end = end_of_run(decode_masks.word, start + kLongWord, text.size());
    const std::size_t size = end - start;
    const bool is_usual = size < 64;
    const bool has_digit =
        is_usual ? bits_from(masks.digit, start) << (64 - size) != 0 : any_bit(masks.digit, start, end);
    if (!has_digit) return;
    words.push_back({static_cast<std::uint32_t>(joined.size()), static_cast<std::uint32_t>(start)});
    char* const to = joined.reserve(size + 64);
    if (is_usual) {
      std::memcpy(to, text.data() + start, 64);  // a few bytes too many, in steps that are known beforehand
    } else {
      std::memcpy(to, text.data() + start, size);
    }
    to[size] = '\n';
    joined.grow(size + 1);
  });
}

std::uint32_t LongWords::in_text(std::uint32_t place) const {
  const auto after = std::upper_bound(words.begin(), words.end(), place,
                                      [](std::uint32_t at, const Word& word) { return at < word.place; });
  const Word& word = after == words.begin() ? words.front() : after[-1];
  return word.start + (place - word.place);
}

}  // namespace reeve::content
