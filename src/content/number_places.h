#pragma once

// Where identifiers may stand, told from the masks of a text, several words of them at a time: most numbers in programs
// and logs are too short, alone, or joined to nothing, and are passed over without being read. Private to the room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "content/byte_blocks.h"
#include "content/finders.h"

namespace reeve::content {

namespace number_places {

constexpr std::size_t kWords = 16;  // of the masks, looked at together
using Bits = std::array<std::uint64_t, kWords>;

#if REEVE_BYTE_BLOCKS
/// Eight words at once. A vector by itself would be passed differently by each instruction set.
struct Words {
  Words8 all;

  [[gnu::always_inline]] friend Words operator&(const Words& a, const Words& b) { return {a.all & b.all}; }
  [[gnu::always_inline]] friend Words operator|(const Words& a, const Words& b) { return {a.all | b.all}; }
  [[gnu::always_inline]] friend Words operator|(const Words& a, std::uint64_t b) { return {a.all | b}; }
  [[gnu::always_inline]] friend Words operator&(const Words& a, std::uint64_t b) { return {a.all & b}; }
  [[gnu::always_inline]] friend Words operator~(const Words& a) { return {~a.all}; }
  [[gnu::always_inline]] friend Words operator<<(const Words& a, int by) { return {a.all << by}; }
  [[gnu::always_inline]] friend Words operator>>(const Words& a, int by) { return {a.all >> by}; }
  /// Bit i: word i is not zero.
  [[gnu::always_inline]] static unsigned with_bits(const std::uint64_t* words) {
    using Flags __attribute__((ext_vector_type(8))) = bool;
    Words8 all;
    load_words(words, all);
    return std::bit_cast<std::uint8_t>(__builtin_convertvector(all != 0, Flags));
  }
};
#else
using Words = std::uint64_t;
#endif
constexpr std::size_t kLanes = sizeof(Words) / sizeof(std::uint64_t);

/// Bit i: word i is not zero.
[[gnu::always_inline]] inline unsigned with_bits(const Bits& bits) {
#if REEVE_BYTE_BLOCKS
  return Words::with_bits(bits.data()) | Words::with_bits(bits.data() + kLanes) << kLanes;
#else
  unsigned words = 0;
  for (std::size_t i = 0; i < kWords; ++i) words |= static_cast<unsigned>(bits[i] != 0) << i;
  return words;
#endif
}

/// So many words of a mask from `from` on, with the one before and the one behind; zeros where there are none.
class Window {
 public:
  Window(std::span<const std::uint64_t> mask, std::size_t from) {
    if (from > 0 && from + kWords + 1 <= mask.size()) {
      words_ = mask.data() + from - 1;
      return;
    }
    const std::size_t missing = from > 0 ? 0 : 1, begin = from + missing - 1;
    copy_.fill(0);
    std::memcpy(copy_.data() + missing, mask.data() + begin,
                std::min(copy_.size() - missing, mask.size() - begin) * sizeof(std::uint64_t));
    words_ = copy_.data();
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  /// One of the words, or the one before (-1) or behind.
  const std::uint64_t* at(std::size_t word) const { return words_ + 1 + word; }

 private:
  const std::uint64_t* words_;
  std::array<std::uint64_t, kWords + 2> copy_;
};

/// Words of a mask (one, or as many as a vector has) with what stands before and behind each.
template <typename W>
struct Plane {
  W before, here, after;

  [[gnu::always_inline]] Plane(const Window& window, std::size_t word) {
    std::memcpy(&before, window.at(word) - 1, sizeof before);
    std::memcpy(&here, window.at(word), sizeof here);
    std::memcpy(&after, window.at(word) + 1, sizeof after);
  }
  [[gnu::always_inline]] Plane(const Plane& one, const Plane& other)
      : before(one.before | other.before), here(one.here | other.here), after(one.after | other.after) {}
};

/// A bit is set in the words that are looked at together from `from` on, or in the one behind: most small texts, and
/// many parts of others, have no digit at all.
inline bool any_from(std::span<const std::uint64_t> mask, std::size_t from) {
  std::uint64_t any = 0;
  const std::size_t end = std::min(mask.size(), from + kWords + 1);
  for (std::size_t word = from; word < end; ++word) any |= mask.data()[word];
  return any != 0;
}

/// Bit i: what stands at i + by, or at i - by. `by` is 1 to 63.
template <typename W>
[[gnu::always_inline]] inline W ahead(const W& here, const W& after, int by) {
  return here >> by | after << (64 - by);
}
template <typename W>
[[gnu::always_inline]] inline W behind(const W& here, const W& before, int by) {
  return here << by | before >> (64 - by);
}

/// Bit i: six bits and more from i on are set. Of the words behind the first bits are to be right.
template <typename W>
[[gnu::always_inline]] inline W six_ahead(const W& here, const W& after) {
  const W two = here & ahead(here, after, 1), two_after = after & after >> 1;
  const W four = two & ahead(two, two_after, 2);
  return four & ahead(two, two_after, 4);
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
/// The bits behind runs of letters and digits that hold a digit (NumberWords::ends_of_marked), of all the words that
/// are looked at together. Gives back the carry.
REEVE_TARGET_AVX512 inline std::uint64_t ends_of_marked_widely(const std::uint64_t* digits,
                                                               const std::uint64_t* letters, std::uint64_t carry,
                                                               Bits& ends) {
  auto carried = static_cast<unsigned>(carry);
  for (std::size_t word = 0; word < kWords; word += 8) {
    const __m512i marks = load_512(digits + word), runs = _mm512_or_si512(marks, load_512(letters + word));
    const __m512i whole = add_widely(runs, marks, carried);
    _mm512_storeu_si512(ends.data() + word, _mm512_andnot_si512(runs, whole));
  }
  return carried;
}
#endif

}  // namespace number_places

/// Digits with single signs between them (none of letters, "=" and ":"), as many as any identifier has, as bits of the
/// places where a digit stands behind no letter and no digit and such a chain goes on.
class DigitChains {
 public:
  static constexpr std::size_t kEnough = 6;

  /// `fewest` digits are what the shortest identifier has; less than six: all digits are told of.
  DigitChains(const TextMasks& masks, std::size_t fewest)
      : masks_(masks), all_(fewest < kEnough ? ~std::uint64_t{0} : 0) {}

  [[gnu::always_inline]] void draw(std::size_t from, number_places::Bits& bits) const {
    using number_places::Words;
    const number_places::Window digits(masks_.digit, from), letters(masks_.letter, from), assigns(masks_.assign, from);
    for (std::size_t word = 0; word < number_places::kWords; word += number_places::kLanes) {
      const number_places::Plane<Words> digit(digits, word), letter(letters, word), assign(assigns, word);
      const Words begins = begins_of(digit, letter, assign);
      std::memcpy(bits.data() + word, &begins, sizeof begins);
    }
  }

 private:
  template <typename W>
  [[gnu::always_inline]] W begins_of(const number_places::Plane<W>& digit, const number_places::Plane<W>& letter,
                                     const number_places::Plane<W>& assign) const {
    using number_places::ahead, number_places::behind;
    const number_places::Plane<W> both(digit, letter);
    const W begins = digit.here & ~behind(both.here, both.before, 1);
    const W joins =
        ~(both.here | assign.here) & behind(digit.here, digit.before, 1) & ahead(digit.here, digit.after, 1);
    // Of the word behind only the first few bits are looked at: what ends their joins is in it, too.
    const W joins_after = ~(both.after | assign.after) & behind(digit.after, digit.here, 1) & digit.after >> 1;
    const W chain = digit.here | joins, chain_after = digit.after | joins_after;
    // Six digits, or with at least one sign among them, and so seven bytes.
    const W longs = number_places::six_ahead(chain, chain_after) &
                    (ahead(chain, chain_after, 6) | number_places::six_ahead(digit.here, digit.after));
    return begins & (longs | all_);
  }

  const TextMasks& masks_;
  std::uint64_t all_;  // every bit: shorter chains may be something, too
};

/// Words of letters and digits that hold a digit, as bits.
class NumberWords {
 public:
  static constexpr std::size_t kLong = 7;

  struct Drawn {
    number_places::Bits bare;  // places behind words of seven characters and more
    /// Behind words, when there is a single sign (none of "=" and ":") and another word. With `short_dots` and a dot
    /// the first has two characters at most and the other three.
    number_places::Bits joined;
    /// First places of words, when in front there is a single sign (none of "=", ":" and ".") and a letter, and the
    /// digit is among the first five characters.
    number_places::Bits second;
  };

  /// With `all` bare words of any length.
  NumberWords(const TextMasks& masks, bool all, bool short_dots)
      : masks_(masks), all_(all ? ~std::uint64_t{0} : 0), short_dots_(short_dots ? ~std::uint64_t{0} : 0) {}

  /// Nothing is to be drawn from `from` on: no digit stands there, and none in the word that goes on over the border.
  bool has_none(std::size_t from) const { return carry_ == 0 && !number_places::any_from(masks_.digit, from); }
  /// To be asked for all words of the masks in order, each once, but for those that have none.
  template <InstructionSet kSet = InstructionSet::kPlain>
  [[gnu::always_inline]] void draw(std::size_t from, Drawn& drawn) {
    using number_places::Words;
    const number_places::Window digits(masks_.digit, from), letters(masks_.letter, from), assigns(masks_.assign, from),
        dots(masks_.dot, from);
    number_places::Bits ends;
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
    if constexpr (kSet == InstructionSet::kAvx512) {
      carry_ = number_places::ends_of_marked_widely(digits.at(0), letters.at(0), carry_, ends);
    }
#endif
    if constexpr (!REEVE_BYTE_BLOCKS || kSet != InstructionSet::kAvx512) {
      for (std::size_t word = 0; word < number_places::kWords; ++word) {
        ends.data()[word] = ends_of_marked(*digits.at(word) | *letters.at(word), *digits.at(word));
      }
    }
    for (std::size_t word = 0; word < number_places::kWords; word += number_places::kLanes) {
      const number_places::Plane<Words> digit(digits, word), letter(letters, word), assign(assigns, word),
          dot(dots, word);
      Words end;
      std::memcpy(&end, ends.data() + word, sizeof end);
      const number_places::Plane<Words> both(digit, letter);
      const Words bare = end & (behind_seven(both.here, both.before) | all_);
      const Ahead<Words> next(both);
      const Words joined = joined_of(end, both, next, assign.here, dot.here);
      const Words second = seconds_of(digit, letter, both, next, number_places::Plane<Words>(assign, dot));
      std::memcpy(drawn.bare.data() + word, &bare, sizeof bare);
      std::memcpy(drawn.joined.data() + word, &joined, sizeof joined);
      std::memcpy(drawn.second.data() + word, &second, sizeof second);
    }
  }

 private:
  /// The bits behind runs of ones in which a bit of `marks` stands: adding carries each mark to the end of its run,
  /// into the zero behind it. The carry goes on to the next word.
  std::uint64_t ends_of_marked(std::uint64_t runs, std::uint64_t marks) {
    const std::uint64_t sum = runs + marks, whole = sum + carry_;
    carry_ = static_cast<std::uint64_t>(sum < runs) | static_cast<std::uint64_t>(whole < sum);
    return whole & ~runs;
  }

  /// Bit i: the seven bits in front of it are set. Of the words before only the last bits are right.
  template <typename W>
  [[gnu::always_inline]] static W behind_seven(const W& here, const W& before) {
    using number_places::behind;
    const W two = here & behind(here, before, 1), two_before = before & before << 1;
    const W four = two & behind(two, two_before, 2), four_before = two_before & two_before << 2;
    const W seven = four & behind(four, four_before, 3), seven_before = four_before & four_before << 3;
    return behind(seven, seven_before, 1);
  }

  /// Words of which four bytes and more are known ahead.
  template <typename W>
  struct Ahead {
    W one, two, three, four;  // as many bytes and more behind are letters and digits

    [[gnu::always_inline]] explicit Ahead(const number_places::Plane<W>& both)
        : one(number_places::ahead(both.here, both.after, 1)),
          two(one & number_places::ahead(both.here, both.after, 2)),
          three(two & number_places::ahead(both.here, both.after, 3)),
          four(three & number_places::ahead(both.here, both.after, 4)) {}
  };

  template <typename W>
  [[gnu::always_inline]] W joined_of(const W& end, const number_places::Plane<W>& both, const Ahead<W>& next,
                                     const W& assign, const W& dot) const {
    using number_places::behind;
    const W three =
        behind(both.here, both.before, 1) & behind(both.here, both.before, 2) & behind(both.here, both.before, 3);
    return end & next.one & ~assign & ~(dot & (three | next.four) & short_dots_);
  }

  template <typename W>
  [[gnu::always_inline]] static W seconds_of(const number_places::Plane<W>& digit,
                                             const number_places::Plane<W>& letter, const number_places::Plane<W>& both,
                                             const Ahead<W>& next, const number_places::Plane<W>& other_signs) {
    using number_places::ahead, number_places::behind;
    const W begins = both.here & ~behind(both.here, both.before, 1) & behind(letter.here, letter.before, 2) &
                     ~behind(other_signs.here, other_signs.before, 1);
    const W digits = digit.here | (next.one & ahead(digit.here, digit.after, 1)) |
                     (next.two & ahead(digit.here, digit.after, 2)) | (next.three & ahead(digit.here, digit.after, 3)) |
                     (next.four & ahead(digit.here, digit.after, 4));
    return begins & digits;
  }

  const TextMasks& masks_;
  std::uint64_t all_, short_dots_;  // every bit, or none
  std::uint64_t carry_ = 0;         // 1: the word that goes on over the border holds a digit
};

}  // namespace reeve::content
