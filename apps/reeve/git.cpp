#include "reeve/git.h"

#include "reeve/child_program.h"

namespace reeve::app {

namespace {
constexpr std::size_t kOutputBytesMax = 1UL << 30U;
constexpr Duration kPatience = std::chrono::minutes(10);
}  // namespace

Result<std::string> git_output(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"git"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto output = run_program(words, kOutputBytesMax, kPatience);
  if (!output) return std::move(output).error();
  if (output->exit_status == 0) return std::move(output->text);
  return Error{ErrorCode::kNotFound, "git does not tell"};
}

}  // namespace reeve::app
