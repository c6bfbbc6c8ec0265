#pragma once

// Patterns without fixed characters, such as two runs of hex with a colon between, would slow the shared database down
// several times over. Where such a pattern can only fit inside one long word, it is kept apart and looks at the long
// words with digits only, which are a few hundredths of a text. Private to the room.

#include <cstdint>
#include <string_view>
#include <vector>

#include "content/decode.h"
#include "content/normalise.h"

namespace reeve::content {

/// Whether a pattern fits only inside one word (A-Z a-z 0-9 + / - _ . : | =) and has no three fixed characters in a
/// row.
bool is_word_pattern(std::string_view pattern, std::uint32_t least_width);

/// The long words of a text, one after the other, a line feed between.
struct LongWords {
  struct Word {
    std::uint32_t place = 0;  // in `joined`
    std::uint32_t start = 0;  // in the text
  };
  Buffer joined;
  std::vector<Word> words;

  void collect(std::string_view text, const TextMasks& masks, const DecodeMasks& decode_masks);
  /// Where a place of `joined` is in the text.
  std::uint32_t in_text(std::uint32_t place) const;
};

}  // namespace reeve::content
