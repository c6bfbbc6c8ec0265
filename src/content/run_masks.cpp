#include "content/run_masks.h"

#include <algorithm>

namespace reeve::content {

namespace {

/// Bit i of the result: `least` ones stand from bit i of `word` on; `next` is the word behind. Words or vectors of
/// them.
template <typename Words>
[[gnu::always_inline]] inline void keep_long(Words& word, Words& next, unsigned least) {
  unsigned long_enough = 1;
  while (long_enough < least) {
    const unsigned by = std::min(long_enough, least - long_enough);
    word &= (word >> by) | (next << (64 - by));
    next &= next >> by;  // right as far as `word` still needs it
    long_enough += by;
  }
}

/// Of the words [from, to), which has all words but the last at most: that one is zero.
void long_runs_plain(const std::uint64_t* bits, const std::uint64_t* inner, std::size_t from, std::size_t to,
                     unsigned least, std::uint64_t* starts) {
  for (std::size_t i = from; i < to; ++i) {
    std::uint64_t within = bits[i], next = bits[i + 1];
    keep_long(within, next, least);
    starts[i] = within & ~(inner[i] << 1U | (i > 0 ? inner[i - 1] >> 63U : 0));
  }
}

bool turns_plain(const std::uint64_t* bits, std::size_t from, std::size_t words) {
  std::uint64_t any = 0;
  for (std::size_t i = from; i < words; ++i) any |= turns_from(bits[i], false) | turns_from(bits[i], true);
  return any != 0;
}

#if REEVE_BYTE_BLOCKS

[[gnu::always_inline]] inline void long_runs_wide(const std::uint64_t* bits, const std::uint64_t* inner,
                                                  std::size_t words, unsigned least, std::uint64_t* starts) {
  const std::size_t last = words - 1;
  long_runs_plain(bits, inner, 0, std::min<std::size_t>(last, 1), least, starts);
  std::size_t i = 1;
  for (; i + 8 <= last; i += 8) {
    Words8 before, here, within, next;
    load_words(inner + i - 1, before);
    load_words(inner + i, here);
    load_words(bits + i, within);
    load_words(bits + i + 1, next);
    const Words8 goes_on = (here << 1U) | (before >> 63U);
    keep_long(within, next, least);
    const Words8 found = within & ~goes_on;
    std::memcpy(starts + i, &found, sizeof found);
  }
  if (i < last) long_runs_plain(bits, inner, i, last, least, starts);
}

[[gnu::always_inline]] inline bool turns_wide(const std::uint64_t* bits, std::size_t words) {
  Words8 any{};
  std::size_t i = 0;
  for (; i + 8 <= words; i += 8) {
    Words8 word;
    load_words(bits + i, word);
    Words8 odd = word ^ 0xAAAAAAAAAAAAAAAAULL, even = word ^ 0x5555555555555555ULL;
    for (unsigned by = 1; by <= 8; by *= 2) {
      odd &= odd >> by;
      even &= even >> by;
    }
    any |= odd | even;
  }
  std::uint64_t all = 0;
  for (std::size_t lane = 0; lane < 8; ++lane) all |= any[lane];
  return all != 0 || turns_plain(bits, i, words);
}

#if defined(__x86_64__)

REEVE_TARGET_AVX2 void long_runs_avx2(const std::uint64_t* bits, const std::uint64_t* inner, std::size_t words,
                                      unsigned least, std::uint64_t* starts) {
  long_runs_wide(bits, inner, words, least, starts);
}
/// Eight words a step, the last step's with zeros behind them: most texts are short.
REEVE_TARGET_AVX512 void long_runs_avx512(const std::uint64_t* bits, const std::uint64_t* inner, std::size_t words,
                                          unsigned least, std::uint64_t* starts) {
  __m512i before = _mm512_setzero_si512();
  for (std::size_t i = 0; i + 1 < words; i += 8) {
    const auto left = static_cast<std::ptrdiff_t>(words - i);
    const __m512i here = _mm512_maskz_loadu_epi64(first_of_8(left), inner + i);
    Words8 within = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(first_of_8(left), bits + i));
    Words8 next = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(first_of_8(left - 1), bits + i + 1));
    const __m512i moved = _mm512_alignr_epi64(here, before, 7);  // each word's neighbour before it
    const __m512i goes_on = _mm512_or_si512(_mm512_slli_epi64(here, 1), _mm512_srli_epi64(moved, 63));
    keep_long(within, next, least);
    _mm512_mask_storeu_epi64(starts + i, first_of_8(left - 1),
                             _mm512_andnot_si512(goes_on, reinterpret_cast<__m512i>(within)));
    before = here;
  }
}
REEVE_TARGET_AVX2 bool turns_avx2(const std::uint64_t* bits, std::size_t words) { return turns_wide(bits, words); }
REEVE_TARGET_AVX512 bool turns_avx512(const std::uint64_t* bits, std::size_t words) {
  __m512i any = _mm512_setzero_si512();
  for (std::size_t i = 0; i < words; i += 8) {
    const auto left = static_cast<std::ptrdiff_t>(words - i);
    const __m512i word = _mm512_maskz_loadu_epi64(first_of_8(left), bits + i);
    __m512i odd = _mm512_xor_si512(word, _mm512_set1_epi8(static_cast<char>(0xAA)));
    __m512i even = _mm512_xor_si512(word, _mm512_set1_epi8(0x55));
    for (unsigned by = 1; by <= 8; by *= 2) {
      odd = _mm512_and_si512(odd, _mm512_srli_epi64(odd, by));
      even = _mm512_and_si512(even, _mm512_srli_epi64(even, by));
    }
    any = _mm512_or_si512(any, _mm512_or_si512(odd, even));
  }
  return _mm512_test_epi64_mask(any, any) != 0;
}

#endif
#endif

}  // namespace

void find_long_runs(const std::uint64_t* bits, const std::uint64_t* inner, std::size_t words, unsigned least,
                    std::uint64_t* starts, InstructionSet set) {
  starts[words - 1] = 0;
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return long_runs_wide(bits, inner, words, least, starts);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return long_runs_avx2(bits, inner, words, least, starts);
    case InstructionSet::kAvx512: return long_runs_avx512(bits, inner, words, least, starts);
#endif
#endif
    default: return long_runs_plain(bits, inner, 0, words - 1, least, starts);
  }
}

bool has_turns(const std::uint64_t* bits, std::size_t words, InstructionSet set) {
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return turns_wide(bits, words);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return turns_avx2(bits, words);
    case InstructionSet::kAvx512: return turns_avx512(bits, words);
#endif
#endif
    default: return turns_plain(bits, 0, words);
  }
}

}  // namespace reeve::content
