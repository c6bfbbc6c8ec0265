#pragma once

// Time zones by name ("Europe/Berlin", "UTC") or as a fixed distance from UTC ("+02:00", "02:00", "-09:30").
//
// Names are looked up in the machine's zone files (RFC 8536), each read once a process and kept.

#include <cstdint>
#include <optional>
#include <string_view>

namespace reeve::policy::cel {

/// Seconds east of UTC at a moment (seconds since 1970), or nothing when there is no such zone. Thread-safe.
std::optional<std::int32_t> zone_offset(std::string_view zone, std::int64_t at);

}  // namespace reeve::policy::cel
