#pragma once

// Where an identifier has letters and where digits, compared with a value in a few operations before its check is
// computed. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Letters and digits of a value: bit i says what its place i is. Places from 64 on are not looked at.
struct PlaceKinds {
  std::uint64_t letters = 0, digits = 0;
};

/// One shape: places that must be letters, and digits.
struct NumberShape {
  PlaceKinds must;
  bool fits(const PlaceKinds& value) const {
    return (must.letters & ~value.letters) == 0 && (must.digits & ~value.digits) == 0;
  }
};

/// The shapes among `text` (IdentifierRule::shapes) that values of `length` may have. Empty with an empty text.
std::vector<NumberShape> shapes_of_length(std::string_view text, std::size_t length);

}  // namespace reeve::content
