#pragma once

// How unlike words and identifiers a text is. Private to the room.

#include <string_view>

namespace reeve::content {

/// 0: words, identifiers, paths, counted numbers; 1: as if drawn at random. Texts under 8 characters are never sure:
/// they stay below 0.6. About one nanosecond a byte; looks at the first 512 bytes.
double rarity(std::string_view value);

/// 0 to 1: how likely `letter` (a-z) follows the two before it in words and identifiers; what is no small letter counts
/// as a border.
double letter_likelihood(char before, char last, char letter);

}  // namespace reeve::content
