#pragma once

// A counter that several processes share through a file of eight bytes: read from a mapping, without a system call;
// written through the file descriptor, so that a full disk is an error and not a signal. Reading sees a write as soon
// as the writer has returned (one page cache; the file must be on a local disk).
//
// The value says only that something changed, never what or in which order: a reader compares it with the one it saw
// last. It is not made durable, because after a restart nobody remembers an old one.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/result.h"
#include "core/time.h"

namespace reeve::store {

class GenerationFile {
 public:
  /// Opens or makes the file (mode 0600).
  static Result<GenerationFile> open(const std::filesystem::path& file);

  std::uint64_t value() const;  // thread-safe
  Result<void> bump();          // thread-safe, also against other processes

  /// Holds an exclusive lock on the file, against other processes and other openings in this one.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    friend class GenerationFile;
    explicit Lock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
  };
  /// Waits up to `patience`; then kUnavailable.
  Result<Lock> lock(Duration patience) const;

  GenerationFile(GenerationFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        mapping_(std::exchange(other.mapping_, nullptr)),
        path_(std::move(other.path_)) {}
  GenerationFile& operator=(GenerationFile&&) = delete;
  ~GenerationFile();

 private:
  GenerationFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  void* mapping_ = nullptr;
  std::filesystem::path path_;
};

}  // namespace reeve::store
