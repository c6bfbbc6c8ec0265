#include <cmath>
#include <cstring>
#include <limits>

#include "policy/cel/value.h"

// Equality and order.

namespace reeve::policy::cel {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

int sign_of_order(auto left, auto right) { return left < right ? -1 : (left > right ? 1 : 0); }

bool is_number(Kind kind) { return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble; }

/// Whether a double is exactly this whole number.
bool same_number(double real, const Value& whole) {
  if (std::trunc(real) != real) return false;
  if (whole.is(Kind::kInt)) {
    return real >= -0x1p63 && real < 0x1p63 && static_cast<std::int64_t>(real) == whole.integer;
  }
  return real >= 0 && real < 0x1p64 && static_cast<std::uint64_t>(real) == whole.unsigned_integer;
}

bool equal_numbers(const Value& left, const Value& right) {
  if (left.is(Kind::kDouble)) return same_number(left.real, right);
  if (right.is(Kind::kDouble)) return same_number(right.real, left);
  // One is int and the other uint.
  const Value& negative_or_not = left.is(Kind::kInt) ? left : right;
  return negative_or_not.integer >= 0 && left.unsigned_integer == right.unsigned_integer;
}

/// Compares two values that may hold others. Four bytes of text count as one element.
class Comparison {
 public:
  explicit Comparison(std::uint64_t elements_left) : elements_left_(elements_left) {}
  std::uint64_t elements_left() const { return elements_left_; }

  bool equal(const Value& left, const Value& right, int depth) {
    if (left.kind != right.kind) {
      return is_number(left.kind) && is_number(right.kind) && equal_numbers(left, right);
    }
    switch (left.kind) {
      case Kind::kNull: return true;
      case Kind::kBool: return left.boolean == right.boolean;
      case Kind::kInt:
      case Kind::kUint: return left.integer == right.integer;
      case Kind::kDouble: return left.real == right.real;
      case Kind::kString:
      case Kind::kBytes:
      case Kind::kType: return left.extra == right.extra && take(left.extra / 4) && left.text() == right.text();
      case Kind::kTimestamp:
      case Kind::kDuration: return left.integer == right.integer && left.extra == right.extra;
      case Kind::kList: return depth > 0 && equal_lists(*left.list, *right.list, depth - 1);
      case Kind::kMap: return depth > 0 && equal_maps(*left.map, *right.map, depth - 1);
      case Kind::kError:
      case Kind::kUnknown: return false;
    }
    return false;
  }

 private:
  bool equal_lists(const List& left, const List& right, int depth) {
    if (left.size != right.size) return false;
    for (std::size_t i = 0; i < left.size; ++i) {
      if (!take(1) || !equal(left.items[i], right.items[i], depth)) return false;
    }
    return true;
  }
  bool equal_maps(const Map& left, const Map& right, int depth) {
    constexpr std::uint64_t kElementsOfLookUp = 32;
    if (left.size != right.size) return false;
    for (std::size_t i = 0; i < left.size; ++i) {
      const Value& key = left.entries[i].key;
      const bool of_bytes = key.is(Kind::kString) || key.is(Kind::kBytes);
      if (!take(kElementsOfLookUp + (of_bytes ? key.extra : 0))) return false;
      const Value* other = find_key(right, key);
      if (other == nullptr || !equal(left.entries[i].value, *other, depth)) return false;
    }
    return true;
  }
  bool take(std::uint64_t elements) {
    if (elements_left_ < elements) {
      elements_left_ = 0;
      return false;
    }
    elements_left_ -= elements;
    return true;
  }

  std::uint64_t elements_left_;
};

double as_double(const Value& number) {
  if (number.is(Kind::kInt)) return static_cast<double>(number.integer);
  if (number.is(Kind::kUint)) return static_cast<double>(number.unsigned_integer);
  return number.real;
}

int compare_numbers(const Value& left, const Value& right) {
  if (left.is(Kind::kDouble) || right.is(Kind::kDouble)) {
    const double first = as_double(left);
    const double second = as_double(right);
    return std::isnan(first) || std::isnan(second) ? kUnordered : sign_of_order(first, second);
  }
  if (left.is(Kind::kInt)) {
    return left.integer < 0 ? -1 : sign_of_order(static_cast<std::uint64_t>(left.integer), right.unsigned_integer);
  }
  return right.integer < 0 ? 1 : sign_of_order(left.unsigned_integer, static_cast<std::uint64_t>(right.integer));
}

}  // namespace

bool equal(const Value& left, const Value& right, std::uint64_t& cost_left) {
  constexpr std::uint64_t kElementsOfOne = 4;
  const std::uint64_t elements = cost_left <= kUnlimited / kElementsOfOne ? cost_left * kElementsOfOne : kUnlimited;
  Comparison comparison(elements);
  const bool same = comparison.equal(left, right, kValueDepthMax);
  cost_left -= (elements - comparison.elements_left()) / kElementsOfOne;
  return same;
}

bool equal(const Value& left, const Value& right) { return Comparison(kUnlimited).equal(left, right, kValueDepthMax); }

bool is_ordered(Kind left, Kind right) {
  if (is_number(left)) return is_number(right);
  if (left != right) return false;
  return left == Kind::kBool || left == Kind::kString || left == Kind::kBytes || left == Kind::kTimestamp ||
         left == Kind::kDuration;
}

int compare(const Value& left, const Value& right) {
  if (!is_ordered(left.kind, right.kind)) return kUnordered;
  if (left.kind != right.kind) return compare_numbers(left, right);
  switch (left.kind) {
    case Kind::kBool: return sign_of_order(left.boolean, right.boolean);
    case Kind::kInt: return sign_of_order(left.integer, right.integer);
    case Kind::kUint: return sign_of_order(left.unsigned_integer, right.unsigned_integer);
    case Kind::kDouble: return compare_numbers(left, right);
    case Kind::kString:
    case Kind::kBytes: return sign_of_order(left.text().compare(right.text()), 0);
    default: break;  // times
  }
  if (left.integer != right.integer) return sign_of_order(left.integer, right.integer);
  return sign_of_order(left.nanos(), right.nanos());
}

}  // namespace reeve::policy::cel
