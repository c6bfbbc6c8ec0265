#include "reeve/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace reeve::app {

namespace {

std::string coloured(std::string_view code, std::string_view text) {
  if (!colours_wanted()) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool colours_wanted() {
  static const bool wanted = output_is_terminal() && std::getenv("NO_COLOR") == nullptr;
  return wanted;
}

std::string bold(std::string_view text) { return coloured("1", text); }
std::string dim(std::string_view text) { return coloured("2", text); }
std::string green(std::string_view text) { return coloured("32", text); }
std::string red(std::string_view text) { return coloured("31", text); }
std::string yellow(std::string_view text) { return coloured("33", text); }

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      line += rows[r][i];
      if (i + 1 < rows[r].size()) line.append(widths[i] - characters(rows[r][i]) + 2, ' ');
    }
    text += (r == 0 ? bold(line) : line) + "\n";
  }
  return text;
}

}  // namespace reeve::app
