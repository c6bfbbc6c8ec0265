#include "core/nearest.h"

#include <algorithm>
#include <vector>

namespace reeve {
namespace {

/// Levenshtein distance.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (left[i - 1] == right[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[right.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  constexpr std::size_t kTooFar = 3;
  std::string_view nearest;
  std::size_t distance = kTooFar;
  for (const std::string_view candidate : known) {
    const std::size_t d = edit_distance(name.substr(0, 60), candidate);
    if (d < distance && 2 * d <= candidate.size()) {
      distance = d;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace reeve
