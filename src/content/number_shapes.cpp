#include "content/number_shapes.h"

#include <bit>

namespace reeve::content {

namespace {

std::uint64_t first_places(std::size_t count) { return count >= 64 ? ~std::uint64_t{0} : (1ULL << count) - 1; }

}  // namespace

NumberShapes::NumberShapes(std::string_view text, std::size_t length) : any_(text.empty()) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_open = one.ends_with('*');
    if (is_open) one.remove_suffix(1);
    if (is_open ? one.size() > length : one.size() != length) continue;
    NumberShape shape;
    for (std::size_t i = 0; i < one.size() && i < 64; ++i) {
      if (one[i] == 'A') shape.must.letters |= 1ULL << i;
      if (one[i] == '9') shape.must.digits |= 1ULL << i;
    }
    shapes_.push_back(shape);
  }
}

std::size_t NumberShapes::fewest_digits() const {
  std::size_t fewest = any_ ? 0 : 64;
  for (const NumberShape& shape : shapes_) {
    fewest = std::min(fewest, static_cast<std::size_t>(std::popcount(shape.must.digits)));
  }
  return fewest;
}

bool NumberShapes::may_begin_with_letters(std::size_t count) const {
  return any_ || std::ranges::any_of(
                     shapes_, [&](const NumberShape& shape) { return (shape.must.digits & first_places(count)) == 0; });
}

bool NumberShapes::may_begin_with_digits(std::size_t count) const {
  return any_ || std::ranges::any_of(shapes_, [&](const NumberShape& shape) {
           return (shape.must.letters & first_places(count)) == 0;
         });
}

}  // namespace reeve::content
