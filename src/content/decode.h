#pragma once

// What stands encoded in a text: base64, hex, compressed, escaped, UTF-16, cut into pieces. Each finds its own runs by
// masks, looks at a few bytes first so that clean text costs next to nothing, and appends what it decoded to the next
// layer. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "content/finders.h"
#include "content/layer.h"
#include "content/run_masks.h"

namespace reeve::content {

/// Bytes that decoding may still give in this call.
struct DecodeBudget {
  std::uint64_t bytes = 0;
  bool exhausted = false;
  bool take(std::uint64_t count) {
    if (count > bytes) exhausted = true;
    bytes -= exhausted ? bytes : count;
    return !exhausted;
  }
};

/// The least characters of a run of base64, and of a word that patterns of long words look at.
inline constexpr unsigned kBase64Least = 16, kLongWord = 18;

/// Bits by byte of a text, as in TextMasks.
struct DecodeMasks {
  std::vector<std::uint64_t> token;  // A-Z a-z 0-9 + / - _
  std::vector<std::uint64_t> word;   // those and . : | =
  std::vector<std::uint64_t> odd;    // A-Z 0-9 + /
  /// A mark of an escape (\ % &) and a byte that those begin with which may hide or glue something: in a row of
  /// backslashes, the last.
  std::vector<std::uint64_t> escape;
  /// Quotes and line feeds where a value may be cut: by what stands right before and behind. A few places more than
  /// need be where a word of the mask begins.
  std::vector<std::uint64_t> join;
  std::vector<std::uint64_t> printable;    // = before a line's end or before a digit of hex in capitals
  std::vector<std::uint64_t> token_inner;  // token bytes but /
  /// Where sixteen token bytes begin, at the begin of a run or behind a slash of it: a path may stand before base64.
  std::vector<std::uint64_t> token_run;
  std::vector<std::uint64_t> word_run;  // where runs of kLongWord word bytes begin
  bool has_zero = false;
  bool may_have_terminal = false, may_have_printable = false;  // what decode_terminal.cpp and _printable.cpp read
  bool has_turns = false;                                      // sixteen bytes in a row that are of a token by turns
  void compute(std::string_view text);
  void compute(std::string_view text, InstructionSet set);  // one of this machine's
};

/// The text being decoded, and where results go.
struct DecodeTask {
  std::string_view text;
  const DecodeMasks& masks;
  std::uint32_t parent = 0;  // its piece
  Layer& deeper;
  DecodeBudget& budget;

  /// Decoded bytes of the run [start, end): they are normalised; places in them are those of the whole run.
  void add_whole(std::size_t start, std::size_t end, std::string_view decoded);
  /// A stretch whose bytes are added one by one: begin, put and copy, finish.
  void begin_mapped(std::size_t start);
  bool put(char byte, std::size_t start, std::size_t end);
  /// The bytes [start, end) as they are.
  bool copy(std::size_t start, std::size_t end);
  /// The character, folded like those of texts.
  bool put_character(std::uint32_t code_point, std::size_t start, std::size_t end);
  void finish_mapped(std::size_t end);
};

void decode_base64_and_hex(DecodeTask& task);    // decode_runs.cpp
void decode_escapes(DecodeTask& task);           // decode_escapes.cpp: \n \u \x %XX &#x; in one go
void decode_joins(DecodeTask& task);             // decode_joins.cpp: "ab" + "cd", wrapped and spaced tokens
void decode_utf16(DecodeTask& task);             // decode_utf16.cpp
void decode_quoted_printable(DecodeTask& task);  // decode_printable.cpp
void decode_terminal(DecodeTask& task);          // decode_terminal.cpp: colours within values

/// All of them.
void decode(DecodeTask& task);

/// 0-15, or 255.
constexpr std::uint8_t hex_digit(char c) {
  const auto digit = static_cast<unsigned>(c) - '0', letter = (static_cast<unsigned>(c) | 0x20U) - 'a';
  return static_cast<std::uint8_t>(digit <= 9 ? digit : letter <= 5 ? letter + 10 : 255);
}
constexpr bool is_token_byte(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '-' || c == '_';
}
constexpr bool is_digit_byte(char c) { return c >= '0' && c <= '9'; }

/// Decompresses zlib, gzip (`raw` false) or a bare deflate stream, as far as the budget goes.
void inflate_into(std::string_view bytes, bool raw, DecodeBudget& budget, std::vector<char>& out);

}  // namespace reeve::content
