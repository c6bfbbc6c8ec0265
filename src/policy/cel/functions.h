#pragma once

// What the functions of function.h's table do, by subject: each is the `call` of one name. Arguments are neither error
// nor unknown; kinds that a function has no meaning for are answered with kNoSuchOverload. Sizes are charged to the
// frame before anything is made (cost.h).

#include <span>

#include "policy/cel/program.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

using Arguments = std::span<const Value>;

// Operators: functions_operator.cpp
Value not_of(Frame& frame, Arguments arguments);
Value negate(Frame& frame, Arguments arguments);
Value is_equal(Frame& frame, Arguments arguments);
Value is_unequal(Frame& frame, Arguments arguments);
Value is_less(Frame& frame, Arguments arguments);
Value is_less_or_equal(Frame& frame, Arguments arguments);
Value is_greater(Frame& frame, Arguments arguments);
Value is_greater_or_equal(Frame& frame, Arguments arguments);
Value is_in(Frame& frame, Arguments arguments);
Value add(Frame& frame, Arguments arguments);
Value subtract(Frame& frame, Arguments arguments);
Value multiply(Frame& frame, Arguments arguments);
Value divide(Frame& frame, Arguments arguments);
Value modulo(Frame& frame, Arguments arguments);
Value index_into(Frame& frame, Arguments arguments);

// Texts and bytes: functions_text.cpp, functions_text_made.cpp, functions_pattern.cpp, format.cpp
Value size_of(Frame& frame, Arguments arguments);
Value contains(Frame& frame, Arguments arguments);
Value starts_with(Frame& frame, Arguments arguments);
Value ends_with(Frame& frame, Arguments arguments);
Value matches(Frame& frame, Arguments arguments);
Value char_at(Frame& frame, Arguments arguments);
Value index_of(Frame& frame, Arguments arguments);
Value last_index_of(Frame& frame, Arguments arguments);
Value lower_ascii(Frame& frame, Arguments arguments);
Value upper_ascii(Frame& frame, Arguments arguments);
Value replace(Frame& frame, Arguments arguments);
Value split(Frame& frame, Arguments arguments);
Value join(Frame& frame, Arguments arguments);
Value substring(Frame& frame, Arguments arguments);
Value trim(Frame& frame, Arguments arguments);
Value reverse(Frame& frame, Arguments arguments);
Value quote(Frame& frame, Arguments arguments);
Value format(Frame& frame, Arguments arguments);
Value base64_encode(Frame& frame, Arguments arguments);
Value base64_decode(Frame& frame, Arguments arguments);

// Numbers: functions_number.cpp
Value greatest(Frame& frame, Arguments arguments);
Value least(Frame& frame, Arguments arguments);
Value ceil_of(Frame& frame, Arguments arguments);
Value floor_of(Frame& frame, Arguments arguments);
Value round_of(Frame& frame, Arguments arguments);
Value trunc_of(Frame& frame, Arguments arguments);
Value abs_of(Frame& frame, Arguments arguments);
Value sign_of(Frame& frame, Arguments arguments);
Value is_nan(Frame& frame, Arguments arguments);
Value is_infinite(Frame& frame, Arguments arguments);
Value is_finite(Frame& frame, Arguments arguments);
Value bit_and(Frame& frame, Arguments arguments);
Value bit_or(Frame& frame, Arguments arguments);
Value bit_xor(Frame& frame, Arguments arguments);
Value bit_not(Frame& frame, Arguments arguments);
Value bit_shift_left(Frame& frame, Arguments arguments);
Value bit_shift_right(Frame& frame, Arguments arguments);

// Times: functions_time.cpp
Value get_full_year(Frame& frame, Arguments arguments);
Value get_month(Frame& frame, Arguments arguments);
Value get_day_of_year(Frame& frame, Arguments arguments);
Value get_day_of_month(Frame& frame, Arguments arguments);
Value get_date(Frame& frame, Arguments arguments);
Value get_day_of_week(Frame& frame, Arguments arguments);
Value get_hours(Frame& frame, Arguments arguments);
Value get_minutes(Frame& frame, Arguments arguments);
Value get_seconds(Frame& frame, Arguments arguments);
Value get_milliseconds(Frame& frame, Arguments arguments);

// From one type to another: functions_convert.cpp
Value to_bool(Frame& frame, Arguments arguments);
Value to_int(Frame& frame, Arguments arguments);
Value to_uint(Frame& frame, Arguments arguments);
Value to_double(Frame& frame, Arguments arguments);
Value to_text(Frame& frame, Arguments arguments);
Value to_bytes(Frame& frame, Arguments arguments);
Value to_timestamp(Frame& frame, Arguments arguments);
Value to_duration(Frame& frame, Arguments arguments);
Value to_type(Frame& frame, Arguments arguments);
Value to_dyn(Frame& frame, Arguments arguments);

}  // namespace reeve::policy::cel
