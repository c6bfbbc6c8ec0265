#pragma once

// Signs that tell heads of tables from code: one bit a byte of the text. Private to the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

/// One word for 64 bytes: bit i is byte i. Nothing is set up front, as whole blocks of them are read at once.
struct LineSigns {
  static constexpr std::size_t kWords = 64;
  using Words = std::array<std::uint64_t, kWords>;
  Words newline;
  Words divider;  // , ; | and tabs
  Words code;     // = { } : < > + ! ? @ $ % & ^ ~ and backslashes: no head of a table has one
  Words ins;      // the first of "ins" in any case, or of what may be it in the word's last two bytes
};

enum class LineSign : std::uint8_t { kOther, kDivider, kCode };
constexpr LineSign line_sign_of(char c) {
  switch (c) {
    case ',':
    case ';':
    case '\t':
    case '|': return LineSign::kDivider;
    case '=':
    case '{':
    case '}':
    case ':':
    case '<':
    case '>':
    case '+':
    case '!':
    case '?':
    case '@':
    case '$':
    case '%':
    case '&':
    case '^':
    case '~':
    case '\\': return LineSign::kCode;
    default: return LineSign::kOther;
  }
}

/// Of `words` times 64 bytes, behind which one more is readable: those that are no first half of an operator ("::",
/// "=="), no colon in front of a slash ("://"), and do not end their line.
void read_single_signs(const char* text, std::size_t words, std::uint64_t* singles);
void read_single_signs(const char* text, std::size_t words, std::uint64_t* singles, InstructionSet set);

/// Signs of `words` times 64 bytes, all of them readable; at most LineSigns::kWords words.
void read_line_signs(const char* text, std::size_t words, LineSigns& signs);
/// The plain reading that the fast ones equal.
void read_line_signs_plainly(const char* text, std::size_t words, LineSigns& signs);
/// All that this processor can run.
using LineSignsReader = void (*)(const char* text, std::size_t words, LineSigns& signs);
std::vector<LineSignsReader> line_signs_readers();

}  // namespace reeve::content
