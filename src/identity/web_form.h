#pragma once

// application/x-www-form-urlencoded, as OAuth sends it in bodies and queries. Part of identity.h.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace reeve::identity {

std::string form_encoded(std::string_view text);
std::string web_form(const std::vector<std::pair<std::string, std::string>>& fields);

/// The values of all cookies of that name in one Cookie field, as they stand there.
std::vector<std::string_view> cookies_of(std::string_view field, std::string_view name);

/// Each name once: kInvalid where one stands twice (RFC 6749 section 3.1), or where an escape is none.
Result<std::map<std::string, std::string, std::less<>>> parse_web_form(std::string_view text);

}  // namespace reeve::identity
