#include "content/line_signs.h"

#include <array>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reeve::content {

namespace {

struct WordSigns {
  std::uint64_t newline = 0, divider = 0, code = 0, ins = 0;
};

inline void put(const WordSigns& read, std::size_t word, LineSigns& signs) {
  signs.newline.data()[word] = read.newline;
  signs.divider.data()[word] = read.divider;
  signs.code.data()[word] = read.code;
  signs.ins.data()[word] = read.ins;
}

}  // namespace

void read_line_signs_plainly(const char* text, std::size_t words, LineSigns& signs) {
  for (std::size_t word = 0; word < words; ++word) {
    WordSigns read;
    for (unsigned i = 0; i < 64; ++i) {
      const char c = text[word * 64 + i];
      const std::uint64_t bit = 1ULL << i;
      if (c == '\n') read.newline |= bit;
      const auto is = [&](unsigned at, char letter) { return at > 63 || (text[word * 64 + at] | 0x20) == letter; };
      if (is(i, 'i') && is(i + 1, 'n') && is(i + 2, 's')) read.ins |= bit;
      if (line_sign_of(c) == LineSign::kDivider) read.divider |= bit;
      if (line_sign_of(c) == LineSign::kCode) read.code |= bit;
    }
    put(read, word, signs);
  }
}

#if defined(__x86_64__)

namespace {

std::uint64_t in_a_row(std::uint64_t i, std::uint64_t n, std::uint64_t s) {
  return i & (n >> 1U | 1ULL << 63U) & (s >> 2U | 3ULL << 62U);
}

struct Sse2Signs {
  __m128i bytes;
  __m128i is(char c) const { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
  /// From `first` on, `count` of them.
  __m128i in(char first, char count) const {
    const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(count - 1))), shifted);
  }
};

__m128i either(__m128i one, __m128i other) { return _mm_or_si128(one, other); }

std::uint64_t bits_of(__m128i mask, int part) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(mask))) << (16 * part);
}

void read_with_sse2(const char* text, std::size_t words, LineSigns& signs) {
  for (std::size_t word = 0; word < words; ++word, text += 64) {
    WordSigns read;
    std::uint64_t i = 0, n = 0, s = 0;
    for (int part = 0; part < 4; ++part) {
      const Sse2Signs here{_mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + part)};
      const __m128i semicolon = here.is(';'), bar = here.is('|'), tab = here.is('\t');
      const __m128i divider = either(either(here.is(','), semicolon), either(tab, bar));
      const __m128i colon_to_question = _mm_andnot_si128(semicolon, here.in(':', 6));  // : ; < = > ?
      const __m128i braces = _mm_andnot_si128(bar, here.in('{', 4));                   // and ~
      const __m128i dollar_to_ampersand = here.in('$', 3);
      const __m128i code = either(either(either(colon_to_question, braces), either(dollar_to_ampersand, here.is('^'))),
                                  either(either(here.is('+'), here.is('!')), either(here.is('@'), here.is('\\'))));
      const Sse2Signs lower{_mm_or_si128(here.bytes, _mm_set1_epi8(0x20))};
      read.newline |= bits_of(here.is('\n'), part);
      read.divider |= bits_of(divider, part);
      read.code |= bits_of(code, part);
      i |= bits_of(lower.is('i'), part);
      n |= bits_of(lower.is('n'), part);
      s |= bits_of(lower.is('s'), part);
    }
    read.ins = in_a_row(i, n, s);
    put(read, word, signs);
  }
}

/// Signs by their halves: a sign has a bit that the rows of both its upper and its lower four bits hold. The three
/// lowest bits are those of dividers.
struct Nibbles {
  std::array<std::uint8_t, 16> upper{}, lower{};
};
constexpr std::uint8_t kDividerBits = 0x07, kCodeBits = 0xf8;
constexpr Nibbles kNibbles = [] {
  Nibbles nibbles;
  const auto add = [&](std::uint8_t bit, std::string_view signs) {
    for (const char c : signs) {
      nibbles.upper[static_cast<unsigned char>(c) >> 4U] |= bit;
      nibbles.lower[static_cast<unsigned char>(c) & 15U] |= bit;
    }
  };
  // Of one bit all signs share the upper half or the lower.
  add(0x01, "\t");
  add(0x02, ",|");
  add(0x04, ";");
  add(0x08, "!$%&+");
  add(0x10, ":<=>?");
  add(0x20, "@");
  add(0x40, "\\^");
  add(0x80, "{}~");
  return nibbles;
}();

__attribute__((target("avx2"))) void read_with_avx2(const char* text, std::size_t words, LineSigns& signs) {
  const auto row = [](const std::array<std::uint8_t, 16>& bytes) __attribute__((target("avx2"))) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data())));
  };
  const __m256i upper_row = row(kNibbles.upper), lower_row = row(kNibbles.lower), zero = _mm256_setzero_si256();
  const auto bits = [](__m256i mask) __attribute__((target("avx2"))) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(mask)));
  };
  for (std::size_t word = 0; word < words; ++word, text += 64) {
    WordSigns read;
    std::uint64_t i = 0, n = 0, s = 0;
    for (int part = 0; part < 2; ++part) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text) + part);
      // A byte from 0x80 on has zero as its lower row: no sign is one.
      const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
      const __m256i kinds =
          _mm256_and_si256(_mm256_shuffle_epi8(lower_row, bytes), _mm256_shuffle_epi8(upper_row, upper));
      const auto none_of = [&](std::uint8_t wanted) __attribute__((target("avx2"))) {
        return bits(_mm256_cmpeq_epi8(_mm256_and_si256(kinds, _mm256_set1_epi8(static_cast<char>(wanted))), zero));
      };
      const auto is = [&](__m256i of, char c)
                          __attribute__((target("avx2"))) { return _mm256_cmpeq_epi8(of, _mm256_set1_epi8(c)); };
      const int by = 32 * part;
      read.newline |= bits(is(bytes, '\n')) << by;
      read.divider |= (none_of(kDividerBits) ^ 0xffffffffU) << by;
      read.code |= (none_of(kCodeBits) ^ 0xffffffffU) << by;
      const __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
      i |= bits(is(lower, 'i')) << by;
      n |= bits(is(lower, 'n')) << by;
      s |= bits(is(lower, 's')) << by;
    }
    read.ins = in_a_row(i, n, s);
    put(read, word, signs);
  }
}

__attribute__((target("avx512f,avx512bw"))) void read_with_avx512(const char* text, std::size_t words,
                                                                  LineSigns& signs) {
  const __m512i upper_row = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(&kNibbles.upper)));
  const __m512i lower_row = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(&kNibbles.lower)));
  for (std::size_t word = 0; word < words; ++word, text += 64) {
    const __m512i bytes = _mm512_loadu_si512(text);
    const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
    const __m512i kinds =
        _mm512_and_si512(_mm512_shuffle_epi8(lower_row, bytes), _mm512_shuffle_epi8(upper_row, upper));
    const __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    signs.newline.data()[word] = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    signs.divider.data()[word] = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(kDividerBits));
    signs.code.data()[word] = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(static_cast<char>(kCodeBits)));
    signs.ins.data()[word] = in_a_row(_mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('i')),
                                      _mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('n')),
                                      _mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('s')));
  }
}

}  // namespace

std::vector<LineSignsReader> line_signs_readers() {
  std::vector<LineSignsReader> readers{read_line_signs_plainly, read_with_sse2};
  if (__builtin_cpu_supports("avx2") != 0) readers.push_back(read_with_avx2);
  if (__builtin_cpu_supports("avx512bw") != 0) readers.push_back(read_with_avx512);
  return readers;
}

#else

std::vector<LineSignsReader> line_signs_readers() { return {read_line_signs_plainly}; }

#endif

namespace {

void read_singles_plainly(const char* text, std::size_t words, std::uint64_t* singles) {
  for (std::size_t word = 0; word < words; ++word, text += 64) {
    std::uint64_t halves = 0;
    for (unsigned i = 0; i < 64; ++i) {
      const char here = text[i], behind = text[i + 1];
      const bool half = here == ':'   ? behind == ':' || behind == '/' || behind == '\n'
                        : here == '=' ? behind == '=' || behind == '\n'
                                      : false;
      halves |= static_cast<std::uint64_t>(half) << i;
    }
    singles[word] = ~halves;
  }
}

#if REEVE_BYTE_BLOCKS

[[gnu::always_inline]] inline void read_singles(const char* text, std::size_t words, std::uint64_t* singles) {
  for (std::size_t word = 0; word < words; ++word, text += 64) {
    Bytes64 here, behind;
    load_block(text, here);
    load_block(text + 1, behind);
    const std::uint64_t line_end = equal_bits(behind, '\n');
    singles[word] = ~((equal_bits(here, ':') & (equal_bits(behind, ':') | equal_bits(behind, '/') | line_end)) |
                      (equal_bits(here, '=') & (equal_bits(behind, '=') | line_end)));
  }
}

void read_singles_baseline(const char* text, std::size_t words, std::uint64_t* singles) {
  read_singles(text, words, singles);
}
#if defined(__x86_64__)
REEVE_TARGET_AVX2 void read_singles_avx2(const char* text, std::size_t words, std::uint64_t* singles) {
  read_singles(text, words, singles);
}
REEVE_TARGET_AVX512 void read_singles_avx512(const char* text, std::size_t words, std::uint64_t* singles) {
  read_singles(text, words, singles);
}
#endif
#endif

}  // namespace

void read_single_signs(const char* text, std::size_t words, std::uint64_t* singles) {
  read_single_signs(text, words, singles, fastest_instructions());
}

void read_single_signs(const char* text, std::size_t words, std::uint64_t* singles, InstructionSet set) {
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return read_singles_baseline(text, words, singles);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return read_singles_avx2(text, words, singles);
    case InstructionSet::kAvx512: return read_singles_avx512(text, words, singles);
#endif
#endif
    default: return read_singles_plainly(text, words, singles);
  }
}

void read_line_signs(const char* text, std::size_t words, LineSigns& signs) {
  static const LineSignsReader kFastest = line_signs_readers().back();
  kFastest(text, words, signs);
}

}  // namespace reeve::content
