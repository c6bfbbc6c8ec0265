#include "ledger/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace reeve::ledger {

namespace {
constexpr std::size_t kSmallFileBytesMax = 16UL << 20U;
}

int FileSystem::open(const std::string& path, int flags, mode_t mode) { return ::open(path.c_str(), flags, mode); }
int FileSystem::close(int file) { return ::close(file); }
ssize_t FileSystem::pread(int file, char* into, std::size_t size, std::uint64_t offset) {
  return ::pread(file, into, size, static_cast<off_t>(offset));
}
ssize_t FileSystem::pwrite(int file, const char* from, std::size_t size, std::uint64_t offset) {
  return ::pwrite(file, from, size, static_cast<off_t>(offset));
}
int FileSystem::fdatasync(int file) { return ::fdatasync(file); }
int FileSystem::fsync(int file) { return ::fsync(file); }
void FileSystem::write_back(int file) {
  ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}
int FileSystem::fallocate(int file, std::uint64_t size) { return ::fallocate(file, 0, 0, static_cast<off_t>(size)); }
int FileSystem::set_direct(int file, bool direct) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags < 0 ? -1 : ::fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}
int FileSystem::rename(const std::string& from, const std::string& to) { return ::rename(from.c_str(), to.c_str()); }
int FileSystem::unlink(const std::string& path) { return ::unlink(path.c_str()); }
int FileSystem::mkdir(const std::string& path, mode_t mode) { return ::mkdir(path.c_str(), mode); }
int FileSystem::rmdir(const std::string& path) { return ::rmdir(path.c_str()); }
int FileSystem::stat(const std::string& path, struct stat* into) { return ::stat(path.c_str(), into); }
int FileSystem::flock(int file, int operation) { return ::flock(file, operation); }

int FileSystem::list(const std::string& path, std::vector<std::string>* into) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return -1;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") into->emplace_back(name);
  }
  ::closedir(directory);
  return 0;
}

FileSystem& real_file_system() {
  static FileSystem system;
  return system;
}

Error file_error(std::string_view what, const std::string& path, int error_number) {
  std::string message = std::string("cannot ") + std::string(what) + " " + path + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::kUnavailable, message + "; free space (or inodes) there, writing resumes by itself"};
    case EROFS: return {ErrorCode::kUnavailable, message + "; make it writable again, writing resumes by itself"};
    case EIO: return {ErrorCode::kUnavailable, message + "; check the disk (dmesg), writing resumes by itself"};
    case ENOENT: return {ErrorCode::kNotFound, message};
    case EACCES:
    case EPERM: return {ErrorCode::kDenied, message + "; the user that runs reeve must own it"};
    default: return {ErrorCode::kUnavailable, message};
  }
}

Result<File> open_file(FileSystem& system, const std::string& path, int flags, mode_t mode) {
  int descriptor = -1;
  do {
    descriptor = system.open(path, flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return file_error("open", path, errno);
  return File(system, descriptor);
}

Result<void> write_fully(FileSystem& system, const File& file, const std::string& path, std::string_view bytes,
                         std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = system.pwrite(file.descriptor(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return file_error("write", path, written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<std::size_t> read_fully(FileSystem& system, const File& file, const std::string& path, char* into,
                               std::size_t size, std::uint64_t offset) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = system.pread(file.descriptor(), into + have, size - have, offset + have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

Result<void> sync_data(FileSystem& system, const File& file, const std::string& path) {
  if (system.fdatasync(file.descriptor()) != 0) return file_error("write", path, errno);
  return {};
}

Result<void> sync_directory(FileSystem& system, const std::string& path) {
  auto directory = open_file(system, path, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::move(directory).error();
  if (system.fsync(directory->descriptor()) != 0) return file_error("write", path, errno);
  return {};
}

Result<void> make_directory(FileSystem& system, const std::string& path, mode_t mode) {
  if (system.mkdir(path, mode) != 0 && errno != EEXIST) return file_error("make", path, errno);
  return {};
}

Result<std::string> read_file(FileSystem& system, const std::string& path) {
  auto file = open_file(system, path, O_RDONLY);
  if (!file) return std::move(file).error();
  std::string content;
  std::size_t want = 4096;
  while (true) {
    content.resize(want);
    auto have = read_fully(system, *file, path, content.data(), want, 0);
    if (!have) return std::move(have).error();
    if (*have < want) {
      content.resize(*have);
      return content;
    }
    if (want >= kSmallFileBytesMax) return Error{ErrorCode::kTooLarge, path + " is larger than it can be"};
    want *= 4;
  }
}

namespace {
Result<void> exchange_file(FileSystem& system, const std::string& path, std::string_view content, Writing writing,
                           mode_t mode) {
  const std::string draft = path + ".new";
  {
    auto file = open_file(system, draft, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!file) return std::move(file).error();
    if (auto written = write_fully(system, *file, draft, content, 0); !written) return written;
    if (writing == Writing::kPaced) system.write_back(file->descriptor());
    if (writing == Writing::kDurable && system.fsync(file->descriptor()) != 0) return file_error("write", draft, errno);
  }
  if (system.rename(draft, path) != 0) return file_error("rename", draft, errno);
  return {};
}
}  // namespace

Result<void> replace_file(FileSystem& system, const std::string& path, std::string_view content, Writing writing,
                          mode_t mode) {
  auto exchanged = exchange_file(system, path, content, writing, mode);
  if (!exchanged || writing != Writing::kDurable) return exchanged;
  return sync_directory(system, path.substr(0, path.find_last_of('/')));
}

Result<void> replace_file_whole(FileSystem& system, const std::string& path, std::string_view content, mode_t mode) {
  return exchange_file(system, path, content, Writing::kDurable, mode);
}

}  // namespace reeve::ledger
