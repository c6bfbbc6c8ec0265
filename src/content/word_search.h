#pragma once

// Looking for several words in a stretch of text, whatever their case. Private to the room.

#include <cstddef>
#include <string_view>
#include <vector>

namespace reeve::content {

/// `text` in lower case (of ASCII), in memory that the thread keeps: valid until the next call in this thread.
std::string_view lowered(std::string_view text);

/// Where `word` stands in `text` from `from` on, or npos. Made for short words in some kilobytes: fast where the first
/// and last of their bytes are seldom that far apart.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0);

}  // namespace reeve::content
