#pragma once

// Whether a number or a word may be an identifier, from masks, tables and a few bytes, without a branch: most of those
// that a text has are none, and which are is nothing that a processor can guess. Coarse: what is said no to is none of
// the finder's identifiers, however it is read. Private to the room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "content/finders.h"
#include "content/number_layouts.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace reeve::content {

/// What bytes beside a number mean to it (NumberSurroundings), as bits that are combined without a branch.
class NeighbourBytes {
 public:
  static constexpr std::uint8_t kDigit = 1, kLetter = 2, kJoinsBehind = 4, kPoint = 8, kHyphen = 16, kJoinsBefore = 32,
                                kBehindDigit = 64, kDot = 128;

  static std::uint8_t kinds(char c) { return kKinds[static_cast<unsigned char>(c)]; }
  /// As NumberSurroundings::continues_right, of the two bytes behind.
  static unsigned continues_right(char after, char second) {
    const unsigned a = kinds(after), b = kinds(second);
    return (a >> 2 | (a >> 3 & b) | (a >> 4 & (b | b >> 1))) & 1U;
  }
  /// True only where NumberSurroundings::continues_left is, of the two bytes in front.
  static unsigned continues_left(char before, char second) {
    const unsigned a = kinds(before), b = kinds(second);
    return (a >> 5 | (a >> 6 & b) | (a >> 7 & ~(b >> 1))) & 1U;
  }

 private:
  static const std::array<std::uint8_t, 256> kKinds;
};

/// Everything that a gate knows of its finder's identifiers. Built once; then immutable and shared by threads.
class NumberGate {
 public:
  explicit NumberGate(const LayoutTree& layouts);
  /// Bits by byte.
  using Bytes = std::array<std::uint64_t, 4>;
  /// Values of `length` with these shapes, bare or in groups of any size, that begin with one of `begins`.
  void add_bare(std::size_t length, const NumberShapes& shapes, const Bytes& begins);
  void add_ibans();

  /// Of layouts whose first separator is a dot: the first group has at most two characters, the second three.
  bool has_short_dots() const { return layouts_.has_short_dots(); }
  /// Of a run of digits from `begin` on that no letter and no digit leads.
  [[gnu::always_inline]] bool may_begin_digits(const FinderText& input, std::size_t begin) const;
  /// Of a word of letters and digits in front of `end` that holds a digit: whether it may be something as it stands,
  [[gnu::always_inline]] bool may_be_bare(const FinderText& input, std::size_t end) const;
  /// the first group of something, when a single sign is behind and then the next group,
  [[gnu::always_inline]] bool may_go_on(const FinderText& input, std::size_t end) const;
  /// or, of a word from `begin` on, the second, when a single sign is in front and then a letter.
  [[gnu::always_inline]] bool may_go_behind(const FinderText& input, std::size_t begin) const;

 private:
  static constexpr std::size_t kWindow = 56;   // bits of a mask that are looked at
  static constexpr std::size_t kWordMax = 46;  // longer words are not judged: room is left for a group in front
  static constexpr std::size_t kReach = 32;    // bytes in which joints are looked for

  /// Of so many bytes those that join groups of digits, and those behind which a part of them may stand alone.
  struct Joints {
    std::uint32_t all = 0, soft = 0;
  };
  static Joints joints_at(const char* text);
  /// The digits among the first and the last four of `length` characters.
  static std::size_t edges_of(std::uint64_t digits, std::size_t length) {
    return static_cast<std::size_t>((digits & 15U) | (digits >> (length < 4 ? 0 : length - 4) & 15U) << 4U);
  }
  struct Word {
    std::uint64_t digits;  // bit i: its place i is one
    std::size_t length;
  };
  [[gnu::always_inline]] static Word word_until(const FinderText& input, std::size_t end);
  static unsigned flag(bool is) { return is ? 1U : 0U; }
  static unsigned has(const Bytes& bits, std::size_t at) { return bit(bits.data()[at / 64], at % 64); }
  static unsigned bit(std::uint64_t bits, std::size_t at) { return static_cast<unsigned>(bits >> at & 1U); }
  /// More than kWindow bits in front of `at`, the last one highest; those further are not told. `at` is 64 or more.
  static std::uint64_t bits_until(std::span<const std::uint64_t> mask, std::size_t at) {
    return bytes_at(mask, at / 8 - 7) << (8 - at % 8);
  }
  /// As many from `at` on, the first one lowest.
  static std::uint64_t bits_from(std::span<const std::uint64_t> mask, std::size_t at) {
    return bytes_at(mask, at / 8) >> at % 8;
  }
  static std::uint64_t bytes_at(std::span<const std::uint64_t> mask, std::size_t byte) {
    std::uint64_t bits;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&bits, reinterpret_cast<const char*>(mask.data()) + byte, sizeof bits);
    } else {
      const std::size_t word = byte / 8, by = byte % 8 * 8;
      bits = mask.data()[word] >> by | (by == 0 ? 0 : mask.data()[word + 1] << (64 - by));
    }
    return bits;
  }
  unsigned is_country(const char* letters) const {
    const std::size_t first = static_cast<unsigned char>(letters[0]) & 31U;
    return static_cast<unsigned>(countries_[first] >> (static_cast<unsigned char>(letters[1]) & 31U) & 1U);
  }

  const LayoutTree& layouts_;
  std::uint64_t lengths_ = 0;  // of bare values, below 64
  // By length: edges that a shape has, of values that begin with any byte, and of those that begin with some only.
  std::array<Bytes, kWordMax + 1> edges_{}, begun_edges_{}, begins_{};
  std::array<std::uint8_t, kWordMax + 1> fewest_digits_{};
  std::array<std::uint32_t, 32> countries_{};  // that have IBANs, by the letters' low five bits; none when nobody asks
};

inline NumberGate::Joints NumberGate::joints_at(const char* text) {
  Joints joints;
#if defined(__x86_64__)
  for (unsigned half = 0; half < 2; ++half) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + half);
    const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const __m128i soft = _mm_or_si128(is(' '), is('/'));
    const __m128i all = _mm_or_si128(soft, _mm_or_si128(is('-'), is('.')));
    joints.soft |= static_cast<std::uint32_t>(_mm_movemask_epi8(soft)) << 16U * half;
    joints.all |= static_cast<std::uint32_t>(_mm_movemask_epi8(all)) << 16U * half;
  }
#else
  for (unsigned i = 0; i < 32; ++i) {
    const bool is_soft = text[i] == ' ' || text[i] == '/';
    joints.soft |= static_cast<std::uint32_t>(is_soft) << i;
    joints.all |= static_cast<std::uint32_t>(is_soft || text[i] == '-' || text[i] == '.') << i;
  }
#endif
  return joints;
}

inline bool NumberGate::may_begin_digits(const FinderText& input, std::size_t begin) const {
  // At the text's borders bytes are missing, and of long runs not all is known.
  const std::uint64_t digits = bits_from(input.masks.digit, begin);
  const auto first = static_cast<std::size_t>(std::countr_one(digits));
  if (begin < 2 || begin + 2 * kReach > input.text.size() || first >= kReach) return true;
  const char* const text = input.text.data() + begin;
  const Joints joints = joints_at(text);
  const std::uint64_t chain = digits | (joints.all & digits << 1U & digits >> 1U);
  const auto bytes = std::min(static_cast<std::size_t>(std::countr_one(chain)), kWindow);
  const std::uint64_t within = (1ULL << bytes) - 1;
  const auto count = static_cast<std::size_t>(std::popcount(digits & within));
  const auto second = static_cast<std::size_t>(std::countr_one(digits >> (first + 1)));
  const unsigned goes_on = NeighbourBytes::continues_right(text[bytes], text[bytes + 1]);
  // Of a long chain, and of one with a soft sign, a part may be something; of another only all of it.
  const unsigned may_be_part = flag(bytes >= kReach) | flag((joints.soft & within) != 0);
  const unsigned is_bare = bit(lengths_, first) & ~NeighbourBytes::continues_right(text[first], text[first + 1]);
  const unsigned is_group = flag(bytes > first) & (may_be_part | (bit(lengths_, count) & ~goes_on));
  const unsigned is_layout = layouts_.may_begin(GroupEdges::kDigits, first, separator_class(text[first]), second, 1) &
                             (may_be_part | flag(bytes == first) | (bit(layouts_.lengths(), count) & ~goes_on));
  return ((is_bare | is_group | is_layout) & 1U) != 0 && NeighbourBytes::continues_left(text[-1], text[-2]) == 0;
}

inline NumberGate::Word NumberGate::word_until(const FinderText& input, std::size_t end) {
  const std::uint64_t digits = bits_until(input.masks.digit, end);
  const auto length = static_cast<std::size_t>(std::countl_one(bits_until(input.masks.letter, end) | digits));
  return {digits >> ((64 - length) % 64), length};
}

inline bool NumberGate::may_be_bare(const FinderText& input, std::size_t end) const {
  if (end < 64 || end + 2 > input.text.size()) return true;
  const Word word = word_until(input, end);
  if (word.length > kWordMax) return true;
  const char* const behind = input.text.data() + end;
  const char* const begin = behind - word.length;
  const std::size_t edges = edges_of(word.digits, word.length);
  const auto first = static_cast<unsigned char>(begin[0]);
  const unsigned is_begun = has(begun_edges_[word.length], edges) & has(begins_[word.length], first);
  const unsigned is_shaped =
      (has(edges_[word.length], edges) | is_begun) & flag(std::popcount(word.digits) >= fewest_digits_[word.length]);
  return (is_shaped & ~NeighbourBytes::continues_right(behind[0], behind[1]) &
          ~NeighbourBytes::continues_left(begin[-1], begin[-2]) & 1U) != 0;
}

inline bool NumberGate::may_go_on(const FinderText& input, std::size_t end) const {
  if (end < 64 || end + 2 > input.text.size()) return true;
  const Word word = word_until(input, end);
  if (word.length > kWordMax) return true;
  const char* const behind = input.text.data() + end;
  const char* const begin = behind - word.length;
  const unsigned separator = separator_class(behind[0]);
  // The word behind, as far as it counts.
  const std::uint64_t next_digits = bits_from(input.masks.digit, end + 1);
  const auto second = static_cast<std::size_t>(std::countr_one(next_digits | bits_from(input.masks.letter, end + 1)));
  const unsigned is_layout = layouts_.may_begin(LayoutTree::group_edges(word.digits, word.length), word.length,
                                                separator, second, static_cast<unsigned>(next_digits & 1U));
  if (is_layout == 0) {  // most often
    if ((word.digits & 7U) != 4 || separator == kSeparators) return false;
    if ((word.length > 3 && (word.digits >> 3 & 1U) == 0) || is_country(begin) == 0) return false;
  }
  return NeighbourBytes::continues_left(begin[-1], begin[-2]) == 0;
}

inline bool NumberGate::may_go_behind(const FinderText& input, std::size_t begin) const {
  if (begin < 65) return true;
  const std::uint64_t digits = bits_from(input.masks.digit, begin);
  const auto length = static_cast<std::size_t>(std::countr_one(digits | bits_from(input.masks.letter, begin)));
  if (length > kWordMax) return true;
  const char* const word = input.text.data() + begin;
  const unsigned separator = separator_class(word[-1]);
  const auto front = static_cast<std::size_t>(std::countl_one(bits_until(input.masks.letter, begin - 1)));
  if (layouts_.may_begin(GroupEdges::kLetters, front, separator, length, static_cast<unsigned>(digits & 1U)) == 0) {
    if (front != 2 || (digits & 1U) == 0 || is_country(word - 3) == 0) return false;
  }
  const std::uint64_t front_digits = bits_until(input.masks.digit, begin - 1);
  return separator < 2 && front < 8 && front_digits << front >> 63U == 0;
}

}  // namespace reeve::content
