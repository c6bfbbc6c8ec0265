#pragma once

// Programs that Reeve starts and listens to: git, a command that gives a key.

#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::app {

struct ChildOutput {
  int exit_status = 0;  // 127 when there is no such program
  std::string text;     // of its standard output
};
/// Starts the program without a shell, words as they are, found by PATH; its standard error is ours. kUnavailable when
/// it cannot be started, says more than `bytes_max`, or is not done after `wait`: then it is killed. Blocks.
Result<ChildOutput> run_program(const std::vector<std::string>& words, std::size_t bytes_max, Duration wait);

}  // namespace reeve::app
