#pragma once

// The repository as the house checks see it: every text file that people write, read once. Checks are functions from a
// SourceTree to findings, so each can be shown a small wrong tree and must find fault with it.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::house {

struct SourceFile {
  std::string path;  // from the repository's root, with '/'
  std::string text;
  std::string code;  // C++ only: text with comments and literals blanked, see code_only()

  bool is_cpp() const { return !code.empty() || path.ends_with(".cpp") || path.ends_with(".h"); }
  bool is_header() const { return path.ends_with(".h"); }
  bool is_test() const { return path.starts_with("tests/") || path.find("_test.") != std::string::npos; }
  /// Shell, CMake and JavaScript: held to length limits like C++.
  bool is_script() const;
};

/// "src/net/http/parser.cpp" -> "net"; empty for files outside src.
std::string_view room_of(std::string_view path);

struct SourceTree {
  std::vector<SourceFile> files;  // ordered by path

  void add(std::string path, std::string text);
  const SourceFile* find(std::string_view path) const;
  /// The names of the folders directly below src.
  std::vector<std::string> rooms() const;
};

/// Reads every text file below `root` that is not built, fetched or recorded: build/, data/, node_modules/, .git/ and
/// fuzz/corpus/ are left out.
SourceTree read_source_tree(const std::filesystem::path& root);

/// Something wrong, in a form that an editor can jump to.
struct Finding {
  std::string path;
  std::size_t line = 0;  // from 1; 0 for the whole file
  std::string message;   // what is wrong and what to do
};

/// A line for each finding, "path:line: message"; empty when there are none.
std::string to_text(const std::vector<Finding>& findings);

/// The number, from 1, of the line that holds this offset.
std::size_t line_at(std::string_view text, std::size_t offset);

/// The text's lines without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace reeve::house
