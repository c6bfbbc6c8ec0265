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
    const std::uint64_t before = joined(letters[word + 1], letters[word], place) | 1U;
    const auto gap = static_cast<unsigned>(std::countl_zero(before));
    const auto run = std::min(static_cast<unsigned>(std::countl_zero(~(before << gap) | 1U)), 4U);
    // Near the text's begin there may be too little to look at: that passes.
    const std::size_t behind = in_front + word * 64 + place;
    const bool is_first = behind < gap + kLooked;
    const char* const end = text - in_front + (is_first ? kLooked : behind - gap);
    std::uint32_t last = 0;
    std::memcpy(&last, end - sizeof last, sizeof last);
    if constexpr (std::endian::native == std::endian::big) last = __builtin_bswap32(last);
    const std::uint32_t number = number_of(last, run, kJoins.data()[static_cast<unsigned char>(*(end - 1 - run))]);
    return (static_cast<unsigned>(known[number / 64] >> number % 64 & 1U) | static_cast<unsigned>(gap >= 60) |
            static_cast<unsigned>(is_first)) != 0;
  }
  static constexpr std::size_t kLooked = 5;  // bytes of a key

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
    std::size_t count = places.count;
    for (std::size_t i = 0; i < signs_count; ++i) {
      const std::uint16_t place = all.data()[i];
      places.at.data()[count] = place;
      count += may_end_at(place / 64U, place % 64U) ? 1 : 0;
    }
    places.count = count;
  }
  static constexpr std::size_t kAtOnce = 4;
};

/// A number for the last letters of a key, case aside: `run` of the four of `last`. Where there are fewer than four it
/// says, too, whether the key may go on in front of them.
inline std::uint32_t KeyEnds::number_of(std::uint32_t last, unsigned run, bool goes_on) {
  const std::uint64_t kept = (static_cast<std::uint64_t>(last) | 0x20202020U) >> (8 * (4 - run));
  const std::uint32_t border = run < 4 && !goes_on ? 1U << 31U : 0;
  return (static_cast<std::uint32_t>(kept) ^ border) * 0x9e3779b1U >> (32 - kNumberBits);
}

void KeyEnds::add(std::string_view joined) {
  const auto put = [this](std::uint32_t number) { known_[number / 64] |= 1ULL << number % 64; };
  for (unsigned run = 1; run <= std::min<std::size_t>(joined.size(), 4); ++run) {
    std::uint32_t last = 0;
    for (unsigned i = 0; i < run; ++i) last = last << 8U | static_cast<unsigned char>(joined[joined.size() - 1 - i]);
    last <<= 8 * (4 - run);
    put(number_of(last, run, true));
    if (run == joined.size()) put(number_of(last, run, false));
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
  places.count = 0;
  Block block;
  block.known = known_.data();
  block.signs = signs;
  block.text = text.text.data() + first * 64;
  block.words = words;
  block.in_front = first * 64;
  block.letters[0] = first > 0 ? letters(text.masks, first - 1) : 0;
  for (std::size_t word = 0; word < words; ++word) block.letters[word + 1] = letters(text.masks, first + word);
#if defined(__x86_64__)
  static const bool kHasBitInstructions = __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
                                          __builtin_cpu_supports("lzcnt") != 0 && __builtin_cpu_supports("popcnt") != 0;
  if (kHasBitInstructions) return look_with_bit_instructions(block, places);
#endif
  look(block, places);
}

}  // namespace reeve::content
