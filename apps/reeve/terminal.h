#pragma once

// Output for people: colours only where there is a terminal that wants them, tables that line up.

#include <string>
#include <string_view>
#include <vector>

namespace reeve::app {

/// False when standard output goes to a file, a pipe or a journal.
bool output_is_terminal();
/// True when it is a terminal and NO_COLOR is not set.
bool colours_wanted();

std::string bold(std::string_view text);
std::string dim(std::string_view text);
std::string green(std::string_view text);
std::string red(std::string_view text);
std::string yellow(std::string_view text);

/// Columns separated by two spaces, as wide as their widest cell (counted in characters). The first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace reeve::app
