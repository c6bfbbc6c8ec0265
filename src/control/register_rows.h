#pragma once

// What rows of the registers have in common. Private to the room.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/id.h"
#include "core/time.h"

namespace reeve::control {

inline constexpr std::size_t kReasonBytesMax = 1'000;

/// "it-01k…": letters, digits and hyphens, in the order of their making.
inline std::string register_id(std::string_view prefix) {
  std::string id = to_lower(make_id(prefix));
  std::replace(id.begin(), id.end(), '_', '-');
  return id;
}

/// Times are written with microseconds; what is read back is the same then.
inline Instant whole_microseconds(Instant at) { return {at.nanoseconds / 1000 * 1000}; }

}  // namespace reeve::control
