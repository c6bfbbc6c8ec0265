#pragma once

// Places of a text where a known key may end: the test of a few instructions in front of everything that reads keys.
// Private to the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "content/finders.h"

namespace reeve::content {

/// Letters that known keys end in. Never says no to a known key.
class KeyEnds {
 public:
  KeyEnds() : known_(kNumbers / 64) {}
  /// `joined` as joined_key gives it.
  void add(std::string_view joined);

  /// Words of masks that are looked at in one go.
  static constexpr std::size_t kBlock = 64;
  /// Places of one block, in order, as far as they are told.
  struct Places {
    std::array<std::uint16_t, kBlock * 64 + 1> at;
    std::size_t count = 0;
  };

  /// Of the places that `signs` has a bit for those before which a known key may end, and all that have no letter among
  /// the 60 bytes before them. `signs` has up to kBlock words, from the text's word `first` on.
  void find(const FinderText& text, std::size_t first, const std::uint64_t* signs, std::size_t words,
            Places& places) const;

  /// Bit 63 - i: whether the byte at place - 1 - i is a key's letter.
  static std::uint64_t letters_before(const TextMasks& masks, std::size_t place) {
    const std::size_t word = place / 64;
    return joined(letters(masks, word), word > 0 ? letters(masks, word - 1) : 0, place % 64);
  }

  /// What may stand inside of keys and of heads of columns.
  static constexpr std::array<bool, 256> kJoins = [] {
    std::array<bool, 256> joins{};
    for (const char c : std::string_view("_- .#/()")) joins[static_cast<unsigned char>(c)] = true;
    return joins;
  }();

 private:
  static constexpr unsigned kLetters = 7;  // of a key that are looked at: with the byte in front one load
  /// What the byte in front of them says: the key may go on there, or begins behind it.
  static constexpr std::uint8_t kGoesOn = 0, kBegins = 0x80;
  static constexpr std::array<std::uint8_t, 256> kFronts = [] {
    std::array<std::uint8_t, 256> fronts{};
    for (unsigned c = 0; c < 256; ++c) {
      const bool is_letter = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
      fronts[c] = kJoins[c] || is_letter ? kGoesOn : kBegins;
    }
    return fronts;
  }();
  static constexpr unsigned kNumberBits = 16;
  static constexpr std::size_t kNumbers = 1UL << kNumberBits;
  struct Block;

  static std::uint64_t letters(const TextMasks& masks, std::size_t word) {
    return masks.letter.data()[word] | masks.digit.data()[word] | masks.upper.data()[word];
  }
  static std::uint64_t joined(std::uint64_t word, std::uint64_t word_before, std::size_t place) {
    // In two steps: place 0 would shift by 64.
    return (word << 1U) << (63 - place) | word_before >> place;
  }
  static std::uint32_t number_of(std::uint64_t last, std::uint8_t front);
  static void look(const Block& block, Places& places);
  static void look_with_bit_instructions(const Block& block, Places& places);

  std::vector<std::uint64_t> known_;
};

}  // namespace reeve::content
