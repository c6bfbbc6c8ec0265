#include <charconv>
#include <cmath>
#include <string>

#include "core/bytes.h"
#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/scalar_text.h"
#include "policy/cel/time_arithmetic.h"

// From one type to another. A conversion that would lose the value (but for a double's fraction) is an error.

namespace reeve::policy::cel {
namespace {

Value not_a(Frame& frame, const Value& text, std::string_view what) {
  return fail_with(frame, ErrorKind::kInvalidArgument, to_display(text, 80) + " is no " + std::string(what));
}

Value out_of_range(Frame& frame, const Value& value, std::string_view what) {
  return fail_with(frame, ErrorKind::kOutOfRange, to_display(value, 80) + " does not fit " + std::string(what));
}

/// Whole text as a decimal number; a plus sign only where a minus sign could be.
template <typename Number>
bool parse_whole(std::string_view text, Number& number) {
  if (std::is_signed_v<Number> && text.starts_with('+') && text.substr(1, 1) != "-") text.remove_prefix(1);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size();
}

Value made_text(Frame& frame, const std::string& text) {
  Value problem;
  char* copy = make_text(frame, text.size(), problem);
  if (copy == nullptr) return problem;
  text.copy(copy, text.size());
  return Value::of_string({copy, text.size()});
}

}  // namespace

Value to_bool(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "bool", arguments);
  const Value& from = arguments[0];
  if (from.is(Kind::kBool)) return from;
  if (!from.is(Kind::kString)) return no_overload(frame, "bool", arguments);
  for (const std::string_view yes : {"true", "True", "TRUE", "t", "1"}) {
    if (from.text() == yes) return Value::of_bool(true);
  }
  for (const std::string_view no : {"false", "False", "FALSE", "f", "0"}) {
    if (from.text() == no) return Value::of_bool(false);
  }
  return not_a(frame, from, "bool");
}

Value to_int(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "int", arguments);
  const Value& from = arguments[0];
  std::int64_t number = 0;
  switch (from.kind) {
    case Kind::kInt: return from;
    case Kind::kTimestamp: return Value::of_int(from.integer);
    case Kind::kUint: return from.integer < 0 ? out_of_range(frame, from, "int") : Value::of_int(from.integer);
    case Kind::kDouble:
      // The least int itself is refused as a double, too: it may have been rounded from beyond.
      if (!(from.real > -0x1p63 && from.real < 0x1p63)) return out_of_range(frame, from, "int");
      return Value::of_int(static_cast<std::int64_t>(from.real));
    case Kind::kString: return parse_whole(from.text(), number) ? Value::of_int(number) : not_a(frame, from, "int");
    default: return no_overload(frame, "int", arguments);
  }
}

Value to_uint(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "uint", arguments);
  const Value& from = arguments[0];
  std::uint64_t number = 0;
  switch (from.kind) {
    case Kind::kUint: return from;
    case Kind::kInt:
      return from.integer < 0 ? out_of_range(frame, from, "uint") : Value::of_uint(from.unsigned_integer);
    case Kind::kDouble:
      if (!(from.real >= 0 && from.real < 0x1p64)) return out_of_range(frame, from, "uint");
      return Value::of_uint(static_cast<std::uint64_t>(from.real));
    case Kind::kString: return parse_whole(from.text(), number) ? Value::of_uint(number) : not_a(frame, from, "uint");
    default: return no_overload(frame, "uint", arguments);
  }
}

Value to_double(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "double", arguments);
  const Value& from = arguments[0];
  switch (from.kind) {
    case Kind::kDouble: return from;
    case Kind::kInt: return Value::of_double(static_cast<double>(from.integer));
    case Kind::kUint: return Value::of_double(static_cast<double>(from.unsigned_integer));
    case Kind::kString: {
      if (!charge_bytes(frame, from.extra)) return cost_exceeded();
      const std::optional<double> number = parse_double(from.text());
      return number ? Value::of_double(*number) : not_a(frame, from, "double");
    }
    default: return no_overload(frame, "double", arguments);
  }
}

Value to_text(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "string", arguments);
  const Value& from = arguments[0];
  switch (from.kind) {
    case Kind::kString: return from;
    case Kind::kBool: return Value::of_string(from.boolean ? "true" : "false");
    case Kind::kInt: return made_text(frame, std::to_string(from.integer));
    case Kind::kUint: return made_text(frame, std::to_string(from.unsigned_integer));
    case Kind::kDouble: return made_text(frame, double_text(from.real));
    case Kind::kTimestamp: return made_text(frame, timestamp_text(from.integer, from.nanos()));
    case Kind::kDuration: return made_text(frame, duration_text(from.integer, from.nanos()));
    case Kind::kBytes:
      if (!charge_bytes(frame, from.extra)) return cost_exceeded();
      if (!is_utf8(from.text())) return fail(frame, ErrorKind::kInvalidArgument, "the bytes are not UTF-8");
      return Value::of_string(from.text());
    default: return no_overload(frame, "string", arguments);
  }
}

Value to_bytes(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "bytes", arguments);
  if (arguments[0].is(Kind::kBytes)) return arguments[0];
  if (!arguments[0].is(Kind::kString)) return no_overload(frame, "bytes", arguments);
  return Value::of_bytes(arguments[0].text());
}

Value to_timestamp(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "timestamp", arguments);
  const Value& from = arguments[0];
  if (from.is(Kind::kTimestamp)) return from;
  if (from.is(Kind::kInt)) return timestamp_of(frame, static_cast<__int128>(from.integer) * kNanosPerSecond);
  if (!from.is(Kind::kString)) return no_overload(frame, "timestamp", arguments);
  const std::optional<TimestampParts> parts = parse_timestamp(from.text());
  if (!parts) return not_a(frame, from, "timestamp as RFC 3339 writes it, in the years 0001 to 9999");
  return Value::of_timestamp(parts->seconds, parts->nanos);
}

Value to_duration(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "duration", arguments);
  const Value& from = arguments[0];
  if (from.is(Kind::kDuration)) return from;
  if (!from.is(Kind::kString)) return no_overload(frame, "duration", arguments);
  const std::optional<std::int64_t> nanos = parse_duration_nanos(from.text());
  return nanos ? duration_of(frame, *nanos) : not_a(frame, from, "duration as 1h30m or 1.5s, up to 292 years");
}

Value to_type(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "type", arguments);
  return Value::of_type(type_name(arguments[0].kind));
}

Value to_dyn(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "dyn", arguments);
  return arguments[0];
}

}  // namespace reeve::policy::cel
