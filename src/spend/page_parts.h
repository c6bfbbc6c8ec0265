#pragma once

// Parts of the HTML report. Private to the spend room. Every text is escaped here; colours are CSS variables, so that
// light, dark and print share one page.

#include <string>
#include <string_view>
#include <vector>

#include "spend/insight.h"

namespace reeve::spend {

std::string html_text(std::string_view text);
extern const std::string_view kPageStyle;
/// A page up to its heading and period; it ends with "</body></html>".
std::string page_head(std::string_view title, std::string_view period);
/// A figure and what it is of.
std::string page_card(std::string_view value, std::string_view name);
/// The first row is the heading; the first `text_columns` stand to the left.
std::string html_table(const std::vector<std::vector<std::string>>& rows, std::size_t text_columns);

/// A bar for each day, in parts by model: the dearest ones and the rest.
std::string days_chart(const std::vector<SpendGroup>& days_by_model);
/// A line for each group with its cost as a bar: the first `most`, the others in one.
std::string groups_chart(const std::vector<SpendGroup>& groups, std::size_t most);
/// From one month to the next, effect by effect.
std::string effects_chart(const MonthComparison::Comparison& comparison);
/// What was spent, what is expected, and the two intervals.
std::string forecast_chart(const Forecast& forecast);

}  // namespace reeve::spend
