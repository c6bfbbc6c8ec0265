#include "content/key_ends.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace reeve::content {

/// What the look at a block needs, without the vectors around it.
struct KeyEnds::Block {
  const std::uint64_t* known;
  const std::uint64_t* signs;
  const char* text;  // of the first word
  std::size_t words;
  std::size_t in_front;                           // bytes of the text in front of the first word
  std::array<std::uint64_t, kBlock + 1> letters;  // one more in front

  /// A place's end of key: which letters are there is told from masks, only they are loaded.
  [[gnu::always_inline]] bool may_end_at(std::size_t word, unsigned place) const {
    const std::uint64_t before = joined(letters.data()[word + 1], letters.data()[word], place) | 1U;
    const auto gap = static_cast<unsigned>(std::countl_zero(before));
    const auto run = static_cast<unsigned>(std::countl_zero(~(before << gap) | 1ULL << (63 - kLetters)));
    // Near the text's begin there may be too little to look at: that passes.
    const std::size_t behind = in_front + word * 64 + place;
    const bool is_first = behind < gap + kLooked;
    const char* const end = text - in_front + (is_first ? kLooked : behind - gap);
    std::uint64_t last = 0;
    static_assert(sizeof last == kLooked);
    std::memcpy(&last, end - kLooked, kLooked);
    if constexpr (std::endian::native == std::endian::big) last = __builtin_bswap64(last);
    last >>= 8 * (kLetters - run);  // the byte in front of the run, then the run
    const std::uint32_t number = number_of(last >> 8U, kFronts.data()[last & 0xffU]);
    return (static_cast<unsigned>(known[number / 64] >> number % 64 & 1U) | static_cast<unsigned>(gap >= 60) |
            static_cast<unsigned>(is_first)) != 0;
  }
  static constexpr std::size_t kLooked = kLetters + 1;  // bytes of a key

  /// Places first, then their ends: how many a word has is not foreseen, and a wrong guess would hold up the looks.
  [[gnu::always_inline]] void find_in(Places& places) const {
    std::array<std::uint16_t, kBlock * 64 + kAtOnce> all;
    std::size_t signs_count = 0;
    for (std::size_t word = 0; word < words; ++word) {
      std::uint64_t left = signs[word];
      const auto count = static_cast<std::size_t>(std::popcount(left));
      const auto put = [&](std::size_t from) __attribute__((always_inline)) {
        for (std::size_t i = from; i < from + kAtOnce; ++i) {
          all.data()[signs_count + i] =
              static_cast<std::uint16_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(left)));
          left &= left - 1;
        }
      };
      put(0);
      for (std::size_t from = kAtOnce; from < count; from += kAtOnce) put(from);
      signs_count += count;
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < signs_count; ++i) {
      const std::uint16_t place = all.data()[i];
      places.at.data()[count] = place;
      count += may_end_at(place / 64U, place % 64U) ? 1 : 0;
    }
    places.count = count;
  }
  static constexpr std::size_t kAtOnce = 2;
};

/// A number for the last letters of a key, case aside, the last in the uppermost byte that is not zero: with what
/// stands in front of them.
inline std::uint32_t KeyEnds::number_of(std::uint64_t last, std::uint8_t front) {
  const std::uint64_t told = (last | 0x2020202020202020U) ^ static_cast<std::uint64_t>(front) << 56U;
  return static_cast<std::uint32_t>(told * 0x9e3779b97f4a7c15U >> (64 - kNumberBits));
}

void KeyEnds::add(std::string_view joined) {
  const auto put = [this](std::uint32_t number) { known_[number / 64] |= 1ULL << number % 64; };
  std::uint64_t last = 0;
  for (unsigned run = 1; run <= std::min<std::size_t>(joined.size(), kLetters); ++run) {
    last = last << 8U | static_cast<unsigned char>(joined[joined.size() - run]);
    put(number_of(last, kGoesOn));
    if (run == joined.size()) put(number_of(last, kBegins));
  }
}

void KeyEnds::look(const Block& block, Places& places) { block.find_in(places); }

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2,lzcnt,popcnt"))) void KeyEnds::look_with_bit_instructions(const Block& block,
                                                                                          Places& places) {
  block.find_in(places);
}
#endif

void KeyEnds::find(const FinderText& text, std::size_t first, const std::uint64_t* signs, std::size_t words,
                   Places& places) const {
  Block block;
  block.known = known_.data();
  block.signs = signs;
  block.text = text.text.data() + first * 64;
  block.words = words;
  block.in_front = first * 64;
  std::uint64_t* const to = block.letters.data();
  to[0] = first > 0 ? letters(text.masks, first - 1) : 0;
  for (std::size_t word = 0; word < words; ++word) to[word + 1] = letters(text.masks, first + word);
#if defined(__x86_64__)
  static const bool kHasBitInstructions = __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
                                          __builtin_cpu_supports("lzcnt") != 0 && __builtin_cpu_supports("popcnt") != 0;
  if (kHasBitInstructions) return look_with_bit_instructions(block, places);
#endif
  look(block, places);
}

}  // namespace reeve::content
