#pragma once

// Markers by which people say that a finding on their line is known to them. Private to the room.

#include <cstddef>
#include <string_view>

namespace reeve::content {

/// Looks for markers around findings of one text after the other, all in one buffer behind which 64 bytes are readable.
class AllowMarkers {
 public:
  /// Before the buffer is another one's.
  void reset() { clean_from_ = clean_to_ = 0; }
  /// Whether a marker stands on the line of [start, end). `text` begins at `begin` of the buffer.
  bool on_line(std::string_view text, std::size_t begin, std::size_t start, std::size_t end);

 private:
  bool may_be_within(std::string_view text, std::size_t begin, std::size_t from, std::size_t to);

  // Of the buffer: no marker stands in there. Findings are many where they are near each other.
  std::size_t clean_from_ = 0, clean_to_ = 0;
};

}  // namespace reeve::content
