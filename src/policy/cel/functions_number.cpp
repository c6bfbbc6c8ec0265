#include <cmath>
#include <limits>

#include "policy/cel/cost.h"
#include "policy/cel/functions.h"

namespace reeve::policy::cel {
namespace {

bool is_number(const Value& value) { return value.is(Kind::kInt) || value.is(Kind::kUint) || value.is(Kind::kDouble); }

/// The first of the numbers that no other one is beyond; `direction` is 1 for the greatest and -1 for the least.
Value extreme(Frame& frame, std::string_view name, Arguments arguments, int direction) {
  Arguments numbers = arguments;
  if (arguments.size() == 1 && arguments[0].is(Kind::kList)) {
    numbers = {arguments[0].list->items, arguments[0].list->size};
    if (numbers.empty()) return fail(frame, ErrorKind::kInvalidArgument, "an empty list has no greatest or least");
  }
  if (!charge_elements(frame, numbers.size())) return cost_exceeded();
  const Value* found = nullptr;
  for (const Value& number : numbers) {
    if (!is_number(number)) return no_overload(frame, name, arguments);
    if (found == nullptr || compare(number, *found) == direction) found = &number;
  }
  return found == nullptr ? no_overload(frame, name, arguments) : *found;
}

template <typename Calculation>
Value of_real(Frame& frame, std::string_view name, Arguments arguments, Calculation calculate) {
  if (arguments.size() != 1 || !arguments[0].is(Kind::kDouble)) return no_overload(frame, name, arguments);
  return calculate(arguments[0].real);
}

template <typename Calculation>
Value of_bits(Frame& frame, std::string_view name, Arguments arguments, Calculation calculate) {
  const bool whole = arguments.size() == 2 && (arguments[0].is(Kind::kInt) || arguments[0].is(Kind::kUint));
  if (!whole || arguments[0].kind != arguments[1].kind) return no_overload(frame, name, arguments);
  Value result = arguments[0];
  result.unsigned_integer = calculate(arguments[0].unsigned_integer, arguments[1].unsigned_integer);
  return result;
}

template <typename Calculation>
Value shifted(Frame& frame, std::string_view name, Arguments arguments, Calculation calculate) {
  const bool whole = arguments.size() == 2 && (arguments[0].is(Kind::kInt) || arguments[0].is(Kind::kUint));
  if (!whole || !arguments[1].is(Kind::kInt)) return no_overload(frame, name, arguments);
  const std::int64_t places = arguments[1].integer;
  if (places < 0) return fail(frame, ErrorKind::kInvalidArgument, "bits are moved by a negative number of places");
  Value result = arguments[0];
  result.unsigned_integer = places > 63 ? 0 : calculate(result.unsigned_integer, static_cast<unsigned>(places));
  return result;
}

}  // namespace

Value greatest(Frame& frame, Arguments arguments) { return extreme(frame, "math.greatest", arguments, 1); }
Value least(Frame& frame, Arguments arguments) { return extreme(frame, "math.least", arguments, -1); }

Value ceil_of(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.ceil", arguments, [](double number) { return Value::of_double(std::ceil(number)); });
}
Value floor_of(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.floor", arguments, [](double number) { return Value::of_double(std::floor(number)); });
}
Value round_of(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.round", arguments, [](double number) { return Value::of_double(std::round(number)); });
}
Value trunc_of(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.trunc", arguments, [](double number) { return Value::of_double(std::trunc(number)); });
}
Value is_nan(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.isNaN", arguments, [](double number) { return Value::of_bool(std::isnan(number)); });
}
Value is_infinite(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.isInf", arguments, [](double number) { return Value::of_bool(std::isinf(number)); });
}
Value is_finite(Frame& frame, Arguments arguments) {
  return of_real(frame, "math.isFinite", arguments,
                 [](double number) { return Value::of_bool(std::isfinite(number)); });
}

Value abs_of(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1 || !is_number(arguments[0])) return no_overload(frame, "math.abs", arguments);
  const Value& number = arguments[0];
  if (number.is(Kind::kUint)) return number;
  if (number.is(Kind::kDouble)) return Value::of_double(std::abs(number.real));
  if (number.integer == std::numeric_limits<std::int64_t>::min()) {
    return fail(frame, ErrorKind::kOutOfRange, "the number does not fit its type");
  }
  return Value::of_int(std::abs(number.integer));
}

Value sign_of(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1 || !is_number(arguments[0])) return no_overload(frame, "math.sign", arguments);
  const Value& number = arguments[0];
  if (number.is(Kind::kUint)) return Value::of_uint(number.unsigned_integer > 0 ? 1 : 0);
  if (number.is(Kind::kInt)) return Value::of_int(number.integer > 0 ? 1 : (number.integer < 0 ? -1 : 0));
  if (std::isnan(number.real)) return number;
  return Value::of_double(number.real > 0 ? 1.0 : (number.real < 0 ? -1.0 : 0.0));
}

Value bit_and(Frame& frame, Arguments arguments) {
  return of_bits(frame, "math.bitAnd", arguments, [](std::uint64_t left, std::uint64_t right) { return left & right; });
}
Value bit_or(Frame& frame, Arguments arguments) {
  return of_bits(frame, "math.bitOr", arguments, [](std::uint64_t left, std::uint64_t right) { return left | right; });
}
Value bit_xor(Frame& frame, Arguments arguments) {
  return of_bits(frame, "math.bitXor", arguments, [](std::uint64_t left, std::uint64_t right) { return left ^ right; });
}

Value bit_not(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1 || (!arguments[0].is(Kind::kInt) && !arguments[0].is(Kind::kUint))) {
    return no_overload(frame, "math.bitNot", arguments);
  }
  Value result = arguments[0];
  result.unsigned_integer = ~result.unsigned_integer;
  return result;
}

Value bit_shift_left(Frame& frame, Arguments arguments) {
  return shifted(frame, "math.bitShiftLeft", arguments,
                 [](std::uint64_t bits, unsigned places) { return bits << places; });
}
Value bit_shift_right(Frame& frame, Arguments arguments) {
  return shifted(frame, "math.bitShiftRight", arguments,
                 [](std::uint64_t bits, unsigned places) { return bits >> places; });
}

}  // namespace reeve::policy::cel
