#pragma once

// Signs that a word may have been drawn at random, as masks: so that nearly all words are let go without a look at one
// of them. Private to the room.

#include <cstdint>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

struct TextMasks;
struct DecodeMasks;

/// One bit a byte of the text. Names in camel case have neither a small letter between two capitals nor, but for the
/// likes of HTTP, four capitals behind a small one.
struct DrawnMasks {
  static constexpr unsigned kCapitals = 14, kSmallLetters = 16, kBesideDigit = 8;
  std::vector<std::uint64_t> turn;   // a digit behind a letter, or a letter behind a digit
  std::vector<std::uint64_t> row;    // kBesideDigit letters and digits begin
  std::vector<std::uint64_t> cased;  // cases by turns as above, or a row of letters of one case begins
  std::vector<std::uint64_t> first;  // the first turn or case in each long word (DecodeMasks::word_run) that has one
  /// Of a text of which these are the masks.
  void compute(const TextMasks& masks, const DecodeMasks& decode_masks, std::size_t words, InstructionSet set);
};

}  // namespace reeve::content
