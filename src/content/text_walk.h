#pragma once

// Walking masks of a text. Private to the room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reeve::content {

/// More values are not looked at in one piece of text; finders that floods reach stop beyond it, and the scan says that
/// it is incomplete.
constexpr std::size_t kFoundMax = 32'768;

/// The first place from `at` on where one of two masks is set, or is not. `other` may be empty.
inline std::size_t next_place(std::span<const std::uint64_t> one, std::span<const std::uint64_t> other, std::size_t at,
                              std::size_t size, bool wanted = true) {
  while (at < size) {
    std::uint64_t word = one[at / 64] | (other.empty() ? 0 : other[at / 64]);
    if (!wanted) word = ~word;
    word >>= at % 64;
    if (word != 0) return std::min(size, at + static_cast<std::size_t>(std::countr_zero(word)));
    at = (at / 64 + 1) * 64;
  }
  return size;
}

inline std::size_t next_place(std::span<const std::uint64_t> mask, std::size_t at, std::size_t size) {
  return next_place(mask, {}, at, size);
}

/// The word of `mask` at `word` as it would be with every bit `by` places lower: bit i says what stands at i + by.
inline std::uint64_t shifted_word(std::span<const std::uint64_t> mask, std::size_t word, unsigned by) {
  if (by == 0) return mask[word];
  const std::uint64_t next = word + 1 < mask.size() ? mask[word + 1] : 0;
  return mask[word] >> by | next << (64 - by);
}

/// Calls `look(place)` for each set bit of `mask` whose place is in the text, in order; eight words a step where
/// nothing is set. `look` is for rare places.
template <typename Look>
void for_each_place(std::span<const std::uint64_t> mask, std::size_t size, const Look& look) {
  const std::uint64_t* const words = mask.data();
  const std::size_t count = (size + 63) / 64;
  for (std::size_t word = 0; word < count;) {
    if (word + 8 <= count) {
      std::uint64_t any = 0;
      for (std::size_t i = 0; i < 8; ++i) any |= words[word + i];
      if (any == 0) {
        word += 8;
        continue;
      }
    }
    const std::size_t end = std::min(word + 8, count);
    for (; word < end; ++word) {
      for (std::uint64_t bits = words[word]; bits != 0; bits &= bits - 1) {
        look(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }
}

/// The first byte of a set from a place on, remembered: floods ask for the same one from each place before it, and
/// would read all between again and again.
class NextByte {
 public:
  using Set = std::array<bool, 256>;
  NextByte(std::string_view text, const Set& set) : text_(text), set_(set) {}
  static constexpr Set set_of(std::string_view bytes) {
    Set set{};
    for (const char c : bytes) set[static_cast<unsigned char>(c)] = true;
    return set;
  }
  /// `limit` when there is none before it; it is not beyond the text.
  std::size_t from(std::size_t at, std::size_t limit) {
    if (at < read_from_ || at > read_to_) read_from_ = read_to_ = at;
    while (read_to_ < limit && !set_[static_cast<unsigned char>(text_.data()[read_to_])]) ++read_to_;
    return std::min(read_to_, limit);
  }

 private:
  std::string_view text_;
  const Set& set_;
  std::size_t read_from_ = 0, read_to_ = 0;  // no byte of the set stands between
};

}  // namespace reeve::content
