#pragma once

// What a git commit is about to bring in.

#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace reeve::app {

struct StagedFile {
  std::string path;                                        // from the repository's root
  std::string text;                                        // as staged
  std::vector<std::pair<std::size_t, std::size_t>> added;  // runs of added lines: the first, how many

  bool adds_line(std::size_t line) const;
};

/// The text files that are added or changed in the index of the repository around the working directory. kNotFound
/// outside of one.
Result<std::vector<StagedFile>> staged_changes();

}  // namespace reeve::app
