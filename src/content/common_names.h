#pragma once

#include <string_view>

namespace reeve::content {

/// Words between blanks, in lower case, letters without marks. Put together from general knowledge.
extern const std::string_view kGivenNames;
extern const std::string_view kSurnames;

}  // namespace reeve::content
