#pragma once

// Identifiers: a short prefix that says what it names, then 26 characters of Crockford base 32 as in ULID: 48 bits of
// milliseconds, so that they sort by time of making, and 80 random bits.

#include <string>
#include <string_view>

namespace reeve {

/// "req_01JD..." for prefix "req". Uses the system clock and a per-thread generator seeded from the kernel.
/// Thread-safe.
std::string make_id(std::string_view prefix);

}  // namespace reeve
