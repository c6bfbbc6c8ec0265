#include "content/allow_marker.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace reeve::content {
namespace {

/// What AllowMarkers does, read plainly.
bool stands_on_line(std::string_view text, std::size_t start, std::size_t end) {
  const std::size_t side = start > 400 ? start - 400 : 0;
  std::size_t from = start, to = end;
  while (from > side && text[from - 1] != '\n') --from;
  while (to < text.size() && to - end < 400 && text[to] != '\n') ++to;
  const std::string_view line = text.substr(from, to - from);
  return line.find("reeve:allow") != std::string_view::npos || line.find("gitleaks:allow") != std::string_view::npos ||
         line.find("pragma: allowlist secret") != std::string_view::npos;
}

TEST(AllowMarkers, are_found_on_the_line_alone_wherever_was_looked_before) {
  std::mt19937_64 random(21);
  constexpr std::string_view kParts[] = {
      "reeve:allow", "gitleaks:allow", "pragma: allowlist secret", "allo", "w", "allow", "\n", "reeve:", "value"};
  std::size_t marked = 0;
  for (int round = 0; round < 300; ++round) {
    std::string buffer;
    const std::size_t begin = random() % 300;
    buffer.assign(begin, 'b');
    while (buffer.size() < begin + 3000) {
      buffer += random() % 12 == 0 ? kParts[random() % std::size(kParts)] : "some plain words and ";
      if (random() % 6 == 0) buffer.append(random() % 300, '.');
    }
    const std::size_t size = buffer.size() - begin;
    buffer.append(64, '\0');
    const std::string_view text = std::string_view(buffer).substr(begin, size);
    AllowMarkers markers;
    for (int i = 0; i < 60; ++i) {
      const std::size_t start = random() % size, end = std::min(size, start + random() % 200);
      ASSERT_EQ(markers.on_line(text, begin, start, end), stands_on_line(text, start, end)) << start << " " << end;
      marked += stands_on_line(text, start, end) ? 1U : 0U;
    }
  }
  EXPECT_GT(marked, 100U);
}

}  // namespace
}  // namespace reeve::content
