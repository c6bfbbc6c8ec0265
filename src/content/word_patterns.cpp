#include "content/word_patterns.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "content/place_list.h"
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

/// Tells words of the text that may hold something drawn at random: letters and digits by turns, or, where nothing but
/// letters was drawn, cases by turns or many letters of one case in a row.
class DrawnWords {
 public:
  explicit DrawnWords(const DrawnMasks& drawn) : turn_(drawn.turn), row_(drawn.row), cased_(drawn.cased) {}
  bool is_likely(std::size_t start, std::size_t end) const {
    constexpr std::size_t kStep = 48;  // what lies over a border of 64 bytes is in one of them whole
    for (std::size_t at = start; at < end; at += kStep) {
      if (may_be_drawn(at, end - at >= 64 ? ~0ULL : (1ULL << (end - at)) - 1)) return true;
    }
    return false;
  }

 private:
  bool may_be_drawn(std::size_t start, std::uint64_t within) const {
    const std::uint64_t turns = turn_.from(start) & within, cased = cased_.from(start) & within;
    if (((turns & (turns - 1)) | cased) != 0) return true;
    return turns != 0 && (row_.from(start) & within) != 0;
  }

  MaskView turn_, row_, cased_;
};

/// The begin of the run of ones in which `at` is.
std::size_t begin_of_run(const std::vector<std::uint64_t>& bits, std::size_t at) {
  const std::uint64_t* const words = bits.data();
  for (std::size_t end = at + 1; end > 0;) {
    const std::size_t word = (end - 1) / 64, behind = 63 - (end - 1) % 64;
    const auto ones = static_cast<std::size_t>(std::countl_one(words[word] << behind));
    const std::size_t count = std::min(ones, 64 - behind);
    end -= count;
    if (count < 64 - behind) return end;
  }
  return 0;
}

}  // namespace

void LongWords::collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks) {
  collect(text, masks, decode_masks, fastest_instructions());
}

void LongWords::collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks,
                        InstructionSet set) {
  drawn.compute(masks, decode_masks, (text.size() + 63) / 64 + 1, set);
  const DrawnWords shape(drawn);
  for_each_place(drawn.first, text.size(), [&](std::size_t sign) {
    const std::size_t start = begin_of_run(decode_masks.word, sign);
    const std::size_t end = end_of_run(decode_masks.word, sign, text.size()), size = end - start;
    if (!shape.is_likely(start, end)) return;
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
  });
}

std::size_t LongWords::index_at(std::uint32_t place) const {
  const auto after = std::upper_bound(words.begin(), words.end(), place,
                                      [](std::uint32_t at, const Word& word) { return at < word.place; });
  return after == words.begin() ? 0 : static_cast<std::size_t>(after - words.begin()) - 1;
}

PatternIndex::Stretch LongWords::stretch_of(std::size_t least) const {
  std::size_t begin = joined.size(), end = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t from = words.data()[i].place;
    const std::size_t to = end_of(i);
    if (to - from < least) continue;
    begin = std::min(begin, from);
    end = to;
  }
  return {begin, end > begin ? end - begin : 0};
}

std::uint32_t LongWords::in_text(std::uint32_t place) const {
  const Word& word = words[index_at(place)];
  return word.start + (place - word.place);
}

}  // namespace reeve::content
