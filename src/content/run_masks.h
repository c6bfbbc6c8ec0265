#pragma once

// Where long runs of ones begin in a mask. Private to the room.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

/// Sets `starts` where runs of at least `least` ones begin, 2 to 64. The last of `words` words of `bits` is zero, and
/// `starts` has as many.
void find_long_runs(const std::uint64_t* bits, std::size_t words, unsigned least, std::uint64_t* starts,
                    InstructionSet set);

/// Whether a word has sixteen bits by turns set and not set.
bool has_turns(const std::uint64_t* bits, std::size_t words, InstructionSet set);

/// The bits of a word where sixteen bits by turns begin with a one (`odd` false: at even places of the word).
constexpr std::uint64_t turns_from(std::uint64_t word, bool odd) {
  std::uint64_t turns = word ^ (odd ? 0xAAAAAAAAAAAAAAAAULL : 0x5555555555555555ULL);
  for (unsigned by = 1; by <= 8; by *= 2) turns &= turns >> by;
  return turns;
}

/// The end of the run of ones that `from` is in or right behind.
inline std::size_t end_of_run(const std::vector<std::uint64_t>& bits, std::size_t from, std::size_t size) {
  const std::uint64_t* const words = bits.data();
  while (from < size) {
    const auto ones = static_cast<std::size_t>(std::countr_one(words[from / 64] >> (from % 64)));
    from += ones;
    if (ones < 64 - (from - ones) % 64) break;
  }
  return from < size ? from : size;
}

/// Whether a bit of [start, end) is set.
inline bool any_bit(const std::vector<std::uint64_t>& bits, std::size_t start, std::size_t end) {
  const std::uint64_t* const words = bits.data();
  while (start < end) {
    const std::size_t count = std::min<std::size_t>(64 - start % 64, end - start);
    if ((words[start / 64] >> (start % 64) & ~0ULL >> (64 - count)) != 0) return true;
    start += count;
  }
  return false;
}

}  // namespace reeve::content
