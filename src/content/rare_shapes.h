#pragma once

// Shapes that masks tell and most texts do not have: of each the bits, so that a finder looks there only, and of a
// whole text whether it has any, so that most finders do not begin. Private to the room.

#include <cstdint>

#include "content/finders.h"
#include "content/place_list.h"

namespace reeve::content {

/// The bits of RareSign for what may stand in a text of which these are the masks; those that masks tell.
std::uint16_t rare_shapes_of(const TextMasks& masks, InstructionSet set);

namespace rare_shapes {

/// A word of a mask, or as many as a vector has, with what stands before and behind.
template <typename W>
struct Plane {
  W before, here, after;

  /// Bit i: what stands at i + by, or at i - by. `by` is 1 to 63.
  [[gnu::always_inline]] W ahead(int by) const { return here >> by | after << (64 - by); }
  [[gnu::always_inline]] W behind(int by) const { return here << by | before >> (64 - by); }
  [[gnu::always_inline]] friend Plane operator|(const Plane& one, const Plane& other) {
    return {one.before | other.before, one.here | other.here, one.after | other.after};
  }
};

template <bool kFirst>
Plane<std::uint64_t> plane_at(const MaskView& mask, std::size_t word) {
  return {kFirst ? 0 : mask.at(word - (kFirst ? 0 : 1)), mask.at(word), mask.at(word + 1)};
}

/// The last digit of an octet, a dot, and one to three digits with a dot behind.
template <typename W>
[[gnu::always_inline]] inline W octets(const Plane<W>& digit, const Plane<W>& dot) {
  return digit.here & dot.ahead(1) & digit.ahead(2) & (dot.ahead(3) | dot.ahead(4) | dot.ahead(5));
}

/// The first colon of an address: behind four letters or digits, no more, and the next colon is near.
template <typename W>
[[gnu::always_inline]] inline W hex_groups(const Plane<W>& alphanumeric, const Plane<W>& sign) {
  const W next = sign.ahead(1) | sign.ahead(2) | sign.ahead(3) | sign.ahead(4) | sign.ahead(5);
  return sign.here & next & alphanumeric.behind(1) & alphanumeric.behind(2) & alphanumeric.behind(3) &
         alphanumeric.behind(4) & ~alphanumeric.behind(5);
}

/// The first of five separators three places apart, with letters or digits around the first and behind the last.
template <typename W>
[[gnu::always_inline]] inline W pairs(const Plane<W>& alphanumeric, const Plane<W>& separator) {
  return separator.here & separator.ahead(3) & separator.ahead(6) & separator.ahead(9) & separator.ahead(12) &
         alphanumeric.behind(2) & alphanumeric.behind(1) & alphanumeric.ahead(1) & alphanumeric.ahead(2) &
         alphanumeric.ahead(14);
}

/// A digit and two letters, and no more; in front a byte between, and a group whose last byte or last but one is a
/// digit.
template <typename W>
[[gnu::always_inline]] inline W postcode(const Plane<W>& digit, const Plane<W>& letter, const Plane<W>& alphanumeric) {
  const W group = digit.behind(2) | (letter.behind(2) & digit.behind(3));
  return digit.here & letter.ahead(1) & letter.ahead(2) & ~alphanumeric.ahead(3) & ~alphanumeric.behind(1) & group;
}

/// The first of two dots, `kSecondDot` places apart and none between; in front eight bytes that are neither dot nor
/// "=" and ":".
constexpr int kSecondDot = 7;
template <typename W>
[[gnu::always_inline]] inline W dotted_token(const Plane<W>& dot, const Plane<W>& sign) {
  const Plane<W> other = dot | sign;
  W others = other.behind(1) | dot.ahead(1);
  for (int by = 2; by <= 8; ++by) others = others | other.behind(by);
  for (int by = 2; by < kSecondDot; ++by) others = others | dot.ahead(by);
  return dot.here & dot.ahead(kSecondDot) & ~others;
}

}  // namespace rare_shapes

}  // namespace reeve::content
