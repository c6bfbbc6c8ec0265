#pragma once

// The file-system calls of the ledger behind one small interface, so that tests can make each of them fail, write
// short, tear a write or cut the power. Calls mean what the POSIX calls of the same name mean, with errno for the
// reason; only interrupted calls and short transfers are looked after, in the functions below the class.

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace reeve::ledger {

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual int open(const std::string& path, int flags, mode_t mode);
  virtual int close(int file);
  virtual ssize_t pread(int file, char* into, std::size_t size, std::uint64_t offset);
  virtual ssize_t pwrite(int file, const char* from, std::size_t size, std::uint64_t offset);
  virtual int fdatasync(int file);
  virtual int fsync(int file);
  /// Writes out what the page cache holds of it and waits for that. Promises nothing: a sync does.
  virtual void write_back(int file);
  virtual int fallocate(int file, std::uint64_t size);
  /// Past the page cache (O_DIRECT) or through it again. -1 where that is not possible.
  virtual int set_direct(int file, bool direct);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int unlink(const std::string& path);
  virtual int mkdir(const std::string& path, mode_t mode);
  virtual int rmdir(const std::string& path);
  virtual int stat(const std::string& path, struct stat* into);
  virtual int flock(int file, int operation);
  /// Names in a directory, unsorted, without "." and "..". -1 on failure.
  virtual int list(const std::string& path, std::vector<std::string>* into);
};

/// The machine's file system.
FileSystem& real_file_system();

/// An open file, closed at the end of its life.
class File {
 public:
  File() = default;
  File(FileSystem& system, int descriptor) : system_(&system), descriptor_(descriptor) {}
  File(File&& other) noexcept : system_(other.system_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(system_, other.system_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File() {
    if (descriptor_ >= 0) system_->close(descriptor_);
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  FileSystem* system_ = nullptr;
  int descriptor_ = -1;
};

/// What a failed call means for a person: "cannot write PATH: No space left on device; free space (or inodes) there".
/// Out of space, input/output errors and a read-only disk are kUnavailable, a missing file kNotFound, missing rights
/// kDenied.
Error file_error(std::string_view what, const std::string& path, int error_number);

Result<File> open_file(FileSystem& system, const std::string& path, int flags, mode_t mode = 0644);
/// The whole of `size` bytes or an error.
Result<void> write_fully(FileSystem& system, const File& file, const std::string& path, std::string_view bytes,
                         std::uint64_t offset);
/// Up to `size` bytes: fewer only at the end of the file.
Result<std::size_t> read_fully(FileSystem& system, const File& file, const std::string& path, char* into,
                               std::size_t size, std::uint64_t offset);
Result<void> sync_data(FileSystem& system, const File& file, const std::string& path);
/// Makes names created, renamed or removed in a directory durable.
Result<void> sync_directory(FileSystem& system, const std::string& path);
/// Makes a directory if it is not there; its parent must be.
Result<void> make_directory(FileSystem& system, const std::string& path, mode_t mode = 0755);
/// The content of a small file (at most 16 MiB). kNotFound when there is none.
Result<std::string> read_file(FileSystem& system, const std::string& path);
enum class Writing {
  kCached,   // on the disk when the kernel likes
  kPaced,    // written out before the next one is made, so that the disk gets it evenly; promises no more than kCached
  kDurable,  // survives a power cut from now on
};
/// Replaces or makes a file so that a reader, and a crash, sees the old or the new content, never a mixture.
Result<void> replace_file(FileSystem& system, const std::string& path, std::string_view content, Writing writing,
                          mode_t mode = 0644);
/// The same where a power cut may bring the old content back, but must leave one of them whole.
Result<void> replace_file_whole(FileSystem& system, const std::string& path, std::string_view content,
                                mode_t mode = 0644);

}  // namespace reeve::ledger
