#pragma once

// Money is an integer count of nano-dollars (1 USD = 1,000,000,000): exact sums, no rounding drift. The range is +-9.2
// billion dollars, far past any budget; arithmetic that would leave it stops the process rather than wrap.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "core/result.h"

namespace reeve {

struct Money {
  std::int64_t nanos = 0;  // nano-dollars
  auto operator<=>(const Money&) const = default;
};

inline Money operator+(Money left, Money right) {
  Money sum;
  CHECK(!__builtin_add_overflow(left.nanos, right.nanos, &sum.nanos));
  return sum;
}
inline Money operator-(Money left, Money right) {
  Money difference;
  CHECK(!__builtin_sub_overflow(left.nanos, right.nanos, &difference.nanos));
  return difference;
}
inline Money& operator+=(Money& left, Money right) { return left = left + right; }
inline Money& operator-=(Money& left, Money right) { return left = left - right; }

/// "$1,234.56", or with as many decimals as a small amount needs to show two significant digits: "$0.0042". For people.
std::string format_money(Money amount);
/// All nine decimals without a sign of currency: "0.004200000". For CSV and machines.
std::string format_money_exact(Money amount);
/// "$2000", "2000", "0.25", "$1,234.50"; at most nine decimals, not negative.
Result<Money> parse_money(std::string_view text);

}  // namespace reeve
