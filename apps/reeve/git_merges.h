#pragma once

// Merged changes from the history of a git repository.

#include <string>
#include <vector>

#include "core/time.h"
#include "spend/spend.h"

namespace reeve::app {

struct GitMergeOptions {
  std::string path = ".";
  std::string repo;          // as calls name it; empty: from the address of `origin`, else the folder's name
  std::string branch;        // the main line; empty: what is checked out
  std::string pattern;       // of work items in messages; empty: PAY-142 and the like
  bool merges_only = false;  // commits with one parent are no changes
  Instant since;
};

/// The changes of the main line, oldest first. A merge commit is one change: its author is that of what was merged. A
/// commit with one parent is one, too: squashed or rebased. The id is the number of the pull or merge request where the
/// message names it, else the commit; the work item comes from a trailer such as `Work-Item: PAY-142`, else it is the
/// first in the message that looks like one, else in the messages of what was merged.
Result<std::vector<spend::MergedChange>> git_merges(const GitMergeOptions& options);

/// "git@git.example.com:pay/core.git" and "https://user:secret@git.example.com/pay/core" are both
/// "git.example.com/pay/core".
std::string repo_of_address(std::string_view address);

}  // namespace reeve::app
