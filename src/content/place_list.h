#pragma once

// Places of a text that have the shape of something, gathered from masks before any byte is looked at. How many bits a
// word of a mask has is nothing that a processor can guess: so the places of many words are written down first, those
// that cannot be it are dropped without a branch, and only what is left is looked at. Private to the room.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace reeve::content {

/// Places that are written beyond the last one.
constexpr std::size_t kPlacesOver = 4;

/// Writes the place of each set bit of `words`, in order; bit 0 of the first word is `base`. `places` has room for 64 a
/// word and for kPlacesOver more. Gives back how many there are.
std::size_t gather_places(std::span<const std::uint64_t> words, std::uint32_t base, std::uint32_t* places);

/// Calls `look(place)` in order for the places that `bits_of(word)` has a bit for and `is_likely(place)` keeps, until it
/// says false. `bits_of` and `is_likely` are called ahead of `look`, and must not depend on what it did.
template <typename BitsOf, typename IsLikely, typename Look>
void look_at_likely(std::size_t size, const BitsOf& bits_of, const IsLikely& is_likely, const Look& look) {
  constexpr std::size_t kWords = 16;
  std::array<std::uint64_t, kWords> bits;
  std::array<std::uint32_t, kWords * 64 + kPlacesOver> places;
  const std::size_t words = (size + 63) / 64;
  for (std::size_t from = 0; from < words; from += kWords) {
    const std::size_t count = std::min(kWords, words - from);
    for (std::size_t i = 0; i < count; ++i) bits[i] = bits_of(from + i);
    const std::size_t gathered =
        gather_places(std::span(bits).first(count), static_cast<std::uint32_t>(from * 64), places.data());
    std::uint32_t* const all = places.data();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < gathered; ++i) {
      const std::uint32_t place = all[i];
      all[kept] = place;
      kept += is_likely(static_cast<std::size_t>(place)) ? 1U : 0U;
    }
    for (std::size_t i = 0; i < kept; ++i) {
      if (!look(static_cast<std::size_t>(all[i]))) return;
    }
  }
}

/// A mask's words by place, with what stands before and behind: bit i of behind(word, by) says what stands at i + by,
/// of before(word, by) what stands at i - by. `by` is 1 to 63. Masks have a word more than the text (TextMasks).
class MaskView {
 public:
  explicit MaskView(std::span<const std::uint64_t> mask) : words_(mask.data()) {}
  std::uint64_t at(std::size_t word) const { return words_[word]; }
  std::uint64_t behind(std::size_t word, unsigned by) const { return words_[word] >> by | words_[word + 1] << (64 - by); }
  std::uint64_t before(std::size_t word, unsigned by) const {
    const std::uint64_t last = word == 0 ? 0 : words_[word - 1];
    return words_[word] << by | last >> (64 - by);
  }
  /// 64 bits from `place` on.
  std::uint64_t from(std::size_t place) const {
    const std::size_t word = place / 64, by = place % 64;
    return words_[word] >> by | words_[word + 1] << 1U << (63 - by);
  }

 private:
  const std::uint64_t* words_;
};

}  // namespace reeve::content
