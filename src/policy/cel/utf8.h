#pragma once

// Characters (code points) of UTF-8 text. Texts of the language are well-formed: the parser, the JSON reader and
// string(bytes) see to that. What is not is read byte by byte, so that nothing ever reads past an end.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reeve::policy::cel {

/// Bytes of the character that begins at `at`; 1 when none begins there. `at` is before the end.
inline std::size_t character_bytes(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t wanted = first < 0xC0U ? 1U : (first < 0xE0U ? 2U : (first < 0xF0U ? 3U : 4U));
  return wanted <= text.size() - at ? wanted : 1U;
}

/// Of a well-formed text.
inline std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

/// Where the character of this number, from 0, begins, in bytes; the text's size when there are no more, and
/// `missing` is then how many characters short the text is (0: just behind its last character).
inline std::size_t offset_of_character(std::string_view text, std::size_t number, std::size_t& missing) {
  std::size_t at = 0;
  while (number > 0 && at < text.size()) {
    at += character_bytes(text, at);
    --number;
  }
  missing = number;
  return at;
}

/// The code point at `at` of a well-formed text.
inline std::uint32_t code_point_at(std::string_view text, std::size_t at) {
  const std::size_t bytes = character_bytes(text, at);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])); };
  switch (bytes) {
    case 2: return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3: return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    case 4: return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU);
    default: return byte(0);
  }
}

}  // namespace reeve::policy::cel
