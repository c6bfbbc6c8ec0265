#pragma once

// Most tokens are one long word, and such words that may have been drawn at random are a hundredth of a text: patterns
// that fit only inside one word look at these alone, all the others need not be slowed by them. Private to the room.

#include <cstdint>
#include <string_view>
#include <vector>

#include "content/decode.h"
#include "content/drawn_masks.h"
#include "content/normalise.h"
#include "content/pattern_index.h"

namespace reeve::content {

/// Whether a pattern fits only inside one word (A-Z a-z 0-9 + / - _ . : | =) of kLongWord characters or
/// more, and most of these are drawn from classes.
bool is_word_pattern(std::string_view pattern, std::uint32_t least_width);

/// The long words of texts that may hold something drawn at random, one after the other, a line feed behind each.
struct LongWords {
  struct Word {
    std::uint32_t place = 0;  // in `joined`
    std::uint32_t start = 0;  // in the text
  };
  Buffer joined;
  std::vector<Word> words;

  DrawnMasks drawn;  // of the text they were collected from last

  void clear() {
    joined.clear();
    words.clear();
  }
  /// Appends those of a text. Where they are said to start is in their own text.
  void collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks);
  void collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks,
               InstructionSet set);  // one of this machine's
  /// Of the word in which a place of `joined` is: its index; and where it ends in `joined`, with the border behind it.
  std::size_t index_at(std::uint32_t place) const;
  std::size_t end_of(std::size_t index) const {
    return index + 1 < words.size() ? words.data()[index + 1].place : joined.size();
  }
  /// Of `joined`: all words that have so many bytes, with the border behind each.
  PatternIndex::Stretch stretch_of(std::size_t least) const;
  /// Where a place of `joined` is in the text.
  std::uint32_t in_text(std::uint32_t place) const;
};

}  // namespace reeve::content
