#pragma once

// Where a rule's text comes from: its lines in the governance directory, and who changed that file, by git.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::app {

/// The YAML document that begins before or at `line` (from 1) of a file, without its separators; at most 64 KiB.
/// Nothing where it cannot be read.
std::optional<std::string> document_at(const std::filesystem::path& file, std::size_t line);

struct FileChange {
  std::string commit, at, author, subject;  // `at` as ISO 8601
  std::string approved_by;                  // of the trailers Approved-by and Reviewed-by, comma-separated
};
/// The last changes of a file, the newest first, at most `limit`. An error says why nothing is known: the file is in no
/// repository, or git is not there. Blocks for some seconds at most.
Result<std::vector<FileChange>> changes_of(const std::filesystem::path& file, std::size_t limit);

}  // namespace reeve::app
