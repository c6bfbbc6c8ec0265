#include "spend/report_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/bytes.h"

namespace reeve::spend {

namespace {
constexpr std::int64_t kDayNanoseconds = 86'400LL * 1'000'000'000;

/// Columns that a terminal needs for `text`, taking one for each character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}
}  // namespace

std::int64_t saturated_sum(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return right > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

std::string with_separators(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return with_separators(static_cast<std::int64_t>(number)) + " " + std::string(number == 1 ? one : many);
}

std::string signed_money(std::int64_t nanos) {
  if (nanos < 0) return "-" + format_money(Money{-std::max(nanos, -std::numeric_limits<std::int64_t>::max())});
  return (nanos > 0 ? "+" : "") + format_money(Money{nanos});
}

std::string decimals(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string signed_percent(double part, double whole) {
  if (whole == 0) return part == 0 ? "0 %" : "new";
  const double percent = 100.0 * part / std::fabs(whole);
  return (percent > 0 ? "+" : "") + decimals(percent, std::fabs(percent) < 10 ? 1 : 0) + " %";
}

std::string share_of(Money part, Money whole) {
  if (whole.nanos <= 0) return "-";
  return decimals(100.0 * static_cast<double>(part.nanos) / static_cast<double>(whole.nanos), 1) + "%";
}

std::string align(const std::vector<Cells>& lines, std::size_t text_columns) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const Cells& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - width_of(line[i]), ' ');
      row += (i == 0 ? "" : "  ") + (i < text_columns ? line[i] + padding : padding + line[i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string shown(std::string_view name) { return name.empty() ? "-" : printable(name, 60); }

std::int64_t day_number(Instant when) {
  const std::int64_t day = when.nanoseconds / kDayNanoseconds;
  return when.nanoseconds % kDayNanoseconds < 0 ? day - 1 : day;
}

std::string day_name(std::int64_t day) { return format_time(day_begin(day)).substr(0, 10); }
Instant day_begin(std::int64_t day) { return {day * kDayNanoseconds}; }

void add_usage(TokenUsage& sum, const TokenUsage& usage) {
  constexpr std::int64_t TokenUsage::* kCounts[] = {
      &TokenUsage::input,          &TokenUsage::cache_read,   &TokenUsage::cache_write_5m,
      &TokenUsage::cache_write_1h, &TokenUsage::output,       &TokenUsage::reasoning,
      &TokenUsage::input_audio,    &TokenUsage::output_audio, &TokenUsage::web_searches};
  for (const auto count : kCounts) sum.*count = saturated_sum(sum.*count, usage.*count);
}

}  // namespace reeve::spend
