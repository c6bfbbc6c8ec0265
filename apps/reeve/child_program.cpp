#include "reeve/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace reeve::app {

namespace {

class Pipe {
 public:
  Pipe() { open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() const { return open_; }
  int end(std::size_t which) const { return ends_[which]; }
  void close_end(std::size_t which) {
    if (open_ && ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool open_ = false;
};

[[noreturn]] void become(const std::vector<std::string>& words, int output) {
  ::dup2(output, STDOUT_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

/// Reads to the end. An error when that is too much or takes too long.
Result<std::string> read_all(int from, std::size_t bytes_max, Duration wait) {
  const Moment until = system_clock().steady() + wait;
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - system_clock().steady()).count();
    pollfd waiting{from, POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && left > 0) continue;
    if (ready <= 0) return Error{ErrorCode::kUnavailable, "it was not done in time"};
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) return Error{ErrorCode::kUnavailable, "it says too much"};
  }
}

}  // namespace

Result<ChildOutput> run_program(const std::vector<std::string>& words, std::size_t bytes_max, Duration wait) {
  Pipe pipe;
  if (words.empty() || !pipe.open()) return Error{ErrorCode::kUnavailable, "cannot start a program"};
  const pid_t child = ::fork();
  if (child < 0) return Error{ErrorCode::kUnavailable, "cannot start " + words.front()};
  if (child == 0) become(words, pipe.end(1));
  pipe.close_end(1);
  auto text = read_all(pipe.end(0), bytes_max, wait);
  if (!text) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) return with_context(std::move(text).error(), words.front());
  return ChildOutput{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), *std::move(text)};
}

}  // namespace reeve::app
