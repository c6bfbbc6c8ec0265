#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/scalar_text.h"
#include "policy/cel/time_arithmetic.h"

// Operators. Whole numbers that overflow are errors; doubles follow IEEE 754.

namespace reeve::policy::cel {
namespace {

constexpr std::string_view kOverflow = "the number does not fit its type";

Value overflow(Frame& frame) { return fail(frame, ErrorKind::kOutOfRange, kOverflow); }

bool both(Arguments arguments, Kind kind) {
  return arguments.size() == 2 && arguments[0].is(kind) && arguments[1].is(kind);
}

Value joined_texts(Frame& frame, const Value& left, const Value& right) {
  if (left.extra == 0) return right;
  if (right.extra == 0) return left;
  const std::size_t size = std::size_t{left.extra} + right.extra;
  Value made;
  char* text = make_text(frame, size, made);
  if (text == nullptr) return made;
  std::memcpy(text, left.characters, left.extra);
  std::memcpy(text + left.extra, right.characters, right.extra);
  made = left;
  made.extra = static_cast<std::uint32_t>(size);
  made.characters = text;
  return made;
}

Value joined_lists(Frame& frame, const Value& left, const Value& right) {
  if (left.list->size == 0) return right;
  if (right.list->size == 0) return left;
  const std::size_t size = left.list->size + right.list->size;
  Value problem;
  Value* items = make_elements(frame, size, problem);
  if (items == nullptr) return problem;
  std::copy(left.list->items, left.list->items + left.list->size, items);
  std::copy(right.list->items, right.list->items + right.list->size, items + left.list->size);
  return Value::of_list(frame.arena.make(List{items, size}));
}

/// An operator on two numbers of one type. Nothing when they are not.
template <typename Whole, typename Real>
bool calculate(Frame& frame, Arguments arguments, Value& result, Whole whole, Real real) {
  if (both(arguments, Kind::kInt)) {
    std::int64_t number = 0;
    result = whole(arguments[0].integer, arguments[1].integer, &number) ? overflow(frame) : Value::of_int(number);
    return true;
  }
  if (both(arguments, Kind::kUint)) {
    std::uint64_t number = 0;
    result = whole(arguments[0].unsigned_integer, arguments[1].unsigned_integer, &number) ? overflow(frame)
                                                                                          : Value::of_uint(number);
    return true;
  }
  if (!both(arguments, Kind::kDouble)) return false;
  result = Value::of_double(real(arguments[0].real, arguments[1].real));
  return true;
}

/// `wanted` tells which results of compare() make the operator true.
template <typename Wanted>
Value in_order(Frame& frame, std::string_view name, Arguments arguments, Wanted wanted) {
  if (arguments.size() != 2 || !is_ordered(arguments[0].kind, arguments[1].kind)) {
    return no_overload(frame, name, arguments);
  }
  if (arguments[0].is(Kind::kString) && !charge_bytes(frame, arguments[0].extra)) return cost_exceeded();
  const int order = compare(arguments[0], arguments[1]);
  return Value::of_bool(order != kUnordered && wanted(order));
}

/// The place in a list that a number names; false when it names none.
bool whole_place(const Value& number, std::uint64_t& place) {
  switch (number.kind) {
    case Kind::kInt: place = static_cast<std::uint64_t>(number.integer); return number.integer >= 0;
    case Kind::kUint: place = number.unsigned_integer; return true;
    case Kind::kDouble:
      if (!(number.real >= 0 && number.real < 0x1p53) || std::trunc(number.real) != number.real) return false;
      place = static_cast<std::uint64_t>(number.real);
      return true;
    default: return false;
  }
}

/// A long key is compared with many others.
bool charge_look_up(Frame& frame, const Value& key) {
  return !(key.is(Kind::kString) || key.is(Kind::kBytes)) || charge(frame, key.extra / 4);
}

Value list_element(Frame& frame, const List& list, const Value& number) {
  if (number.kind != Kind::kInt && number.kind != Kind::kUint && number.kind != Kind::kDouble) {
    return fail_with(frame, ErrorKind::kNoSuchOverload,
                     "a list has no place of type " + std::string(type_name(number.kind)));
  }
  std::uint64_t place = 0;
  if (whole_place(number, place) && place < list.size) return list.items[place];
  return fail_with(frame, ErrorKind::kOutOfRange,
                   "a list of " + std::to_string(list.size) + " elements has no place " + to_display(number, 40));
}

}  // namespace

Value not_of(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1 || !arguments[0].is(Kind::kBool)) return no_overload(frame, "!_", arguments);
  return Value::of_bool(!arguments[0].boolean);
}

Value negate(Frame& frame, Arguments arguments) {
  if (arguments.size() == 1 && arguments[0].is(Kind::kDouble)) return Value::of_double(-arguments[0].real);
  if (arguments.size() != 1 || !arguments[0].is(Kind::kInt)) return no_overload(frame, "-_", arguments);
  if (arguments[0].integer == std::numeric_limits<std::int64_t>::min()) return overflow(frame);
  return Value::of_int(-arguments[0].integer);
}

Value is_equal(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2) return no_overload(frame, "_==_", arguments);
  return Value::of_bool(equal(arguments[0], arguments[1], frame.cost_left));
}

Value is_unequal(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2) return no_overload(frame, "_!=_", arguments);
  return Value::of_bool(!equal(arguments[0], arguments[1], frame.cost_left));
}

Value is_less(Frame& frame, Arguments arguments) {
  return in_order(frame, "_<_", arguments, [](int order) { return order < 0; });
}
Value is_less_or_equal(Frame& frame, Arguments arguments) {
  return in_order(frame, "_<=_", arguments, [](int order) { return order <= 0; });
}
Value is_greater(Frame& frame, Arguments arguments) {
  return in_order(frame, "_>_", arguments, [](int order) { return order > 0; });
}
Value is_greater_or_equal(Frame& frame, Arguments arguments) {
  return in_order(frame, "_>=_", arguments, [](int order) { return order >= 0; });
}

Value is_in(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2) return no_overload(frame, "@in", arguments);
  const Value& wanted = arguments[0];
  if (arguments[1].is(Kind::kMap)) {
    if (!charge_look_up(frame, wanted)) return cost_exceeded();
    return Value::of_bool(find_key(*arguments[1].map, wanted) != nullptr);
  }
  if (!arguments[1].is(Kind::kList)) return no_overload(frame, "@in", arguments);
  const List& list = *arguments[1].list;
  if (!charge_elements(frame, list.size)) return cost_exceeded();
  for (std::size_t i = 0; i < list.size; ++i) {
    if (equal(list.items[i], wanted, frame.cost_left)) return Value::of_bool(true);
  }
  return Value::of_bool(false);
}

Value add(Frame& frame, Arguments arguments) {
  Value result;
  const auto whole = [](auto left, auto right, auto* sum) { return __builtin_add_overflow(left, right, sum); };
  if (calculate(frame, arguments, result, whole, [](double left, double right) { return left + right; })) return result;
  if (both(arguments, Kind::kString) || both(arguments, Kind::kBytes)) {
    return joined_texts(frame, arguments[0], arguments[1]);
  }
  if (both(arguments, Kind::kList)) return joined_lists(frame, arguments[0], arguments[1]);
  if (arguments.size() == 2 && add_times(frame, arguments[0], arguments[1], result)) return result;
  return no_overload(frame, "_+_", arguments);
}

Value subtract(Frame& frame, Arguments arguments) {
  Value result;
  const auto whole = [](auto left, auto right, auto* rest) { return __builtin_sub_overflow(left, right, rest); };
  if (calculate(frame, arguments, result, whole, [](double left, double right) { return left - right; })) return result;
  if (arguments.size() == 2 && subtract_times(frame, arguments[0], arguments[1], result)) return result;
  return no_overload(frame, "_-_", arguments);
}

Value multiply(Frame& frame, Arguments arguments) {
  Value result;
  const auto whole = [](auto left, auto right, auto* product) { return __builtin_mul_overflow(left, right, product); };
  if (calculate(frame, arguments, result, whole, [](double left, double right) { return left * right; })) return result;
  return no_overload(frame, "_*_", arguments);
}

namespace {

bool is_zero_divisor(Arguments arguments) {
  return (both(arguments, Kind::kInt) || both(arguments, Kind::kUint)) && arguments[1].integer == 0;
}

/// The one quotient that overflows: the least int by -1.
bool is_least_by_minus_one(auto left, auto right) {
  return std::numeric_limits<decltype(left)>::is_signed && left == std::numeric_limits<decltype(left)>::min() &&
         right == static_cast<decltype(right)>(-1);
}

}  // namespace

Value divide(Frame& frame, Arguments arguments) {
  if (is_zero_divisor(arguments)) return fail(frame, ErrorKind::kDivideByZero, "division by zero");
  Value result;
  const auto whole = [](auto left, auto right, auto* quotient) {
    if (is_least_by_minus_one(left, right)) return true;
    *quotient = left / right;
    return false;
  };
  if (calculate(frame, arguments, result, whole, [](double left, double right) { return left / right; })) return result;
  return no_overload(frame, "_/_", arguments);
}

Value modulo(Frame& frame, Arguments arguments) {
  if (is_zero_divisor(arguments)) return fail(frame, ErrorKind::kDivideByZero, "modulus by zero");
  if (both(arguments, Kind::kDouble)) return no_overload(frame, "_%_", arguments);
  Value result;
  const auto whole = [](auto left, auto right, auto* rest) {
    *rest = is_least_by_minus_one(left, right) ? 0 : left % right;
    return false;
  };
  if (calculate(frame, arguments, result, whole, [](double left, double) { return left; })) return result;
  return no_overload(frame, "_%_", arguments);
}

Value index_into(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2) return no_overload(frame, "_[_]", arguments);
  if (arguments[0].is(Kind::kList)) return list_element(frame, *arguments[0].list, arguments[1]);
  if (!arguments[0].is(Kind::kMap)) return no_overload(frame, "_[_]", arguments);
  if (!charge_look_up(frame, arguments[1])) return cost_exceeded();
  if (const Value* found = find_key(*arguments[0].map, arguments[1])) return *found;
  return fail_with(frame, ErrorKind::kNoSuchKey, "no such key: " + to_display(arguments[1], 80));
}

}  // namespace reeve::policy::cel
