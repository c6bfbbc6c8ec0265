#pragma once

// Where long runs of ones begin in a mask. Private to the room.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

/// Sets `starts` where `least` ones of `bits` begin, 2 to 64, and the bit before is not set in `inner`: with `inner`
/// the same as `bits`, where runs of at least that many begin. The last of `words` words is zero; `starts` has as many.
void find_long_runs(const std::uint64_t* bits, const std::uint64_t* inner, std::size_t words, unsigned least,
                    std::uint64_t* starts, InstructionSet set);

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

/// Bit i: the bit at `from` + i. The mask has a word behind that of `from`.
inline std::uint64_t bits_from(const std::vector<std::uint64_t>& bits, std::size_t from) {
  const std::size_t shift = from % 64;
  const std::uint64_t* const at = bits.data() + from / 64;
  return shift == 0 ? at[0] : at[0] >> shift | at[1] << (64 - shift);
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
