#pragma once

// Where an identifier has letters and where digits, compared with a value in a few operations before its check is
// computed. Private to the room.

#include <algorithm>
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

/// The shapes that values of one length may have.
class NumberShapes {
 public:
  /// Of `text` (IdentifierRule::shapes) those that are for values of `length`.
  NumberShapes(std::string_view text, std::size_t length);

  bool fits(const PlaceKinds& value) const {
    return any_ || std::ranges::any_of(shapes_, [&](const NumberShape& shape) { return shape.fits(value); });
  }
  /// Some value fits of whose places it is only known what they may be.
  bool may_fit(const PlaceKinds& may) const { return fits(may); }
  /// The fewest digits that a value has.
  std::size_t fewest_digits() const;
  /// No value of the length may pass.
  bool excludes_all() const { return !any_ && shapes_.empty(); }
  /// Whether the first `count` places may all be letters, or digits.
  bool may_begin_with_letters(std::size_t count) const;
  bool may_begin_with_digits(std::size_t count) const;

 private:
  bool any_;  // the text is empty: nothing is known
  std::vector<NumberShape> shapes_;
};

}  // namespace reeve::content
