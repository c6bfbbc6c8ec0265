#pragma once

// Walking masks of a text. Private to the room.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace reeve::content {

/// More values are not looked at in one piece of text; finders that floods reach stop beyond it, and the scan says that
/// it is incomplete.
constexpr std::size_t kFoundMax = 20'000;

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

/// Calls `look(place)` for each set bit of `mask` whose place is in the text, in order; eight words a step where nothing
/// is set. `look` is for rare places.
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

}  // namespace reeve::content
