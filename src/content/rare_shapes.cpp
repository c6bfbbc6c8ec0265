#include "content/rare_shapes.h"

#include "content/number_places.h"

namespace reeve::content {

namespace {

using rare_shapes::Plane;

/// All words of a mask seen so far that have a shape, one on the other.
template <typename W>
struct Seen {
  W octets, hex_groups, pairs_with_colons, pairs_with_dashes, postcode, dotted_token;
};

/// The masks that shapes are made of.
template <typename W>
struct Planes {
  Plane<W> digit, letter, assign, dot, dash;
};

template <typename W>
[[gnu::always_inline]] inline void look(const Planes<W>& at, Seen<W>& seen) {
  const Plane<W> alphanumeric = at.digit | at.letter;
  seen.octets = seen.octets | rare_shapes::octets(at.digit, at.dot);
  seen.hex_groups = seen.hex_groups | rare_shapes::hex_groups(alphanumeric, at.assign);
  seen.pairs_with_colons = seen.pairs_with_colons | rare_shapes::pairs(alphanumeric, at.assign);
  seen.pairs_with_dashes = seen.pairs_with_dashes | rare_shapes::pairs(alphanumeric, at.dash);
  seen.postcode = seen.postcode | rare_shapes::postcode(at.digit, at.letter, alphanumeric);
  seen.dotted_token = seen.dotted_token | rare_shapes::dotted_token(at.dot, at.assign);
}

std::uint16_t bits_of(const Seen<std::uint64_t>& seen) {
  unsigned bits = 0;
  const auto add = [&bits](std::uint64_t words, RareSign sign) {
    if (words != 0) bits |= static_cast<unsigned>(sign);
  };
  add(seen.octets, RareSign::kOctets);
  add(seen.hex_groups, RareSign::kHexGroups);
  add(seen.pairs_with_colons, RareSign::kPairsWithColons);
  add(seen.pairs_with_dashes, RareSign::kPairsWithDashes);
  add(seen.postcode, RareSign::kPostcode);
  add(seen.dotted_token, RareSign::kDottedToken);
  return static_cast<std::uint16_t>(bits);
}

[[gnu::always_inline]] inline std::uint16_t shapes_by_word(const TextMasks& masks) {
  Seen<std::uint64_t> seen{};
  // The last word of a mask is empty.
  for (std::size_t word = 0; word + 1 < masks.digit.size(); ++word) {
    const auto plane = [word](const std::vector<std::uint64_t>& mask) __attribute__((always_inline)) {
      const std::uint64_t* const at = mask.data() + word;
      return Plane<std::uint64_t>{word == 0 ? 0 : at[-1], at[0], at[1]};
    };
    look({plane(masks.digit), plane(masks.letter), plane(masks.assign), plane(masks.dot), plane(masks.dash)}, seen);
  }
  return bits_of(seen);
}

std::uint16_t shapes_plainly(const TextMasks& masks) { return shapes_by_word(masks); }

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

REEVE_TARGET_AVX2 std::uint16_t shapes_avx2(const TextMasks& masks) { return shapes_by_word(masks); }

REEVE_TARGET_AVX512 std::uint16_t shapes_avx512(const TextMasks& masks) {
  using number_places::Words;
  Seen<Words> seen{};
  Planes<Words> at{};
  const std::size_t words = masks.digit.size();
  for (std::size_t word = 0; word + 1 < words; word += 8) {
    const __mmask8 here = first_of_8(static_cast<std::ptrdiff_t>(words - word));
    const __mmask8 after = first_of_8(static_cast<std::ptrdiff_t>(words - word) - 1);
    const auto move_on = [&](Plane<Words>& plane, const std::vector<std::uint64_t>& mask) __attribute__((
                             always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2"))) {
      const auto last = reinterpret_cast<__m512i>(plane.here.all);
      const __m512i words_here = _mm512_maskz_loadu_epi64(here, mask.data() + word);
      plane.here.all = reinterpret_cast<Words8>(words_here);
      plane.before.all = reinterpret_cast<Words8>(_mm512_alignr_epi64(words_here, last, 7));
      plane.after.all = reinterpret_cast<Words8>(_mm512_maskz_loadu_epi64(after, mask.data() + word + 1));
    };
    move_on(at.digit, masks.digit);
    move_on(at.letter, masks.letter);
    move_on(at.assign, masks.assign);
    move_on(at.dot, masks.dot);
    move_on(at.dash, masks.dash);
    look(at, seen);
  }
  const auto any = [](const Words& words) { return std::uint64_t{__builtin_reduce_or(words.all)}; };
  return bits_of({any(seen.octets), any(seen.hex_groups), any(seen.pairs_with_colons), any(seen.pairs_with_dashes),
                  any(seen.postcode), any(seen.dotted_token)});
}

#endif

}  // namespace

std::uint16_t rare_shapes_of(const TextMasks& masks, InstructionSet set) {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return shapes_avx512(masks);
  if (set == InstructionSet::kAvx2) return shapes_avx2(masks);
#endif
  return shapes_plainly(masks);
}

}  // namespace reeve::content
