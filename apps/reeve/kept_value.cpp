#include "reeve/kept_value.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace reeve::app {

namespace {

Error failure(const std::filesystem::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

/// Nothing when there is no such file.
Result<std::optional<std::string>> read_value(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto type = std::filesystem::symlink_status(path, ignored).type();
  if (type == std::filesystem::file_type::not_found) return std::optional<std::string>();
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{ErrorCode::kUnavailable, path.string() + " must be a regular file that can be read"};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure(path, "read", errno);
  std::string value((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (value.empty()) {
    return Error{ErrorCode::kCorrupt, path.string() + " is empty; restore it from a backup, or remove it"};
  }
  return std::optional(std::move(value));
}

Result<void> write_durably(const std::filesystem::path& path, const std::string& value) {
  ::unlink(path.c_str());  // what an interrupted start with the same process id left
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failure(path, "made", errno);
  const bool written =
      ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size()) && ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  if (written) return {};
  ::unlink(path.c_str());
  return failure(path, "written", code);
}

}  // namespace

Result<std::string> kept_value(const std::filesystem::path& path, const std::function<std::string()>& make) {
  auto kept = read_value(path);
  if (!kept) return kept.error();
  if (*kept) return **std::move(kept);
  const std::filesystem::path draft = path.string() + "." + std::to_string(::getpid()) + ".new";
  if (auto written = write_durably(draft, make()); !written) return written.error();
  // A link, unlike a rename, does not replace what another process put there meanwhile.
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0;
  const int code = errno;
  ::unlink(draft.c_str());
  if (!linked && code != EEXIST) return failure(path, "made", code);
  kept = read_value(path);
  if (!kept) return kept.error();
  if (!*kept) return failure(path, "read", ENOENT);
  return **std::move(kept);
}

}  // namespace reeve::app
