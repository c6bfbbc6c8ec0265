#include "reeve/staged.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/bytes.h"
#include "reeve/git.h"

namespace reeve::app {

namespace {

Result<std::string> git(const std::vector<std::string>& arguments) {
  auto output = git_output(arguments);
  if (output || output.error().code != ErrorCode::kNotFound) return output;
  return Error{ErrorCode::kNotFound, "git cannot tell what is staged; is this a git repository?"};
}

std::size_t number_at(std::string_view text, std::size_t& at) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  at = static_cast<std::size_t>(end - text.data());
  return error == std::errc{} ? number : 0;
}

/// From "@@ -12,3 +14,2 @@": lines 14 and 15.
void add_run(std::string_view heading, StagedFile& file) {
  std::size_t at = heading.find('+');
  if (at == std::string_view::npos) return;
  const std::size_t first = number_at(heading, ++at);
  std::size_t count = 1;
  if (at < heading.size() && heading[at] == ',') count = number_at(heading, ++at);
  if (count > 0) file.added.emplace_back(first, count);
}

}  // namespace

bool StagedFile::adds_line(std::size_t line) const {
  return std::any_of(added.begin(), added.end(),
                     [line](const auto& run) { return line >= run.first && line < run.first + run.second; });
}

Result<std::vector<StagedFile>> staged_changes() {
  const auto names = git({"diff", "--cached", "--name-only", "--diff-filter=ACMR", "-z"});
  if (!names) return names.error();
  std::vector<StagedFile> files;
  for (const std::string_view name : split(*names, '\0')) {
    if (name.empty()) continue;
    StagedFile file;
    file.path = name;
    auto text = git({"show", ":" + file.path});
    if (!text) return text.error();
    if (text->substr(0, 8000).find('\0') != std::string::npos) continue;  // as git tells binary files
    file.text = *std::move(text);
    const auto changes =
        git({"diff", "--cached", "--unified=0", "--no-color", "--no-ext-diff", "--", ":/" + file.path});
    if (!changes) return changes.error();
    for (const std::string_view line : split(*changes, '\n')) {
      if (line.starts_with("@@ ")) add_run(line, file);
    }
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace reeve::app
