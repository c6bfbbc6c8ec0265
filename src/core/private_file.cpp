#include "core/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "core/bytes.h"
#include "core/sealing.h"

namespace reeve {

namespace {

constexpr std::size_t kBytesMax = 1UL << 20U;

Error failure(const std::filesystem::path& path, const char* what, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure(directory, "opened", errno);
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int code = errno;
    ::close(descriptor);
    return failure(directory, "locked", code);
  }
  return DirectoryLock(descriptor);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> write_private_file(const std::filesystem::path& path, std::string_view content) {
  const std::string draft = path.string() + ".new";
  ::unlink(draft.c_str());  // what an interrupted writer left
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failure(draft, "made", errno);
  const bool written =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && ::fsync(file) == 0;
  int code = errno;
  ::close(file);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) {
    if (written) code = errno;
    ::unlink(draft.c_str());
    return failure(path, "written", code);
  }
  const int directory = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failure(directory_of(path), "opened", errno);
  const bool synced = ::fsync(directory) == 0;
  code = errno;
  ::close(directory);
  return synced ? Result<void>() : failure(path, "written to disk", code);
}

Result<std::optional<std::string>> read_private_file(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto type = std::filesystem::symlink_status(path, ignored).type();
  if (type == std::filesystem::file_type::not_found) return std::optional<std::string>();
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{ErrorCode::kUnavailable, path.string() + " must be a regular file that can be read"};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure(path, "read", errno);
  std::string content(kBytesMax + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return failure(path, "read", errno);
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > kBytesMax) return Error{ErrorCode::kTooLarge, path.string() + " is too large for a secret"};
  if (content.empty()) {
    return Error{ErrorCode::kCorrupt, path.string() + " is empty; restore it from a backup, or remove it"};
  }
  content.shrink_to_fit();
  return std::optional(std::move(content));
}

Result<bool> seal_private_file(const std::filesystem::path& path, std::string_view place) {
  const auto lock = DirectoryLock::take(directory_of(path));
  if (!lock) return lock.error();
  auto content = read_private_file(path);
  if (!content) return std::move(content).error();
  if (!*content) return false;
  if (is_sealed(**content)) {
    const auto current = sealing().is_current(**content);
    if (!current) return with_context(current.error(), path.string());
    if (*current) return false;
  }
  auto secret = sealing().from_file(**std::move(content), place);
  if (!secret) return with_context(std::move(secret).error(), path.string());
  auto sealed = sealing().seal(*secret, place);
  wipe(*secret);
  if (!sealed) return std::move(sealed).error();
  if (auto written = write_private_file(path, *sealed + "\n"); !written) return std::move(written).error();
  return true;
}

}  // namespace reeve
