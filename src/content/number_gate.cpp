#include "content/number_gate.h"

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

const std::array<std::uint8_t, 256> NeighbourBytes::kKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (unsigned byte = 0; byte < 0x80; ++byte) {
    const auto c = static_cast<char>(byte);
    std::uint8_t& kind = kinds[byte];
    if (is_digit(c)) kind |= kDigit;
    if (is_letter(c)) kind |= kLetter;
    if (is_alphanumeric(c) || holds("_@%", c)) kind |= kJoinsBehind;
    if (holds(".:", c)) kind |= kPoint;
    if (holds("-+", c)) kind |= kHyphen;
    if (is_alphanumeric(c) || holds("_@\\%", c)) kind |= kJoinsBefore;
    if (holds(".:/-+", c)) kind |= kBehindDigit;
    if (c == '.') kind |= kDot;
  }
  return kinds;
}();

NumberGate::NumberGate(const LayoutTree& layouts) : layouts_(layouts) { fewest_digits_.fill(0xFF); }

void NumberGate::add_bare(std::size_t length, const NumberShapes& shapes, const Bytes& begins) {
  if (length < 64) lengths_ |= 1ULL << length;
  if (length > kWordMax) return;
  const bool is_any = std::ranges::all_of(begins, [](std::uint64_t bits) { return bits == ~std::uint64_t{0}; });
  std::array<Bytes, kWordMax + 1>& all = is_any ? edges_ : begun_edges_;
  for (std::size_t i = 0; i < begins.size() && !is_any; ++i) begins_[length][i] |= begins[i];
  for (std::size_t edges = 0; edges < 256; ++edges) {
    PlaceKinds may{~std::uint64_t{0}, ~std::uint64_t{0}};
    for (std::size_t i = 0; i < 4 && length >= 8; ++i) {
      (edges >> i & 1U) != 0 ? may.letters &= ~(1ULL << i) : may.digits &= ~(1ULL << i);
      const std::size_t last = length - 4 + i;
      (edges >> (4 + i) & 1U) != 0 ? may.letters &= ~(1ULL << last) : may.digits &= ~(1ULL << last);
    }
    if (shapes.may_fit(may)) all[length][edges / 64] |= 1ULL << edges % 64;
  }
  fewest_digits_[length] = std::min(fewest_digits_[length], static_cast<std::uint8_t>(shapes.fewest_digits()));
}

void NumberGate::add_ibans() {
  for (unsigned first = 1; first <= 26; ++first) {
    for (unsigned second = 1; second <= 26; ++second) {
      const std::array<char, 2> country{static_cast<char>('A' - 1 + first), static_cast<char>('A' - 1 + second)};
      if (iban_length({country.data(), country.size()}) != 0) countries_[first] |= 1U << second;
    }
  }
}

}  // namespace reeve::content
