// Masks of a text: one bit a byte, 64 bytes a step.

#include "content/finders.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reeve::content {

namespace {

struct MaskWords {
  std::uint64_t digit = 0, letter = 0, at = 0, assign = 0, upper = 0;
};

MaskWords masks_of_bytes(const char* text, std::size_t count) {
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

/// The same for 64 bytes. SSE2 is part of every x86-64.
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
  }
  return words;
}

#else

MaskWords masks_of_block(const char* text) { return masks_of_bytes(text, 64); }

#endif

}  // namespace

void TextMasks::compute(std::string_view text) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  for (auto* mask : {&digit, &letter, &at, &assign, &upper}) mask->resize(words);
  const auto put = [this](std::size_t word, const MaskWords& bits) {
    digit[word] = bits.digit;
    letter[word] = bits.letter;
    at[word] = bits.at;
    assign[word] = bits.assign;
    upper[word] = bits.upper;
  };
  const std::size_t whole = text.size() / 64;
  for (std::size_t word = 0; word < whole; ++word) put(word, masks_of_block(text.data() + word * 64));
  if (whole + 1 < words) put(whole, masks_of_bytes(text.data() + whole * 64, text.size() - whole * 64));
  put(words - 1, {});
}

}  // namespace reeve::content
