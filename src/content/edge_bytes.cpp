#include "content/edge_bytes.h"

#include <algorithm>

namespace reeve::content {

std::uint32_t add_widths(std::uint32_t left, std::uint32_t right) { return std::min(kFar, left + right); }

std::uint32_t multiply_widths(std::uint32_t left, std::uint32_t right) {
  const std::uint64_t product = std::uint64_t{left} * right;
  return product > kFar ? kFar : static_cast<std::uint32_t>(product);
}

ByteSet in_both_cases(const ByteSet& bytes) {
  ByteSet all = bytes;
  for (std::size_t c = 'a'; c <= 'z'; ++c) {
    if (bytes[c] || bytes[c - 0x20]) all.set(c).set(c - 0x20);
  }
  return all;
}

EdgeBytes followed(const EdgeBytes& first, const EdgeBytes& second) {
  EdgeBytes all;
  all.least = add_widths(first.least, second.least);
  all.most = add_widths(first.most, second.most);
  for (std::uint32_t place = 0; place < EdgeBytes::kPlaces; ++place) {
    ByteSet& bytes = all.places[place];
    if (place < first.most) bytes |= first.places[place];
    for (std::uint32_t width = first.least; width <= std::min(first.most, place); ++width) {
      if (place - width < second.most) bytes |= second.places[place - width];
    }
  }
  return all;
}

EdgeBytes either(const EdgeBytes& left, const EdgeBytes& right) {
  EdgeBytes all;
  all.least = std::min(left.least, right.least);
  all.most = std::max(left.most, right.most);
  for (std::size_t place = 0; place < EdgeBytes::kPlaces; ++place) {
    all.places[place] = left.places[place] | right.places[place];
  }
  return all;
}

EdgeBytes repeated(const EdgeBytes& one, std::uint32_t least, std::uint32_t most) {
  EdgeBytes all;
  // One that is empty may be left out of the count, so no more of them have a byte at these places.
  for (std::uint32_t count = 0; count < std::min<std::uint32_t>(most, EdgeBytes::kPlaces); ++count) {
    EdgeBytes next = one;
    if (count >= least) next.least = 0;
    all = followed(all, next);
  }
  all.least = multiply_widths(one.least, least);
  all.most = multiply_widths(one.most, most);
  return all;
}

EdgeBytes edge_of(const ByteSet& bytes) {
  EdgeBytes edge;
  edge.least = edge.most = 1;
  edge.places[0] = bytes;
  return edge;
}

EdgeBytes edge_of(std::string_view bytes, bool folded, bool backwards) {
  EdgeBytes edge;
  edge.least = edge.most = static_cast<std::uint32_t>(bytes.size());
  for (std::size_t place = 0; place < std::min(bytes.size(), EdgeBytes::kPlaces); ++place) {
    const char c = bytes[backwards ? bytes.size() - 1 - place : place];
    const ByteSet one = ByteSet().set(static_cast<unsigned char>(c));
    edge.places[place] = folded ? in_both_cases(one) : one;
  }
  return edge;
}

}  // namespace reeve::content
