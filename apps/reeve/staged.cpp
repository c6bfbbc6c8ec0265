#include "reeve/staged.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "core/bytes.h"

namespace reeve::app {

namespace {

/// What git prints. It is started without a shell: paths are nobody's to interpret.
Result<std::string> git(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe(ends) != 0) return Error{ErrorCode::kUnavailable, "cannot make a pipe"};
  const pid_t child = ::fork();
  if (child < 0) return Error{ErrorCode::kUnavailable, "cannot start git"};
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    std::vector<char*> words;
    std::string name = "git";
    words.push_back(name.data());
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    ::execvp("git", words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 65536> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
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
