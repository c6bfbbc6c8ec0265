#pragma once

// What texts of a request have to be like. Private to the room.

#include <algorithm>
#include <string_view>

#include "core/bytes.h"

namespace reeve::control {

inline constexpr std::size_t kPersonBytesMax = 256;

/// One line of readable text, 1 to `bytes_max` bytes, without blanks at its ends.
inline bool is_line(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && trim(text).size() == text.size() && is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// People are told apart by their names alone; e-mail addresses are not written in one way.
inline bool same_person(std::string_view left, std::string_view right) { return equal_ignoring_case(left, right); }

}  // namespace reeve::control
