#include "content/rarity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace reeve::content {

double rarity(std::string_view value) {
  constexpr std::size_t kBytesMax = 512;
  value = value.substr(0, kBytesMax);
  if (value.empty()) return 0;
  std::array<std::uint16_t, 256> counts{};
  std::size_t changes = 0;
  const auto kind = [](char c) {
    return c >= '0' && c <= '9' ? 0 : c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 : 3;
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    ++counts[static_cast<unsigned char>(value[i])];
    if (i > 0 && kind(value[i]) != kind(value[i - 1])) ++changes;
  }
  double entropy = 0;
  const auto size = static_cast<double>(value.size());
  for (const std::uint16_t count : counts) {
    if (count != 0) entropy -= count / size * std::log2(count / size);
  }
  const double mixed = std::min(1.0, 2.0 * static_cast<double>(changes) / size);
  const double varied = std::min(1.0, entropy / std::min(4.5, std::log2(size + 1)));
  const double rare = 0.5 * mixed + 0.5 * varied;
  return value.size() < 8 ? std::min(rare, 0.59) : rare;
}

}  // namespace reeve::content
