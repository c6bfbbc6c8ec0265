#include "content/drawn_masks.h"

#include <algorithm>
#include <cstring>

#include "content/decode.h"

namespace reeve::content {

namespace {

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"  // vectors by value: what takes them is inlined always
#endif

/// What stands in a word of the masks, or in a vector of them.
template <typename Words>
struct Seen {
  Words letter, digit, capital;
};

/// Bit i: what stands `by` places before, or behind, place i.
template <typename Words>
[[gnu::always_inline]] inline Words before(const Words& here, const Words& word_before, unsigned by) {
  return here << by | word_before >> (64 - by);
}
template <typename Words>
[[gnu::always_inline]] inline Words behind(const Words& here, const Words& word_behind, unsigned by) {
  return here >> by | word_behind << (64 - by);
}

template <typename Words>
[[gnu::always_inline]] inline Words rows(Words here, Words next, unsigned least) {
  unsigned long_enough = 1;
  while (long_enough < least) {
    const unsigned by = std::min(long_enough, least - long_enough);
    here &= behind(here, next, by);
    next &= next >> by;  // right as far as `here` still needs it
    long_enough += by;
  }
  return here;
}

template <typename Words>
struct Signs {
  Words turn, row, cased;
};

template <typename Words>
[[gnu::always_inline]] inline void read_signs(const Seen<Words>& last, const Seen<Words>& here, const Seen<Words>& next,
                                              Signs<Words>& signs) {
  signs.turn = (here.letter & before(here.digit, last.digit, 1)) | (here.digit & before(here.letter, last.letter, 1));
  signs.row = rows<Words>(here.letter | here.digit, next.letter | next.digit, DrawnMasks::kBesideDigit);
  const Words small = here.letter & ~here.capital, next_small = next.letter & ~next.capital;
  const Words capital_behind = behind(here.capital, next.capital, 1);
  const Words alone = before(here.capital, last.capital, 1) & capital_behind;
  const Words four = capital_behind & behind(here.capital, next.capital, 2) & behind(here.capital, next.capital, 3) &
                     behind(here.capital, next.capital, 4);
  signs.cased = (small & (alone | four)) | rows<Words>(here.capital, next.capital, DrawnMasks::kCapitals) |
                rows<Words>(small, next_small, DrawnMasks::kSmallLetters);
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// The masks that are read and those that are written, by word.
struct Walk {
  const std::uint64_t *letter, *digit, *odd;
  std::uint64_t *turn, *row, *cased;
  std::size_t words;

  Seen<std::uint64_t> at(std::size_t word) const { return {letter[word], digit[word], odd[word] & letter[word]}; }
};

void walk_plainly(const Walk& walk, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    Signs<std::uint64_t> signs{};
    read_signs(i == 0 ? Seen<std::uint64_t>{} : walk.at(i - 1), walk.at(i), walk.at(i + 1), signs);
    walk.turn[i] = signs.turn;
    walk.row[i] = signs.row;
    walk.cased[i] = signs.cased;
  }
}

#if REEVE_BYTE_BLOCKS

[[gnu::always_inline]] inline void load_seen(const Walk& walk, std::size_t from, Seen<Words8>& seen) {
  load_words(walk.letter + from, seen.letter);
  load_words(walk.digit + from, seen.digit);
  load_words(walk.odd + from, seen.capital);
  seen.capital &= seen.letter;
}

[[gnu::always_inline]] inline void walk_widely(const Walk& walk) {
  const std::size_t last = walk.words - 1;
  walk_plainly(walk, 0, std::min<std::size_t>(last, 1));
  std::size_t i = 1;
  for (; i + 8 <= last; i += 8) {
    Seen<Words8> before_it, here, next;
    load_seen(walk, i - 1, before_it);
    load_seen(walk, i, here);
    load_seen(walk, i + 1, next);
    Signs<Words8> signs;
    read_signs(before_it, here, next, signs);
    std::memcpy(walk.turn + i, &signs.turn, sizeof signs.turn);
    std::memcpy(walk.row + i, &signs.row, sizeof signs.row);
    std::memcpy(walk.cased + i, &signs.cased, sizeof signs.cased);
  }
  if (i < last) walk_plainly(walk, i, last);
}

void walk_baseline(const Walk& walk) { walk_widely(walk); }

#if defined(__x86_64__)

REEVE_TARGET_AVX2 void walk_avx2(const Walk& walk) { walk_widely(walk); }

REEVE_TARGET_AVX512 [[gnu::always_inline]] inline void load_first_seen(const Walk& walk, std::size_t from,
                                                                       Seen<Words8>& seen) {
  const __mmask8 there = first_of_8(static_cast<std::ptrdiff_t>(walk.words - from));
  seen.letter = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(there, walk.letter + from));
  seen.digit = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(there, walk.digit + from));
  seen.capital = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(there, walk.odd + from)) & seen.letter;
}
/// Each word's neighbour before it.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline Words8 moved(const Words8& last, const Words8& here) {
  return reinterpret_cast<Words8>(
      _mm512_alignr_epi64(reinterpret_cast<__m512i>(here), reinterpret_cast<__m512i>(last), 7));
}

/// Eight words a step, the last step's with zeros behind them: most texts are short.
REEVE_TARGET_AVX512 void walk_avx512(const Walk& walk) {
  Seen<Words8> last{};
  for (std::size_t i = 0; i + 1 < walk.words; i += 8) {
    Seen<Words8> here, next;
    load_first_seen(walk, i, here);
    load_first_seen(walk, i + 1, next);
    const Seen<Words8> before_it{moved(last.letter, here.letter), moved(last.digit, here.digit),
                                 moved(last.capital, here.capital)};
    Signs<Words8> signs;
    read_signs(before_it, here, next, signs);
    const __mmask8 there = first_of_8(static_cast<std::ptrdiff_t>(walk.words - 1 - i));
    _mm512_mask_storeu_epi64(walk.turn + i, there, reinterpret_cast<__m512i>(signs.turn));
    _mm512_mask_storeu_epi64(walk.row + i, there, reinterpret_cast<__m512i>(signs.row));
    _mm512_mask_storeu_epi64(walk.cased + i, there, reinterpret_cast<__m512i>(signs.cased));
    last = here;
  }
}

#endif
#endif

}  // namespace

namespace {

void walk_masks(const Walk& walk, InstructionSet set) {
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return walk_baseline(walk);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return walk_avx2(walk);
    case InstructionSet::kAvx512: return walk_avx512(walk);
#endif
#endif
    default: return walk_plainly(walk, 0, walk.words - 1);
  }
}

/// From each long word's begin a carry runs over the bytes of the word that are no sign, to the first that is.
void find_first_signs(DrawnMasks& drawn, const DecodeMasks& masks, std::size_t words) {
  const std::uint64_t* const turn = drawn.turn.data();
  const std::uint64_t* const cased = drawn.cased.data();
  const std::uint64_t* const word = masks.word.data();
  const std::uint64_t* const begins = masks.word_run.data();
  std::uint64_t* const first = drawn.first.data();
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t signs = turn[i] | cased[i], others = word[i] & ~signs;
    const std::uint64_t once = others + begins[i], sum = once + carry;
    carry = static_cast<std::uint64_t>(once < others) | static_cast<std::uint64_t>(sum < once);
    first[i] = sum & signs;
  }
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
REEVE_TARGET_AVX512 void find_first_signs_widely(DrawnMasks& drawn, const DecodeMasks& masks, std::size_t words) {
  unsigned carry = 0;
  for (std::size_t i = 0; i < words; i += 8) {
    const __mmask8 there = first_of_8(static_cast<std::ptrdiff_t>(words - i));
    const __m512i signs = _mm512_or_si512(_mm512_maskz_loadu_epi64(there, drawn.turn.data() + i),
                                          _mm512_maskz_loadu_epi64(there, drawn.cased.data() + i));
    const __m512i others = _mm512_andnot_si512(signs, _mm512_maskz_loadu_epi64(there, masks.word.data() + i));
    const __m512i sum = add_widely(others, _mm512_maskz_loadu_epi64(there, masks.word_run.data() + i), carry);
    _mm512_mask_storeu_epi64(drawn.first.data() + i, there, _mm512_and_si512(sum, signs));
  }
}
#endif

}  // namespace

void DrawnMasks::compute(const TextMasks& masks, const DecodeMasks& decode_masks, std::size_t words,
                         InstructionSet set) {
  if (turn.size() < words) {
    for (auto* mask : {&turn, &row, &cased, &first}) mask->resize(words);
  }
  for (auto* mask : {&turn, &row, &cased}) mask->data()[words - 1] = 0;
  const Walk walk{
      masks.letter.data(), masks.digit.data(), decode_masks.odd.data(), turn.data(), row.data(), cased.data(), words};
  walk_masks(walk, set);
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return find_first_signs_widely(*this, decode_masks, words);
#endif
  find_first_signs(*this, decode_masks, words);
}

}  // namespace reeve::content
