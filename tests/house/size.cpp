#include <algorithm>

#include "checks.h"
#include "cpp_text.h"

namespace reeve::house {

namespace {

/// Characters, not bytes: UTF-8 continuation bytes do not count.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Findings check_file_length(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.is_cpp() && !file.is_script()) continue;
    const std::size_t lines = lines_of(file.text).size();
    if (lines < kFileLinesMax) continue;
    findings.push_back({file.path, lines,
                        "has " + std::to_string(lines) + " lines; files stay under " + std::to_string(kFileLinesMax) +
                            ". Split it by topic."});
  }
  return findings;
}

Findings check_function_length(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    for (const FunctionExtent& function : find_functions(file.code)) {
      if (function.lines() <= kFunctionLinesMax) continue;
      findings.push_back({file.path, function.first_line,
                          "'" + function.head.substr(0, 60) + "' has " + std::to_string(function.lines()) +
                              " lines; a function fits a screen of " + std::to_string(kFunctionLinesMax) +
                              ". Give its steps names."});
    }
  }
  return findings;
}

Findings check_line_length(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.is_cpp() && !file.is_script()) continue;
    const std::vector<std::string_view> lines = lines_of(file.text);
    const std::vector<std::string_view> code = lines_of(file.code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (columns(lines[i]) <= kLineColumnsMax) continue;
      if (i < code.size() && code[i].find(kRawText) != std::string_view::npos) continue;  // cannot be broken
      findings.push_back({file.path, i + 1,
                          "is " + std::to_string(columns(lines[i])) + " columns wide; the limit is " +
                              std::to_string(kLineColumnsMax) + "."});
    }
  }
  return findings;
}

}  // namespace reeve::house
