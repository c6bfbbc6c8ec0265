#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve::control {

/// What is at "env:NAME" or "file:PATH". Read at each attempt: a secret that was changed needs no restart. Errors name
/// the place, never the secret. It may be sealed, for place_of_secret().
Result<std::string> read_secret(std::string_view from);

}  // namespace reeve::control
