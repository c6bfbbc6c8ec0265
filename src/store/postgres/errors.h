#pragma once

// PostgreSQL's errors as sentences that a person can act on.

#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve::store {

/// `sqlstate`: five characters, or empty for an error of the connection. `detail`: PostgreSQL's own primary message,
/// made safe to show; it names tables, never values.
Error postgres_error(std::string_view sqlstate, const std::string& detail, const std::string& where);

}  // namespace reeve::store
