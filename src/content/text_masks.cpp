// Masks of a text: one bit a byte, 64 bytes a step.

#include "content/finders.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reeve::content {

namespace {

struct MaskWords {
  std::uint64_t digit = 0, letter = 0, at = 0, assign = 0, upper = 0, dot = 0, dash = 0, rare_pair = 0;
};

bool is_rare_pair(char first, char second) {
  const auto lower = [](char c) { return static_cast<char>(c | 0x20); };
  return (first == 'y' && second == 'J') || (first == 'K' && second == 'I') || (first == 'B' && second == 'E') ||
         (first == ':' && second == '/') || (lower(first) == 'h' && lower(second) == 'r') ||
         (lower(first) == 'm' && lower(second) == 'n');
}

/// `readable` is how many bytes stand there: a pair may reach over the word.
MaskWords masks_of_bytes(const char* text, std::size_t count, std::size_t readable) {
  MaskWords words;
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::uint64_t bit = 1ULL << i;
    const auto lower = static_cast<unsigned char>(byte | 0x20U);
    if (byte >= '0' && byte <= '9') words.digit |= bit;
    if (lower >= 'a' && lower <= 'z') words.letter |= bit;
    if (byte == '@') words.at |= bit;
    if (byte == '=' || byte == ':') words.assign |= bit;
    if (byte >= 0x80) words.upper |= bit;
    if (byte == '.') words.dot |= bit;
    if (byte == '-') words.dash |= bit;
    if (i + 1 < readable && is_rare_pair(text[i], text[i + 1])) words.rare_pair |= bit;
  }
  return words;
}

#if defined(__x86_64__)

/// Bytes from `first` on, `count` of them: 0xFF. Both unsigned.
__m128i in_range(__m128i bytes, char first, char count) {
  const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(count - 1))), shifted);
}

std::uint64_t bits_of(__m128i mask, int part) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(mask))) << (16 * part);
}

__m128i is_pair(__m128i first, char wanted_first, __m128i second, char wanted_second) {
  return _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8(wanted_first)),
                       _mm_cmpeq_epi8(second, _mm_set1_epi8(wanted_second)));
}

__m128i rare_pairs(__m128i first, __m128i second) {
  const __m128i case_bit = _mm_set1_epi8(0x20);
  const __m128i lower_first = _mm_or_si128(first, case_bit), lower_second = _mm_or_si128(second, case_bit);
  const __m128i exact = _mm_or_si128(_mm_or_si128(is_pair(first, 'y', second, 'J'), is_pair(first, 'K', second, 'I')),
                                     _mm_or_si128(is_pair(first, 'B', second, 'E'), is_pair(first, ':', second, '/')));
  const __m128i folded =
      _mm_or_si128(is_pair(lower_first, 'h', lower_second, 'r'), is_pair(lower_first, 'm', lower_second, 'n'));
  return _mm_or_si128(exact, folded);
}

/// The same for 64 bytes behind which one more is readable. SSE2 is part of every x86-64.
MaskWords masks_of_block(const char* text) {
  MaskWords words;
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + part);
    words.digit |= bits_of(in_range(bytes, '0', 10), part);
    words.letter |= bits_of(in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26), part);
    words.at |= bits_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')), part);
    words.assign |= bits_of(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))), part);
    words.upper |= bits_of(bytes, part);
    words.dot |= bits_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')), part);
    words.dash |= bits_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')), part);
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 1) + part);
    words.rare_pair |= bits_of(rare_pairs(bytes, second), part);
  }
  return words;
}

#else

MaskWords masks_of_block(const char* text) { return masks_of_bytes(text, 64, 65); }

#endif

}  // namespace

void TextMasks::compute(std::string_view text) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  for (auto* mask : {&digit, &letter, &at, &assign, &upper, &dot, &dash, &rare_pair}) mask->resize(words);
  const auto put = [this](std::size_t word, const MaskWords& bits) {
    digit[word] = bits.digit;
    letter[word] = bits.letter;
    at[word] = bits.at;
    assign[word] = bits.assign;
    upper[word] = bits.upper;
    dot[word] = bits.dot;
    dash[word] = bits.dash;
    rare_pair[word] = bits.rare_pair;
  };
  const std::size_t whole = text.empty() ? 0 : (text.size() - 1) / 64;
  for (std::size_t word = 0; word < whole; ++word) put(word, masks_of_block(text.data() + word * 64));
  const std::size_t rest = text.size() - whole * 64;
  if (rest != 0) put(whole, masks_of_bytes(text.data() + whole * 64, rest, rest));
  put(words - 1, {});
}

}  // namespace reeve::content
