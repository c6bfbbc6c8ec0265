#include "content/labelled_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "content/check_digits.h"
#include "content/line_signs.h"
#include "content/next_sign.h"

namespace reeve::content {

namespace {

constexpr std::size_t kValueMax = 160;

/// The key that ends before an "=" or ":" at `at`: words of letters and what joins them, blanks too in prose.
std::string_view key_before(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && at - end < 4 && holds(" \t\"'`*])", text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < kKeyMax) {
    const char c = text[begin - 1];
    const bool blank_inside = c == ' ' && begin >= 2 && is_key_character(text[begin - 2]);
    if (!is_key_character(c) && !blank_inside) break;
    --begin;
  }
  while (begin < end && holds(" -", text[begin])) ++begin;
  return text.substr(begin, end - begin);
}

bool is_operator(std::string_view text, std::size_t at) {
  const char before = at > 0 ? text[at - 1] : ' ', after = at + 1 < text.size() ? text[at + 1] : ' ';
  if (text[at] == ':') return before == ':' || after == ':' || after == '/';
  return after == '=' || after == '~' || holds("=!<>+-*/%|&^~", before);
}

/// `<input name="city">`: the name of a field, not of a person.
bool is_attribute_name(std::string_view text, std::string_view key) {
  constexpr std::string_view kName = "name";
  std::size_t letters = 0;
  for (const char c : key) {
    if (!is_key_letter(c)) continue;
    if (letters == kName.size() || lower_case(c) != kName[letters]) return false;
    ++letters;
  }
  if (letters != kName.size()) return false;
  const auto begin = static_cast<std::size_t>(key.data() - text.data());
  for (std::size_t i = begin; i > 0 && begin - i < 120; --i) {
    if (text[i - 1] == '>') return false;
    if (text[i - 1] == '<') return true;
  }
  return false;
}

class Assignments {
 public:
  Assignments(const FinderText& input, const KnownKeys& keys, ValueTaker& taker)
      : input_(input), text_(input.text), keys_(keys), taker_(taker) {}

  /// False when no more is wanted.
  bool walk() {
    const std::size_t words = (text_.size() + 63) / 64;
    std::array<std::uint64_t, KeyEnds::kBlock> signs;
    KeyEnds::Places places;
    std::uint64_t then = 0;
    for (std::size_t first = 0; first < words; first += KeyEnds::kBlock) {
      const std::size_t count = std::min(words - first, KeyEnds::kBlock);
      read_single_signs(text_.data() + first * 64, count, signs.data());
      std::uint64_t any = 0;
      for (std::size_t i = 0; i < count; ++i) {
        // The second of two signs has no key in front: "::", "==", ":=".
        const std::uint64_t here = input_.masks.assign.data()[first + i];
        any |= signs.data()[i] &= here & ~(here << 1U | then >> 63U);
        then = here;
      }
      if (any == 0) continue;
      keys_.ends().find(input_, first, signs.data(), count, places);
      for (std::size_t i = 0; i < places.count; ++i) {
        const std::size_t at = first * 64 + places.at[i];
        const auto gap = static_cast<std::size_t>(std::countl_zero(KeyEnds::letters_before(input_.masks, at)));
        if (gap < kKeyMax + 4 && keys_.ends_known(text_, at - gap, at) && !look(at)) return false;
      }
    }
    return true;
  }

  bool walk_plainly() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      if (holds("=:", text_[at]) && !look(at)) return false;
    }
    return true;
  }

 private:
  bool look(std::size_t at) {
    if (is_operator(text_, at)) return true;
    const std::string_view key = key_before(text_, at);
    if (key.size() < 2) return true;
    const KnownKeys::Match match = keys_.find(key);
    if (!match || (text_[at] == '=' && is_attribute_name(text_, key))) return true;
    LabelledValue value = value_after(at + 1);
    if (value.end <= value.begin) return true;
    value.match = match;
    return taker_.take(value);
  }

  /// The value that begins at or after `at`, on the same line.
  LabelledValue value_after(std::size_t at) {
    LabelledValue value;
    if (at < text_.size() && (text_[at] == '=' || text_[at] == '>')) ++at;  // ":=", "=>"
    const std::size_t from = at;
    while (at < text_.size() && at - from < 12 && holds(" \t*", text_[at])) ++at;
    const char quote = at < text_.size() ? text_[at] : ' ';
    if (holds("\"'`", quote)) {
      const std::string_view rest = text_.substr(at + 1, kValueMax);
      const auto close = rest.find(quote);
      if (close == std::string_view::npos || rest.substr(0, close).find('\n') != std::string_view::npos) return value;
      value.begin = at + 1;
      value.end = at + 1 + close;
      value.quoted = true;
      return value;
    }
    value.begin = at;
    std::size_t end = ends_.in(text_, at, std::min(text_.size(), at + kValueMax));
    while (end > at && holds(" ,.*)", text_[end - 1])) --end;
    value.end = end;
    return value;
  }

  const FinderText& input_;
  std::string_view text_;
  const KnownKeys& keys_;
  ValueTaker& taker_;
  static constexpr NextSign::Set kEnds = NextSign::set_of("\n\r\t;|<>{}[]\"&");
  NextSign ends_{kEnds};
};

}  // namespace

void for_each_labelled_value(const FinderText& input, const KnownKeys& keys, ValueTaker& taker, LabelledWalk walk) {
  Assignments assignments(input, keys, taker);
  if (!(walk == LabelledWalk::kFast ? assignments.walk() : assignments.walk_plainly())) return;
  for_each_cell(input, keys, taker, walk);
}

}  // namespace reeve::content
