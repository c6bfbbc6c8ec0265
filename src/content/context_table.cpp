#include "content/context_table.h"

#include <bit>

#include "content/byte_blocks.h"
#include "content/context_words.h"
#include "core/check.h"

namespace reeve::content {

namespace {

void set_bit(std::span<std::uint64_t> bits, std::size_t at) { bits[at / 64] |= 1ULL << at % 64; }

}  // namespace

std::uint32_t ContextTable::add(const ContextWords& context) {
  for (std::uint32_t i = 0; i < contexts_.size(); ++i) {
    if (contexts_[i].near == context.near && contexts_[i].within == context.within) return i;
  }
  const auto entry = static_cast<std::uint32_t>(contexts_.size());
  contexts_.push_back(context);
  if (!context.near.empty()) widest_ = std::max(widest_, context.within);
  for (const std::string& word : context.near) {
    if (!word.empty()) add_word(word, entry);
  }
  return entry;
}

void ContextTable::add_word(const std::string& word, std::uint32_t entry) {
  auto known = std::ranges::find(words_, word, &Word::text);
  if (known == words_.end()) {
    put_word(word, static_cast<std::uint32_t>(words_.size()));
    known = words_.insert(words_.end(), Word{word, {}, {}});
  }
  known->entries.push_back(entry);
  known->bits.resize(std::max<std::size_t>(known->bits.size(), entry / 64 + 1));
  set_bit(known->bits, entry);
  known->within = std::min<std::size_t>(known->within, contexts_[entry].within);
}

/// Which second bytes a place of the word may have: a bit for each four.
std::uint64_t ContextTable::seconds_of(const std::string& word) {
  const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const bool ends_in_blanks = word.size() > 1 && word[1] == ' ' && (word.size() == 2 || word[2] == ' ');
  if (word.size() == 1 || is_foreign(word[0]) || ends_in_blanks) return ~0ULL;
  std::uint64_t seconds = 0;
  const auto may_be = [&seconds](char c) { seconds |= 1ULL << static_cast<unsigned char>(c) / kSecondsShare; };
  constexpr std::uint64_t kForeign = ~0ULL << (0x80 / kSecondsShare);
  // A blank stands for nothing, or for one character between words.
  const char second = word[1] == ' ' ? word[2] : word[1];
  if (word[1] == ' ') {
    for (unsigned c = 0; c < 0x80; ++c) {
      if (!is_alphanumeric(static_cast<char>(c))) may_be(static_cast<char>(c));
    }
  }
  may_be(second);
  may_be(upper_case(second));
  return is_foreign(second) ? seconds | kForeign : seconds;
}

void ContextTable::put_word(const std::string& word, std::uint32_t number) {
  CHECK(number <= UINT16_MAX);
  if (word.size() > 1 && is_letter(word[0]) && is_letter(word[1])) return put_triples(word, number);
  const auto first = static_cast<unsigned char>(word[0]);
  const auto upper = static_cast<unsigned char>(upper_case(word[0]));
  has_digit_firsts_ = has_digit_firsts_ || is_digit(word[0]);
  has_sign_firsts_ = has_sign_firsts_ || (first < 0x80 && !is_alphanumeric(word[0]));
  const std::uint64_t seconds = seconds_of(word);
  const auto put = [&](unsigned byte) {
    by_first_[byte].push_back(number);
    others_[byte] |= seconds;
  };
  if (first >= 0xc3 && first <= 0xd1) {  // an upper-case letter may have another first byte
    for (unsigned lead = 0xc3; lead <= 0xd1; ++lead) put(lead);
    return;
  }
  put(first);
  if (upper != first) put(upper);
}

/// The place of a triple in by_triple_.
std::size_t ContextTable::rank_of(std::size_t triple) const {
  const std::uint64_t below = triples_[triple / 64] & ((1ULL << triple % 64) - 1);
  return ranks_[triple / 64] + static_cast<std::size_t>(std::popcount(below));
}

/// Under every third character when any may stand there.
void ContextTable::put_triples(const std::string& word, std::uint32_t number) {
  const std::size_t triple = triple_at(word, 0);
  const bool is_any = word.size() == 2 || !is_letter(word[2]);
  const bool is_long = !is_any && word.size() > 3 && is_letter(word[3]);
  for (std::size_t third = 0; third < 32; ++third) {
    if (!is_any && third != triple % 32) continue;
    const std::size_t one = triple / 32 * 32 + third, rank = rank_of(one);
    if (!has_bit(triples_, one)) {
      const std::uint32_t begin = lists_[rank];
      lists_.insert(lists_.begin() + static_cast<std::ptrdiff_t>(rank), begin);
      set_bit(triples_, one);
      for (std::size_t behind = one / 64 + 1; behind < ranks_.size(); ++behind) ++ranks_[behind];
    }
    const Listed listed{static_cast<std::uint16_t>(number), is_long ? word[3] : '\0', word.size() == 2};
    by_triple_.insert(by_triple_.begin() + lists_[rank + 1], listed);
    for (std::size_t behind = rank + 1; behind < lists_.size(); ++behind) ++lists_[behind];
  }
}

/// Coarse, for a word whose first three characters may stand there: most end otherwise than they began.
bool ContextTable::may_stand(const Listed& word, std::string_view text, std::size_t at) {
  if (word.fourth != 0) return at + 3 < text.size() && lower_case(text[at + 3]) == word.fourth;
  if (!word.is_pair || at + 2 >= text.size()) return true;
  const char behind = text[at + 2];  // two letters that go on in lower case are the begin of another word
  return behind < 'a' || behind > 'z' || behind == 's';
}

/// Calls `take(word, end)` for each word that begins at `at`.
template <typename Take>
void ContextTable::words_at(std::string_view text, std::size_t at, const Take& take) const {
  const bool others = may_begin_otherwise(text, at);
  const bool lettered = may_begin_with_letters(text, at);
  if (!lettered && !others) return;
  if (static_cast<unsigned char>(text[at]) < 0x80 && !begins_word(text, at)) return;
  const auto compare = [&](std::uint32_t number) {
    const std::size_t end = end_of_word_at(text, at, text.size(), words_[number].text);
    if (end != 0) take(number, end);
  };
  if (lettered) {
    const std::uint32_t* const list = lists_.data() + rank_of(triple_at(text, at));
    for (std::uint32_t i = list[0]; i < list[1]; ++i) {
      const Listed one = by_triple_.data()[i];
      if (may_stand(one, text, at)) compare(one.word);
    }
  }
  if (others) std::ranges::for_each(by_first_[static_cast<unsigned char>(text[at])], compare);
}

void ContextTable::collect(std::string_view text, std::size_t at, std::vector<Hit>& hits) const {
  words_at(text, at, [&](std::uint32_t word, std::size_t end) {
    hits.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end), word});
  });
}

void ContextTable::mark(const Hit& hit, std::size_t reach, Near& near) const {
  const Word& word = words_[hit.word];
  near.is_empty_ = false;
  if (reach <= word.within) {
    for (std::size_t i = 0; i < word.bits.size(); ++i) near.bits_[i] |= word.bits[i];
    return;
  }
  for (const std::uint32_t entry : word.entries) {
    if (reach <= contexts_[entry].within) set_bit(near.bits_, entry);
  }
}

namespace {

constexpr std::size_t kPlaces = 64;

/// Coarse: of so many bytes from `at` on those that a word may begin with. Small letters behind letters are none.
std::uint64_t may_begin_words(std::string_view text, std::size_t at) {
  std::uint64_t within = 0;
#if REEVE_BYTE_BLOCKS
  constexpr unsigned char kCase = 0x20;
  if (at > 0 && at + kPlaces <= text.size()) {
    Bytes64 here, before;
    load_block(text.data() + at, here);
    load_block(text.data() + at - 1, before);
    return ~(range_bits(here, 'a', 26) & range_bits(before | kCase, 'a', 26));
  }
#endif
  const std::size_t count = std::min(kPlaces, text.size() - at);
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    const bool is_inner = at + i > 0 && is_letter(text[at + i - 1]) && c >= 'a' && c <= 'z';
    within |= static_cast<std::uint64_t>(!is_inner) << i;
  }
  return within;
}

}  // namespace

/// Words count that stand in [from, to) whole.
void ContextTable::walk(std::string_view text, std::size_t from, std::size_t to, std::size_t place, bool before,
                        Near& near) const {
  for (std::size_t block = from; block < to; block += kPlaces) {
    for (std::uint64_t left = may_begin_words(text, block); left != 0; left &= left - 1) {
      const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(left));
      if (at >= to) break;
      if (!may_begin(text, at)) continue;
      words_at(text, at, [&](std::uint32_t word, std::size_t end) {
        if (end <= to) mark({0, 0, word}, before ? place - at : end - place, near);
      });
    }
  }
}

void ContextTable::look(std::string_view text, std::size_t start, std::size_t end, Near& near) const {
  clear(near);
  const std::size_t from = start > widest_ ? start - widest_ : 0;
  walk(text, from, start, start, true, near);
  // Behind the value only on its line: what stands on the next belongs to the next value.
  std::size_t to = std::min(text.size(), end + widest_);
  const auto line = text.substr(end, to - end).find('\n');
  if (line != std::string_view::npos) to = end + line;
  walk(text, end, to, end, false, near);
}

}  // namespace reeve::content
