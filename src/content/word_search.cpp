#include "content/word_search.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reeve::content {

std::string_view lowered(std::string_view text) {
  static thread_local std::vector<char> lower;
  if (lower.size() < text.size()) lower.resize(text.size());
  char* const to = lower.data();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned is_upper = static_cast<unsigned char>(byte - 'A') < 26 ? 0x20U : 0U;
    to[i] = static_cast<char>(byte | is_upper);
  }
  return {to, text.size()};
}

std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
#if defined(__x86_64__)
  if (word.size() >= 2) {
    const std::size_t last = word.size() - 1;
    const __m128i first_byte = _mm_set1_epi8(word.front()), last_byte = _mm_set1_epi8(word.back());
    for (; from + last + 16 <= text.size(); from += 16) {
      const char* const at = text.data() + from;
      const __m128i firsts = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i lasts = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + last));
      const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(firsts, first_byte), _mm_cmpeq_epi8(lasts, last_byte));
      for (auto places = static_cast<std::uint32_t>(_mm_movemask_epi8(both)); places != 0; places &= places - 1) {
        const auto place = static_cast<std::size_t>(std::countr_zero(places));
        if (std::memcmp(at + place, word.data(), word.size()) == 0) return from + place;
      }
    }
  }
#endif
  return text.find(word, from);
}

}  // namespace reeve::content
