#include "core/csv.h"

#include <algorithm>
#include <array>

namespace reeve {

namespace {

/// The last four are = + - @ in full width, which some spreadsheets read as the plain ones.
constexpr std::array<std::string_view, 11> kFormulas{"=",  "+",      "-",      "@",      "\t",    "\r",
                                                     "\n", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

}  // namespace

std::string csv_cell(std::string_view value) {
  std::string text(value);
  const bool is_formula =
      std::any_of(kFormulas.begin(), kFormulas.end(), [&](std::string_view sign) { return value.starts_with(sign); });
  if (is_formula) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(std::span<const std::string> cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(cells[i]);
  return line + "\r\n";
}

}  // namespace reeve
