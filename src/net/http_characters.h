#pragma once

// Character classes of HTTP (RFC 9110 section 5.6) as tables, and the fast search for the end of a field value.
// Private to the room.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace reeve::net {

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet characters(std::string_view alphanumeric_and, bool alphanumeric = true) {
  CharacterSet set{};
  if (alphanumeric) {
    for (char c = '0'; c <= '9'; ++c) set[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) set[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<unsigned char>(c)] = true;
  }
  for (char c : alphanumeric_and) set[static_cast<unsigned char>(c)] = true;
  return set;
}

/// tchar: what a field name is made of.
inline constexpr CharacterSet kToken = characters("!#$%&'*+-.^_`|~");
/// What a method is made of. RFC 9110 would take any tchar; but no method in use has another, nginx takes no other, and
/// the rest of a body that passes for a request is likely to.
inline constexpr CharacterSet kMethod = characters("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", false);
/// reg-name (RFC 3986 section 3.2.2), IPv4 addresses included.
inline constexpr CharacterSet kHostName = characters("-._~!$&'()*+,;=%");
inline constexpr CharacterSet kAddress = characters("0123456789abcdefABCDEF:.", false);
inline constexpr CharacterSet kDigit = characters("0123456789", false);
/// What a request target may hold: all visible ASCII but '#', because a fragment is never sent.
inline constexpr CharacterSet kTarget = characters("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

inline bool in(const CharacterSet& set, char c) { return set[static_cast<unsigned char>(c)]; }

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// `expected` is lower case.
inline bool same_name(std::string_view text, std::string_view expected) {
  if (text.size() != expected.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != expected[i]) return false;
  }
  return true;
}

inline bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// The first control character that is not a tab: the CR that ends a line, or one that must not be there.
inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bad));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at < end && !is_control(*at)) ++at;
  return at;
}

}  // namespace reeve::net
