#pragma once

// Walking the numbers of a text: where digits or words may be identifiers as far as the masks and the gate tell.
// Private to the room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "content/byte_blocks.h"
#include "content/finders.h"
#include "content/number_gate.h"
#include "content/number_places.h"

namespace reeve::content {

/// What a word may be: something as it stands, the first group of something, or the group behind letters.
enum class WordKind : std::uint8_t { kBare, kJoined, kSecond };

namespace number_walk {

/// Places in the words of the masks that are looked at together, times four, and what they may be.
using Kept = std::array<std::uint16_t, 3 * number_places::kWords * 64 + 1>;

/// Appends the places that `may_be` keeps.
template <typename MayBe>
[[gnu::always_inline]] inline std::size_t append(const number_places::Bits& bits, WordKind kind, std::size_t kept,
                                                 Kept& all, const MayBe& may_be) {
  for (unsigned words = number_places::with_bits(bits); words != 0; words &= words - 1) {
    const auto word = static_cast<std::size_t>(std::countr_zero(words));
    for (std::uint64_t left = bits.data()[word]; left != 0; left &= left - 1) {
      const std::size_t place = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
      all.data()[kept] = static_cast<std::uint16_t>(place * 4 + static_cast<std::size_t>(kind));
      kept += may_be(place) ? 1U : 0U;
    }
  }
  return kept;
}

struct Digits {
  static constexpr bool kSorts = false;  // of one kind: in order as they are
  const FinderText& input;
  const NumberGate& gate;
  DigitChains chains;

  template <InstructionSet kSet>
  [[gnu::always_inline]] std::size_t gather(std::size_t from, Kept& all) {
    if (!number_places::any_from(input.masks.digit, from)) return 0;
    number_places::Bits begins;
    chains.draw(from, begins);
    return append(begins, WordKind::kBare, 0, all, [&](std::size_t place) __attribute__((always_inline)) {
      return gate.may_begin_digits(input, from * 64 + place);
    });
  }
};

struct Words {
  static constexpr bool kSorts = true;
  const FinderText& input;
  const NumberGate& gate;
  NumberWords words;

  template <InstructionSet kSet>
  [[gnu::always_inline]] std::size_t gather(std::size_t from, Kept& all) {
    if (words.has_none(from)) return 0;
    NumberWords::Drawn drawn;
    words.draw<kSet>(from, drawn);
    const std::size_t begin = from * 64;
    std::size_t kept = append(drawn.bare, WordKind::kBare, 0, all,
                              [&](std::size_t place)
                                  __attribute__((always_inline)) { return gate.may_be_bare(input, begin + place); });
    kept = append(drawn.joined, WordKind::kJoined, kept, all, [&](std::size_t place) __attribute__((always_inline)) {
      return gate.may_go_on(input, begin + place);
    });
    return append(drawn.second, WordKind::kSecond, kept, all, [&](std::size_t place) __attribute__((always_inline)) {
      return gate.may_go_behind(input, begin + place);
    });
  }
};

template <typename Gatherer>
std::size_t gather_plainly(Gatherer& gatherer, std::size_t from, Kept& all) {
  return gatherer.template gather<InstructionSet::kPlain>(from, all);
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
template <typename Gatherer>
REEVE_TARGET_AVX2 std::size_t gather_avx2(Gatherer& gatherer, std::size_t from, Kept& all) {
  return gatherer.template gather<InstructionSet::kAvx2>(from, all);
}
template <typename Gatherer>
REEVE_TARGET_AVX512 std::size_t gather_avx512(Gatherer& gatherer, std::size_t from, Kept& all) {
  return gatherer.template gather<InstructionSet::kAvx512>(from, all);
}
#endif

/// As the fastest instructions do it that `set` has.
template <typename Gatherer>
auto gather_with(InstructionSet set) {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return gather_avx512<Gatherer>;
  if (set == InstructionSet::kAvx2) return gather_avx2<Gatherer>;
#endif
  return gather_plainly<Gatherer>;
}

template <typename Gatherer, typename Look>
void walk(Gatherer gatherer, InstructionSet set, const Look& look) {
  const auto gather = gather_with<Gatherer>(set);
  Kept all;
  const std::size_t words = gatherer.input.masks.digit.size();
  for (std::size_t from = 0; from < words; from += number_places::kWords) {
    const std::size_t kept = gather(gatherer, from, all);
    if (kept > 1 && Gatherer::kSorts) std::sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept));
    for (std::size_t i = 0; i < kept; ++i) {
      look(from * 64 + all.data()[i] / 4, static_cast<WordKind>(all.data()[i] % 4));
    }
  }
}

}  // namespace number_walk

/// Calls `look(begin)` in order for the runs of digits that may be something. `fewest`: as DigitChains.
template <typename Look>
void look_at_digits(const FinderText& input, const NumberGate& gate, std::size_t fewest, const Look& look,
                    InstructionSet set = fastest_instructions()) {
  number_walk::walk(number_walk::Digits{input, gate, DigitChains(input.masks, fewest)}, set,
                    [&](std::size_t begin, WordKind /*kind*/) { look(begin); });
}

/// Calls `look(place, kind)` in order for the words with digits that may be something. The place is behind the word, of
/// second groups its first. `all`: as NumberWords.
template <typename Look>
void look_at_words(const FinderText& input, const NumberGate& gate, bool all, const Look& look,
                   InstructionSet set = fastest_instructions()) {
  number_walk::walk(number_walk::Words{input, gate, NumberWords(input.masks, all, gate.has_short_dots())}, set, look);
}

}  // namespace reeve::content
