#pragma once

// What the matches of a pattern look like, as far as this can be told without its expression: an expression costs some
// hundred nanoseconds, and near most of its required literals there is no match. Private to the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/edge_bytes.h"

namespace reeve::content {

/// A fixed text that stands in a match behind its required literal: one of a few.
struct LaterLiteral {
  std::vector<std::string> any_of;  // of two bytes or more; lower case when `folded`; empty: none is known
  bool folded = false;
  double frequency = 1;
};

class MatchOutline {
 public:
  MatchOutline(const EdgeBytes& head, LaterLiteral later);
  /// The first place in [from, last] where a match may begin.
  std::optional<std::size_t> next_begin(std::string_view text, std::size_t from, std::size_t last) const;
  /// Whether what must stand behind the literal may stand in `behind`. The text goes on for 64 readable bytes.
  bool may_go_on(std::string_view behind) const;

 private:
  std::array<std::uint8_t, 256> begins_{};  // bit i: the byte may be the match's byte i
  std::uint8_t last_ = 0;                   // the bit of the last that is known; 0: none is
  LaterLiteral later_;
};

}  // namespace reeve::content
