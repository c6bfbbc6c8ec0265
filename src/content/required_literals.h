#pragma once

// Fixed text that every match of a pattern must hold: where none of it stands, the pattern need not be asked. Private
// to the room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/match_outline.h"

namespace reeve::content {

struct RequiredLiteral {
  std::string bytes;           // two or more; lower case when `folded`
  bool folded = false;         // ASCII letters in any case
  bool border_before = false;  // it begins with a word byte (A-Z a-z 0-9 _), and none stands before it
  bool border_after = false;   // likewise at its end
  bool line_begin = false;     // it begins the text or a line
  bool indented = false;       // only blanks stand between a line's begin and it
  EdgeBytes before, behind;    // what of a match stands right before it, back from its begin, and behind its end
};
/// How often literals may stand that are looked for in texts, and in words, of which there are few.
inline constexpr double kFrequencyMax = 0.01, kFrequencyMaxInWords = 0.2;

struct RequiredLiterals {
  std::vector<RequiredLiteral> any_of;              // each match holds at least one of them
  std::uint32_t before_least = 0, before_most = 0;  // bytes from the match's begin to it
  double frequency = 1;                             // how often they may stand in text, a byte: an estimate
  LaterLiteral later;                               // what stands behind whichever of them it is, in the same match
  EdgeBytes head;                                   // the first bytes of a match
};

/// The rarest such literals of a pattern, or nothing when it has none that are rare enough, or uses what this reader
/// does not know. The syntax is that which Vectorscan and RE2 share; ^ and $ are those of lines.
std::optional<RequiredLiterals> required_literals(std::string_view pattern, double frequency_max = kFrequencyMax);

constexpr bool is_border_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace reeve::content
