#include "core/money.h"

#include "core/bytes.h"

namespace reeve {

namespace {
constexpr std::int64_t kNanosPerDollar = 1'000'000'000;

std::string with_thousands(std::uint64_t dollars) {
  std::string digits = std::to_string(dollars);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::uint64_t magnitude(std::int64_t nanos) {
  return nanos < 0 ? 0 - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos);
}

std::string nine_digits(std::uint64_t fraction) {
  std::string digits = std::to_string(fraction);
  return std::string(9 - digits.size(), '0') + digits;
}
/// The digits of "1,234,567". Commas stand before every third digit or nowhere: "1,50" is a European one and a half,
/// and must not become a hundred and fifty.
std::optional<std::string> without_thousands(std::string_view text) {
  if (text.find(',') == std::string_view::npos) return std::string(text);
  std::string digits;
  const std::vector<std::string_view> groups = split(text, ',');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == 0 ? groups[i].empty() || groups[i].size() > 3 : groups[i].size() != 3) return std::nullopt;
    digits += groups[i];
  }
  return digits;
}
}  // namespace

std::string format_money(Money amount) {
  std::uint64_t nanos = magnitude(amount.nanos);
  // Enough decimals for two significant digits, never fewer than cents.
  std::size_t decimals = 2;
  for (std::uint64_t step = 100'000'000; nanos != 0 && nanos < step && decimals < 9; step /= 10) ++decimals;
  std::uint64_t unit = 1;
  for (std::size_t i = decimals; i < 9; ++i) unit *= 10;
  nanos = (nanos + unit / 2) / unit * unit;
  return std::string(amount.nanos < 0 ? "-" : "") + "$" + with_thousands(nanos / kNanosPerDollar) + "." +
         nine_digits(nanos % kNanosPerDollar).substr(0, decimals);
}

std::string format_money_exact(Money amount) {
  const std::uint64_t nanos = magnitude(amount.nanos);
  return std::string(amount.nanos < 0 ? "-" : "") + std::to_string(nanos / kNanosPerDollar) + "." +
         nine_digits(nanos % kNanosPerDollar);
}

Result<Money> parse_money(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid,
                    "'" + printable(text, 40) + "' is not an amount of money; write it as $2000 or 0.25"};
  std::string_view rest = text;
  if (rest.starts_with('$')) rest.remove_prefix(1);
  const std::size_t point = rest.find('.');
  const auto whole_digits = without_thousands(rest.substr(0, point));
  if (!whole_digits) return wrong;
  const std::string& whole = *whole_digits;
  std::string fraction(point == std::string_view::npos ? "" : rest.substr(point + 1));
  if (whole.empty() || whole.front() == '-' || fraction.size() > 9 ||
      (point != std::string_view::npos && fraction.empty()))
    return wrong;
  fraction.resize(9, '0');
  const auto dollars = parse_int(whole);
  const auto nanos = parse_int(fraction);
  if (!dollars || !nanos || *nanos < 0 || *dollars > 9'000'000'000) return wrong;
  return Money{*dollars * kNanosPerDollar + *nanos};
}

}  // namespace reeve
