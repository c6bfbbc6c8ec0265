#pragma once

// Places of a text that have the shape of something, gathered from masks before any byte is looked at. How many bits a
// word of a mask has is nothing that a processor can guess: so the places of many words are written down first, those
// that cannot be it are dropped without a branch, and only what is left is looked at. Private to the room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "content/byte_blocks.h"

namespace reeve::content {

/// A mask's words by place, with what stands before and behind: bit i of behind(word, by) says what stands at i + by,
/// of before(word, by) what stands at i - by. `by` is 1 to 63. Masks have a word more than the text (TextMasks).
/// Nothing stands before the first word: there kFirst is to be said.
class MaskView {
 public:
  explicit MaskView(std::span<const std::uint64_t> mask) : words_(mask.data()) {}
  std::uint64_t at(std::size_t word) const { return words_[word]; }
  std::uint64_t behind(std::size_t word, unsigned by) const {
    return words_[word] >> by | words_[word + 1] << (64 - by);
  }
  template <bool kFirst>
  std::uint64_t before(std::size_t word, unsigned by) const {
    if constexpr (kFirst) return words_[word] << by;
    return words_[word] << by | words_[word - 1] >> (64 - by);
  }
  /// 64 bits from `place` on.
  std::uint64_t from(std::size_t place) const {
    const std::size_t word = place / 64, by = place % 64;
    return words_[word] >> by | words_[word + 1] << 1U << (63 - by);
  }

 private:
  const std::uint64_t* words_;
};

constexpr std::size_t kPlaceWords = 16;  // words of a mask whose places are looked at together
constexpr std::size_t kRareWords = 64;   // or that are asked together whether there are any
/// Some places a word are written always: what is written too much, the next word overwrites.
using PlaceList = std::array<std::uint32_t, kPlaceWords * 64 + 16>;

namespace place_list {

/// The shape's bits; gives back all of them together.
template <typename Shape>
[[gnu::always_inline]] inline std::uint64_t draw(const Shape& shape, std::size_t from, std::size_t count,
                                                 std::uint64_t* words) {
  words[0] = from == 0 ? shape.template bits<true>(0) : shape.template bits<false>(from);
  std::uint64_t any = words[0];
  for (std::size_t i = 1; i < count; ++i) any |= words[i] = shape.template bits<false>(from + i);
  return any;
}

/// The places of `words`, of which the first is the text's word `from`. Gives back where they end.
[[gnu::always_inline]] inline std::uint32_t* write_places(const std::uint64_t* words, std::size_t from,
                                                          std::size_t count, std::uint32_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t bits = words[i];
    const auto base = static_cast<std::uint32_t>((from + i) * 64);
    const int set = std::popcount(bits);
    for (int k = 0; k < 4; ++k, bits &= bits - 1) to[k] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    for (int k = 4; k < set; ++k, bits &= bits - 1) to[k] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    to += set;
  }
  return to;
}

template <typename Shape>
[[gnu::always_inline]] inline std::size_t keep_likely(const Shape& shape, std::uint32_t* places,
                                                      const std::uint32_t* end) {
  std::size_t kept = 0;
  for (const std::uint32_t* at = places; at != end; ++at) {
    const std::uint32_t place = *at;
    places[kept] = place;
    kept += shape.is_likely(place) ? 1U : 0U;
  }
  return kept;
}

template <typename Shape>
[[gnu::always_inline]] inline std::size_t gather(const Shape& shape, std::size_t from, std::size_t count,
                                                 std::uint32_t* places) {
  std::uint64_t words[kPlaceWords];
  if (draw(shape, from, count, words) == 0) return 0;
  return keep_likely(shape, places, write_places(words, from, count, places));
}

template <typename Shape>
std::uint64_t draw_plainly(const Shape& shape, std::size_t from, std::size_t count, std::uint64_t* words) {
  return draw(shape, from, count, words);
}

template <typename Shape>
std::size_t gather_plainly(const Shape& shape, std::size_t from, std::size_t count, std::uint32_t* places) {
  return gather(shape, from, count, places);
}

#if defined(__x86_64__)
template <typename Shape>
[[gnu::target("avx2,popcnt,bmi,bmi2,lzcnt")]] std::size_t gather_quickly(const Shape& shape, std::size_t from,
                                                                         std::size_t count, std::uint32_t* places) {
  return gather(shape, from, count, places);
}

template <typename Shape>
[[gnu::target("avx2,bmi,bmi2")]] std::uint64_t draw_quickly(const Shape& shape, std::size_t from, std::size_t count,
                                                            std::uint64_t* words) {
  return draw(shape, from, count, words);
}

#if REEVE_BYTE_BLOCKS
/// A word's places at once.
REEVE_TARGET_AVX512 inline std::uint32_t* write_places_widely(const std::uint64_t* words, std::size_t from,
                                                              std::size_t count, std::uint32_t* to) {
  static constexpr auto kOffsets = [] {
    std::array<std::uint8_t, 64> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
    return all;
  }();
  const __m512i offsets = load_512(kOffsets.data());
  for (std::size_t i = 0; i < count; ++i) {
    __m512i places = _mm512_maskz_compress_epi8(words[i], offsets);
    const __m512i base = _mm512_set1_epi32(static_cast<int>((from + i) * 64));
    const int set = std::popcount(words[i]);
    for (int written = 0;;) {
      _mm512_storeu_si512(to + written, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
      written += 16;
      if (written >= set) [[likely]]
        break;
      places = _mm512_shuffle_i64x2(places, places, 0b11111001);  // the next sixteen
    }
    to += set;
  }
  return to;
}

template <typename Shape>
REEVE_TARGET_AVX512 std::size_t gather_widely(const Shape& shape, std::size_t from, std::size_t count,
                                              std::uint32_t* places) {
  std::uint64_t words[kPlaceWords];
  if (draw(shape, from, count, words) == 0) return 0;
  return keep_likely(shape, places, write_places_widely(words, from, count, places));
}
#endif

inline bool can_gather_quickly() {
  static const bool kCan = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
                           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                           __builtin_cpu_supports("lzcnt");
  return kCan;
}
#endif

}  // namespace place_list

/// Calls `look(place)` in order for the places that shape.bits<is first>(word) has a bit for and shape.is_likely(place)
/// keeps, until it says false. Both are asked ahead of `look`, and must not depend on what it did.
template <typename Shape, typename Look>
void look_at_likely(std::size_t size, const Shape& shape, const Look& look) {
  auto gather = place_list::gather_plainly<Shape>;
#if defined(__x86_64__)
  if (place_list::can_gather_quickly()) gather = place_list::gather_quickly<Shape>;
#if REEVE_BYTE_BLOCKS
  if (fastest_instructions() == InstructionSet::kAvx512) gather = place_list::gather_widely<Shape>;
#endif
#endif
  PlaceList places;
  const std::size_t words = (size + 63) / 64;
  for (std::size_t from = 0; from < words; from += kPlaceWords) {
    const std::size_t kept = gather(shape, from, std::min(kPlaceWords, words - from), places.data());
    for (std::size_t i = 0; i < kept; ++i) {
      if (!look(static_cast<std::size_t>(places.data()[i]))) return;
    }
  }
}

/// Calls `look(place)` in order for the places that shape.bits<is first>(word) has a bit for. For rare shapes.
template <typename Shape, typename Look>
void look_at_rare(std::size_t size, const Shape& shape, const Look& look) {
  auto draw = place_list::draw_plainly<Shape>;
#if defined(__x86_64__)
  if (place_list::can_gather_quickly()) draw = place_list::draw_quickly<Shape>;
#endif
  std::uint64_t bits[kRareWords];
  const std::size_t words = (size + 63) / 64;
  for (std::size_t from = 0; from < words; from += kRareWords) {
    const std::size_t count = std::min(kRareWords, words - from);
    if (draw(shape, from, count, bits) == 0) continue;
    for (std::size_t i = 0; i < count; ++i) {
      for (; bits[i] != 0; bits[i] &= bits[i] - 1) {
        look((from + i) * 64 + static_cast<std::size_t>(std::countr_zero(bits[i])));
      }
    }
  }
}

}  // namespace reeve::content
