#pragma once

// Cells of CSV (RFC 4180), as everything that writes tables for spreadsheets has them.

#include <span>
#include <string>
#include <string_view>

namespace reeve {

/// Names come from outside. A cell that a spreadsheet would take for a formula gets an apostrophe in front
/// (OWASP, "CSV Injection": = + - @ tab and line ends, also in full width), and what could break the line is quoted.
std::string csv_cell(std::string_view value);

/// Cells with commas between, and CRLF.
std::string csv_line(std::span<const std::string> cells);

}  // namespace reeve
