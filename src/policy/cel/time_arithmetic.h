#pragma once

// Timestamps and durations as values: made within their ranges, added, subtracted.

#include <cstdint>

#include "policy/cel/program.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

/// Nanoseconds of any amount become a duration, or an error of kOutOfRange beyond 64 bits of them.
Value duration_of(Frame& frame, __int128 nanos);
/// Nanoseconds since 1970 become a timestamp, or an error of kOutOfRange outside the years 0001 to 9999.
Value timestamp_of(Frame& frame, __int128 nanos);
/// Of a timestamp (since 1970) or a duration.
__int128 nanos_of(const Value& time);

/// False when the kinds are not two times that can be added; else `result` is the sum or an error.
bool add_times(Frame& frame, const Value& left, const Value& right, Value& result);
bool subtract_times(Frame& frame, const Value& left, const Value& right, Value& result);

}  // namespace reeve::policy::cel
