#pragma once

// Files that hold a secret: whole, durable, for their owner's eyes only, sealed where this process seals.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve {

/// Held by whoever replaces a file with a secret in a directory, in this process or another, until the object goes.
class DirectoryLock {
 public:
  /// Waits for others, who hold it for some writes.
  static Result<DirectoryLock> take(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Replaces the file as one step, with mode 0600, durable when it returns; or leaves what was there. One writer of a
/// file at a time: under the lock of its directory, or because there is no other. Goes by way of a file NAME.new beside
/// it.
Result<void> write_private_file(const std::filesystem::path& path, std::string_view content);

/// The file's content, at most 1 MiB. Nothing when there is no such file; an error when it is no regular file, is empty
/// or cannot be read.
Result<std::optional<std::string>> read_private_file(const std::filesystem::path& path);

/// Seals what the file holds with the key that seals now, where it is not. False when there was nothing to do. Waits
/// for others who write in that directory.
Result<bool> seal_private_file(const std::filesystem::path& path, std::string_view place);

}  // namespace reeve
