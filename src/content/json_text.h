#pragma once

// The inside of JSON strings, and the scalars of a JSON value, by their place in the bytes. The text was found valid
// before. Private to the room.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Half of a surrogate pair that stands alone in an escape has no UTF-8; decoded text holds it as the three bytes that
/// its number would have (ED A0 80 to ED BF BF), so that it can be written as it was.

/// The end of the character at `at` of a JSON string's inside: an escape, both halves of a pair, one byte otherwise.
std::size_t end_of_json_unit(std::string_view text, std::size_t at);

/// Decodes the inside of a JSON string onto `out`. With `places`, adds for each byte of `out` where in `text` the
/// character stands that it came from.
void decode_json_inside(std::string_view text, std::string& out, std::vector<std::size_t>* places = nullptr);

/// Appends decoded text as the inside of a JSON string.
void append_json_inside(std::string& out, std::string_view decoded);
/// Appends decoded text as UTF-8: half characters become U+FFFD.
void append_plain(std::string& out, std::string_view decoded);

/// A string (its inside), number or literal of a JSON value; keys are strings, too.
struct JsonScalar {
  std::size_t start = 0, end = 0;
  bool is_string = false;
};
/// The first scalar that ends behind `from`, which is 0 or the end of a scalar. `end` of the text when there is none.
JsonScalar next_json_scalar(std::string_view text, std::size_t from);

}  // namespace reeve::content
