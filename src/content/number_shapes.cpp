#include "content/number_shapes.h"

#include <algorithm>

namespace reeve::content {

std::vector<NumberShape> shapes_of_length(std::string_view text, std::size_t length) {
  std::vector<NumberShape> shapes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool open = one.ends_with('*');
    if (open) one.remove_suffix(1);
    if (open ? one.size() > length : one.size() != length) continue;
    NumberShape shape;
    for (std::size_t i = 0; i < one.size() && i < 64; ++i) {
      if (one[i] == 'A') shape.must.letters |= 1ULL << i;
      if (one[i] == '9') shape.must.digits |= 1ULL << i;
    }
    shapes.push_back(shape);
  }
  return shapes;
}

}  // namespace reeve::content
