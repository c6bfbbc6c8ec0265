#include "store/generation_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

namespace reeve::store {

namespace {

constexpr Duration kPollLock = std::chrono::milliseconds(2);
constexpr Duration kBumpPatience = std::chrono::seconds(2);
constexpr Duration kOpenPatience = std::chrono::seconds(10);
constexpr std::size_t kFileBytes = sizeof(std::uint64_t);

Error file_error(const std::filesystem::path& path, const char* what) {
  const int code = errno;
  return {ErrorCode::kUnavailable, path.string() + " cannot be " + what + ": " + std::generic_category().message(code)};
}

}  // namespace

Result<GenerationFile> GenerationFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return file_error(path, "opened for writing");
  GenerationFile file(descriptor, path);
  // Under the lock, or a second process that makes the file at the same time could put zero over a first bump.
  const auto held = file.lock(kOpenPatience);
  if (!held) return held.error();
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return file_error(path, "examined");
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalid, path.string() + " must be a regular file"};
  // The mapping may only be read where the file has bytes.
  if (status.st_size < static_cast<off_t>(kFileBytes)) {
    const std::uint64_t zero = 0;
    if (::pwrite(descriptor, &zero, kFileBytes, 0) != static_cast<ssize_t>(kFileBytes)) {
      return file_error(path, "written");
    }
  }
  void* mapping = ::mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapping == MAP_FAILED) return file_error(path, "mapped");
  file.mapping_ = mapping;
  return file;
}

GenerationFile::~GenerationFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, kFileBytes);
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t GenerationFile::value() const {
  return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(mapping_)).load(std::memory_order_acquire);
}

Result<void> GenerationFile::bump() {
  const auto held = lock(kBumpPatience);
  if (!held) return held.error();
  const std::uint64_t next = value() + 1;
  if (::pwrite(descriptor_, &next, kFileBytes, 0) != static_cast<ssize_t>(kFileBytes)) {
    return file_error(path_, "written");
  }
  return {};
}

Result<GenerationFile::Lock> GenerationFile::lock(Duration patience) const {
  // A lock belongs to an open file, so a descriptor of its own makes threads exclude each other as well.
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return file_error(path_, "opened for locking");
  Lock held(descriptor);
  const Moment until = system_clock().steady() + patience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return file_error(path_, "locked");
    if (system_clock().steady() >= until) {
      return Error{ErrorCode::kUnavailable,
                   path_.string() + " is held by another process that does not let go; see which one is stuck"};
    }
    std::this_thread::sleep_for(kPollLock);
  }
  return held;
}

GenerationFile::Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace reeve::store
