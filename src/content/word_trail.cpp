#include "content/word_trail.h"

#include <algorithm>

#include "content/check_digits.h"
#include "content/context_words.h"

namespace reeve::content {

namespace {

/// The number of two letters, case aside.
std::size_t pair_of(char first, char second) {
  return (static_cast<std::size_t>(first) & 31U) * 32U + (static_cast<std::size_t>(second) & 31U);
}

}  // namespace

std::uint32_t WordLists::add(std::span<const std::string> words, std::size_t within) {
  widest_ = std::max(widest_, within);
  for (const std::string& word : words) {
    if (!word.empty()) add_word(word, lists_);
  }
  return lists_++;
}

void WordLists::add_word(const std::string& word, std::uint32_t list) {
  const auto known = std::ranges::find(words_, word, &Word::text);
  if (known != words_.end()) {
    known->lists |= 1U << list;
    return;
  }
  const auto number = static_cast<std::uint32_t>(words_.size());
  words_.push_back({word, 1U << list});
  if (word.size() > 1 && is_letter(word[0]) && is_letter(word[1])) {
    pairs_.set(pair_of(word[0], word[1]));
    by_pair_[pair_of(word[0], word[1])].push_back(number);
    return;
  }
  const auto note = [&](unsigned first) {
    if (std::ranges::find(by_first_[first], number) != by_first_[first].end()) return;
    firsts_[first] = true;
    by_first_[first].push_back(number);
  };
  const auto first = static_cast<unsigned char>(word[0]);
  note(first);
  note(static_cast<unsigned char>(upper_case(word[0])));
  if (first < 0xc3 || first > 0xd1) return;
  for (unsigned lead = 0xc3; lead <= 0xd1; ++lead) note(lead);  // an upper-case letter may have another first byte
}

void WordTrail::look_at(std::size_t at, std::span<const std::uint32_t> words) {
  for (const std::uint32_t number : words) {
    const WordLists::Word& word = lists_.words_[number];
    const std::size_t end = end_of_word_at(text_, at, text_.size(), word.text);
    if (end == 0) continue;
    places_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end), word.lists});
  }
}

/// Sees to it that all words are known that begin in [from, to).
void WordTrail::cover(std::size_t from, std::size_t to) {
  if (from < from_ || from > walked_) {
    places_.clear();
    first_ = 0;
    from_ = walked_ = from;
  }
  for (; walked_ < to; ++walked_) {
    const char first = text_[walked_];
    const bool other = lists_.firsts_[static_cast<unsigned char>(first)];
    const std::size_t pair = walked_ + 1 < text_.size() ? pair_of(first, text_[walked_ + 1]) : 0;
    if (!other && !lists_.pairs_[pair]) continue;
    if (static_cast<unsigned char>(first) < 0x80 && !begins_word(text_, walked_)) continue;
    if (is_letter(first) && walked_ + 1 < text_.size() && is_letter(text_[walked_ + 1]))
      look_at(walked_, lists_.by_pair_[pair]);
    if (other) look_at(walked_, lists_.by_first_[static_cast<unsigned char>(first)]);
  }
}

/// What begins before `from` will not be asked for again.
void WordTrail::forget_until(std::size_t from) {
  if (first_ == places_.size() || places_[first_].begin >= from) return;
  while (first_ < places_.size() && places_[first_].begin < from) ++first_;
  from_ = from;
  if (first_ < 1024) return;
  places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

bool WordTrail::holds(std::uint32_t list, std::size_t from, std::size_t to) const {
  for (std::size_t i = first_; i < places_.size() && places_[i].begin < to; ++i) {
    if (places_[i].begin >= from && places_[i].end <= to && (places_[i].lists >> list & 1U) != 0) return true;
  }
  return false;
}

bool WordTrail::is_before(std::uint32_t list, std::size_t start, std::size_t within) {
  const std::size_t from = start > lists_.widest_ ? start - lists_.widest_ : 0;
  cover(from, start);
  forget_until(from);
  return holds(list, start > within ? start - within : 0, start);
}

bool WordTrail::is_behind(std::uint32_t list, std::size_t end, std::size_t within) {
  const std::size_t line = text_.substr(end, within).find('\n');
  const std::size_t to = line == std::string_view::npos ? std::min(text_.size(), end + within) : end + line;
  const std::size_t from = end > lists_.widest_ ? end - lists_.widest_ : 0;
  cover(end < from_ ? from : std::max(from, from_), to);
  return holds(list, end, to);
}

bool WordTrail::is_in(std::uint32_t list, std::size_t from, std::size_t to) {
  cover(from, to);
  return holds(list, from, to);
}

}  // namespace reeve::content
