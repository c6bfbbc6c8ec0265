#pragma once

// How reports say things: numbers, tables and CSV cells. Private to the spend room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/time.h"
#include "core/token_usage.h"

namespace reeve::spend {

/// A report must not stop at a sum that no real bill reaches; it shows the largest number instead.
std::int64_t saturated_sum(std::int64_t left, std::int64_t right);

std::string with_separators(std::int64_t number);                                        // "12,431"
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);  // "1 call", "12,431 calls"
std::string signed_money(std::int64_t nanos);                                            // "+$1.20", "-$0.05"
std::string signed_percent(double part, double whole);                                   // "+98 %"; "new" of nothing
std::string share_of(Money part, Money whole);                                           // "12.5%"; "-" of nothing
std::string decimals(double number, int digits);

using Cells = std::vector<std::string>;
/// Columns separated by two spaces; the first `text_columns` to the left, numbers to the right. Counts characters.
std::string align(const std::vector<Cells>& lines, std::size_t text_columns);
/// For a cell of a table: never empty, safe on a terminal, not too long.
std::string shown(std::string_view name);

std::int64_t day_number(Instant when);   // since 1970, UTC
std::string day_name(std::int64_t day);  // "2026-11-22"
Instant day_begin(std::int64_t day);
inline std::int64_t tokens_of(const TokenUsage& usage) { return usage.input_total() + usage.output; }
void add_usage(TokenUsage& sum, const TokenUsage& usage);

}  // namespace reeve::spend
