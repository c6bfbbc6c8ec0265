#include "content/context_table.h"

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

std::uint32_t ContextTable::add(const ContextWords& context) {
  for (std::uint32_t i = 0; i < contexts_.size(); ++i) {
    if (contexts_[i].near == context.near && contexts_[i].within == context.within) return i;
  }
  const auto entry = static_cast<std::uint32_t>(contexts_.size());
  contexts_.push_back(context);
  within_.push_back(context.within);
  if (!context.near.empty()) widest_ = std::max(widest_, context.within);
  for (const std::string& word : context.near) {
    if (!word.empty()) add_word(word, entry);
  }
  return entry;
}

void ContextTable::add_word(const std::string& word, std::uint32_t entry) {
  const auto known = std::ranges::find(words_, word, &Word::text);
  if (known != words_.end()) {
    known->entries.push_back(entry);
    return;
  }
  const auto number = static_cast<std::uint32_t>(words_.size());
  words_.push_back({word, {entry}});
  if (word.size() > 1 && is_letter(word[0]) && is_letter(word[1])) {
    by_pair_[pair_of(word[0], word[1])].push_back(number);
    return;
  }
  const auto first = static_cast<unsigned char>(word[0]);
  if (first >= 0xc3 && first <= 0xd1) {  // an upper-case letter may have another first byte
    for (unsigned lead = 0xc3; lead <= 0xd1; ++lead) by_first_[lead].push_back(number);
    return;
  }
  by_first_[first].push_back(number);
  const auto upper = static_cast<unsigned char>(upper_case(word[0]));
  if (upper != first) by_first_[upper].push_back(number);
}

void ContextTable::walk(std::string_view text, std::size_t from, std::size_t to, std::size_t place, bool before,
                        Near& near) const {
  const auto take = [&](std::size_t at, const std::vector<std::uint32_t>& words) {
    for (const std::uint32_t number : words) {
      const Word& word = words_[number];
      const std::size_t end = end_of_word_at(text, at, to, word.text);
      if (end == 0) continue;
      const auto reach = static_cast<std::uint32_t>(before ? place - at : end - place);
      for (const std::uint32_t entry : word.entries) {
        const bool seen = near.seen_[entry] == near.turn_;
        near.reach_[entry] = seen ? std::min(near.reach_[entry], reach) : reach;
        near.seen_[entry] = near.turn_;
      }
    }
  };
  for (std::size_t at = from; at < to; ++at) {
    const char first = text[at];
    const bool letter = is_letter(first);
    const auto& others = by_first_[static_cast<unsigned char>(first)];
    if (!letter && others.empty()) continue;
    const bool pair = letter && at + 1 < to && is_letter(text[at + 1]);
    const auto* paired = pair ? &by_pair_[pair_of(first, text[at + 1])] : nullptr;
    if ((paired == nullptr || paired->empty()) && others.empty()) continue;
    if (static_cast<unsigned char>(first) < 0x80 && !begins_word(text, at)) continue;
    if (paired != nullptr) take(at, *paired);
    take(at, others);
  }
}

void ContextTable::look(std::string_view text, std::size_t start, std::size_t end, Near& near) const {
  near.reach_.resize(contexts_.size());
  near.seen_.resize(contexts_.size());
  ++near.turn_;
  const std::size_t from = start > widest_ ? start - widest_ : 0;
  walk(text, from, start, start, true, near);
  // Behind the value only on its line: what stands on the next belongs to the next value.
  std::size_t to = std::min(text.size(), end + widest_);
  const auto line = text.substr(end, to - end).find('\n');
  if (line != std::string_view::npos) to = end + line;
  walk(text, end, to, end, false, near);
}

}  // namespace reeve::content
