#pragma once

// Which files of a folder are source that people wrote: not binaries, not what others wrote or machines made, not what
// .gitignore leaves out. Private to the room.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve::content {

struct CodeFile {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
};

/// Files that may be source, by name and size, in the order of their paths. Links are not followed. `path` may be a
/// file: then it is the only one.
Result<std::vector<CodeFile>> list_code_files(const std::filesystem::path& path);

/// The text of a file, or nothing: it cannot be read, is binary, generated or minified.
std::optional<std::string> read_code_file(const CodeFile& file);

/// Overwrites with spaces what licences say: paragraphs of well-known phrases, with the comment around them. They stand
/// in everybody's files, so that registering them would flag everybody's code.
void blank_licences(std::string& text);

/// One line of a .gitignore, as far as it matters here: comments, negation, folders, anchors, * ? and **.
class IgnoreRule {
 public:
  /// Nothing for an empty line or a comment.
  static std::optional<IgnoreRule> parse(std::string_view line);
  /// `path` is relative to the folder in which the rule's file lies, with / between its parts.
  bool matches(std::string_view path, bool is_folder) const;
  bool negated() const { return negated_; }

 private:
  std::string pattern_;
  bool negated_ = false, folders_only_ = false, anchored_ = false;
};

}  // namespace reeve::content
