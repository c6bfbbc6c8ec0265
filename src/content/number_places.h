#pragma once

// Where identifiers may stand, told from the masks of a text, 64 bytes at a time: most numbers in programs and logs are
// too short, alone, or joined to nothing, and are passed over without being read. Private to the room.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "content/finders.h"

namespace reeve::content {

/// One word of a mask with what stands beside it.
struct MaskWord {
  std::uint64_t before = 0, here = 0, after = 0;
  /// Bit i: what stands at i + by, or at i - by. `by` is 1 to 63.
  std::uint64_t ahead(unsigned by) const { return here >> by | after << (64 - by); }
  std::uint64_t behind(unsigned by) const { return here << by | before >> (64 - by); }
};

/// Digits, with single signs between them that are no letters, no "=" and no ":", at least as many bytes as `shortest`.
class DigitChains {
 public:
  DigitChains(const FinderText& input, std::size_t shortest)
      : masks_(input.masks), shortest_(static_cast<unsigned>(shortest < kEnough ? shortest : kEnough)) {}

  /// Calls `look(begin)` for each place where a digit stands behind no letter and no digit and such a chain goes on.
  template <typename Look>
  void for_each(const Look& look) const {
    const auto& digits = masks_.digit;
    for (std::size_t word = 0; word + 1 < digits.size(); ++word) {
      if (digits[word] == 0) continue;
      for (std::uint64_t bits = begins_in(word); bits != 0; bits &= bits - 1) {
        look(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  static constexpr unsigned kEnough = 6;

  std::uint64_t begins_in(std::size_t word) const {
    const auto& digits = masks_.digit;
    const auto& letters = masks_.letter;
    const std::size_t last = word > 0 ? word - 1 : 0;
    const MaskWord digit{word > 0 ? digits[last] : 0, digits[word], digits[word + 1]};
    const std::uint64_t both = digit.here | letters[word];
    const std::uint64_t both_before = word > 0 ? digits[last] | letters[last] : 0;
    const std::uint64_t joins = ~(both | masks_.assign[word]) & digit.behind(1) & digit.ahead(1);
    // Of the word behind only the first few bits are looked at: what ends their joins is in it, too.
    const std::uint64_t joins_after = ~(digit.after | letters[word + 1] | masks_.assign[word + 1]) &
                                      (digit.after << 1U | digit.here >> 63U) & digit.after >> 1U;
    const MaskWord chain{0, digit.here | joins, digit.after | joins_after};
    std::uint64_t begins = digit.here & ~(both << 1U | both_before >> 63U);
    if (shortest_ == kEnough) {
      return begins & chain.ahead(1) & chain.ahead(2) & chain.ahead(3) & chain.ahead(4) & chain.ahead(5);
    }
    for (unsigned by = 1; by < shortest_; ++by) begins &= chain.ahead(by);
    return begins;
  }

  const TextMasks& masks_;
  unsigned shortest_;
};

/// Words of letters and digits that hold a digit, and are long, joined to the next word by a single sign of those that
/// identifiers are grouped with, or behind letters and a blank or hyphen.
class NumberWords {
 public:
  static constexpr std::size_t kLong = 7;

  /// With `all` every word that holds a digit.
  NumberWords(const FinderText& input, bool all) : text_(input.text), masks_(input.masks), all_(all) {}

  /// Calls `look(end)` for each, in order.
  template <typename Look>
  void for_each(const Look& look) const {
    const auto& digits = masks_.digit;
    Carries carries;
    for (std::size_t word = 0; word < digits.size(); ++word) {
      const std::uint64_t next = word + 1 < digits.size() ? digits[word + 1] : 0;
      if ((digits[word] | next) == 0 && !carries.digit) {
        carries.front = false;
        continue;
      }
      for (std::uint64_t bits = ends_in(word, carries); bits != 0; bits &= bits - 1) {
        look(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  /// Whether the word that goes on over the border holds a digit, and stands behind letters.
  struct Carries {
    bool digit = false, front = false;
  };

  /// Signs that stand between groups: blanks first, then the others.
  struct Signs {
    std::uint64_t blanks = 0, others = 0;
  };

  std::uint64_t ends_in(std::size_t word, Carries& carries) const;
  Signs signs_in(std::size_t word) const;
  MaskWord both_around(std::size_t word) const {
    const auto both = [&](std::size_t at) { return masks_.digit[at] | masks_.letter[at]; };
    return {word > 0 ? both(word - 1) : 0, both(word), word + 1 < masks_.digit.size() ? both(word + 1) : 0};
  }

  std::string_view text_;
  const TextMasks& masks_;
  bool all_;
};

}  // namespace reeve::content
