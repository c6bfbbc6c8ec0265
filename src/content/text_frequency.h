#pragma once

// How often a short string stands in prose, code and data as people send them: estimates, for choosing what to look for
// first. Private to the room.

#include <string_view>

namespace reeve::content {

/// How often `lower_case` stands in such text in any case, a byte: an estimate from words and identifiers.
double text_frequency(std::string_view lower_case);

/// How often a byte stands in prose, code and data as people send them: an estimate, 0 to 1.
double byte_frequency(unsigned char byte);

}  // namespace reeve::content
