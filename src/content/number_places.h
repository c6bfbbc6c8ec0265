#pragma once

// Where identifiers may stand, told from the masks of a text, 64 bytes at a time: most numbers in programs and logs are
// too short, alone, or joined to nothing, and are passed over without being read. Private to the room.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "content/finders.h"

namespace reeve::content {

/// One word of a mask with what stands beside it.
struct MaskWord {
  std::uint64_t before = 0, here = 0, after = 0;
  /// Bit i: what stands at i + by, or at i - by. `by` is 1 to 63.
  std::uint64_t ahead(unsigned by) const { return here >> by | after << (64 - by); }
  std::uint64_t behind(unsigned by) const { return here << by | before >> (64 - by); }
};

/// Digits with single signs between them (none of letters, "=" and ":"), as many as any identifier has.
class DigitChains {
 public:
  /// `fewest` digits are what the shortest identifier has.
  DigitChains(const FinderText& input, std::size_t fewest)
      : digits_(input.masks.digit.data()),
        letters_(input.masks.letter.data()),
        assigns_(input.masks.assign.data()),
        words_((input.text.size() + 63) / 64),
        fewest_(static_cast<unsigned>(fewest < kEnough ? fewest : kEnough)) {}

  /// Calls `look(begin)` for each place where a digit stands behind no letter and no digit and such a chain goes on.
  template <typename Look>
  void for_each(const Look& look) const {
    for (std::size_t word = 0; word < words_; ++word) {
      if (digits_[word] == 0) continue;
      for (std::uint64_t bits = begins_in(word); bits != 0; bits &= bits - 1) {
        look(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  static constexpr unsigned kEnough = 6;

  std::uint64_t begins_in(std::size_t word) const {
    const std::uint64_t both = digits_[word] | letters_[word];
    const MaskWord digit{word > 0 ? digits_[word - 1] : 0, digits_[word], digits_[word + 1]};
    const std::uint64_t both_before = word > 0 ? digit.before | letters_[word - 1] : 0;
    const std::uint64_t begins = digit.here & ~(both << 1U | both_before >> 63U);
    if (begins == 0) return 0;
    const std::uint64_t joins = ~(both | assigns_[word]) & digit.behind(1) & digit.ahead(1);
    // Of the word behind only the first few bits are looked at: what ends their joins is in it, too.
    const std::uint64_t joins_after = ~(digit.after | letters_[word + 1] | assigns_[word + 1]) &
                                      (digit.after << 1U | digit.here >> 63U) & digit.after >> 1U;
    const MaskWord chain{0, digit.here | joins, digit.after | joins_after};
    if (fewest_ < kEnough) return begins & all_ahead(chain, fewest_);
    // Six digits, or with at least one sign among them, and so seven bytes.
    return begins & all_ahead(chain, kEnough) & (chain.ahead(kEnough) | all_ahead(digit, kEnough));
  }

  /// Bit i: everything from i on, `count` bits, is set.
  static std::uint64_t all_ahead(const MaskWord& mask, unsigned count) {
    std::uint64_t all = mask.here;
    for (unsigned by = 1; by < count; ++by) all &= mask.ahead(by);
    return all;
  }

  const std::uint64_t* digits_;
  const std::uint64_t* letters_;
  const std::uint64_t* assigns_;
  std::size_t words_;
  unsigned fewest_;
};

/// Words of letters and digits that hold a digit, and are long (seven characters), joined to the next word by a single
/// sign (none of "=" and ":"), or of four characters and more behind a single sign and a letter.
class NumberWords {
 public:
  static constexpr std::size_t kLong = 7, kLongBehindLetters = 4;

  /// With `all` every word that holds a digit.
  NumberWords(const FinderText& input, bool all)
      : digits_(input.masks.digit.data()),
        letters_(input.masks.letter.data()),
        assigns_(input.masks.assign.data()),
        words_(input.masks.digit.size()),
        all_(all) {}

  /// Calls `look(end)` for each, in order.
  template <typename Look>
  void for_each(const Look& look) const {
    Carries carries;
    for (std::size_t word = 0; word < words_; ++word) {
      const std::uint64_t next = word + 1 < words_ ? digits_[word + 1] : 0;
      if ((digits_[word] | next) == 0 && !carries.digit) {
        carries.front = false;
        continue;
      }
      for (std::uint64_t bits = ends_in(word, carries); bits != 0; bits &= bits - 1) {
        look(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  /// Whether the word that goes on over the border holds a digit, and stands behind a letter and a sign.
  struct Carries {
    bool digit = false, front = false;
  };
  /// The bits behind runs of ones in which a bit of `marks` stands: adding carries each mark to the end of its run,
  /// into the zero behind it. The carry goes on to the next word.
  static std::uint64_t ends_of_marked(std::uint64_t runs, std::uint64_t marks, bool& carry) {
    const std::uint64_t sum = runs + marks, whole = sum + (carry ? 1 : 0);
    carry = sum < runs || whole < sum;
    return whole & ~runs;
  }

  std::uint64_t ends_in(std::size_t word, Carries& carries) const {
    const std::uint64_t letters_before = word > 0 ? letters_[word - 1] : 0;
    const MaskWord both{word > 0 ? digits_[word - 1] | letters_before : 0, digits_[word] | letters_[word],
                        word + 1 < words_ ? digits_[word + 1] | letters_[word + 1] : 0};
    const std::uint64_t behind_letters = letters_[word] << 2U | letters_before >> 62U;
    const std::uint64_t fronts = both.here & ~both.behind(1) & behind_letters;
    const std::uint64_t front_ends = ends_of_marked(both.here, fronts, carries.front);
    const std::uint64_t ends = ends_of_marked(both.here, digits_[word], carries.digit);
    if (ends == 0 || all_) return ends;
    // Runs of two, four, seven bits that end here; of the word before only its last bits are needed.
    const std::uint64_t two = both.here & both.behind(1), two_before = both.before & both.before << 1U;
    const std::uint64_t four = two & (two << 2U | two_before >> 62U), four_before = two_before & two_before << 2U;
    const std::uint64_t seven = four & (four << 3U | four_before >> 61U);
    const std::uint64_t seven_before = four_before & four_before << 3U;
    const std::uint64_t longs = seven << 1U | seven_before >> 63U;
    const std::uint64_t behind_fronts = front_ends & (four << 1U | four_before >> 63U);
    return ends & (longs | behind_fronts | (both.ahead(1) & ~assigns_[word]));
  }

  const std::uint64_t* digits_;
  const std::uint64_t* letters_;
  const std::uint64_t* assigns_;
  std::size_t words_;
  bool all_;
};

}  // namespace reeve::content
