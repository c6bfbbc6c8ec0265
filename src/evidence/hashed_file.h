#pragma once

// A file that is written from its beginning to its end, and what a manifest says of it.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/crypto.h"
#include "core/result.h"

namespace reeve::evidence {

struct FileFacts {
  std::uint64_t bytes = 0;
  Sha256 sha256{};
};

/// A write that fails is told of by finish(); what is written after it goes nowhere.
class HashedFile {
 public:
  explicit HashedFile(std::filesystem::path path)
      : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::trunc) {}

  void write(std::string_view bytes) {
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    hash_.update(bytes);
    bytes_ += bytes.size();
  }
  /// Closes the file. Called once.
  Result<FileFacts> finish() {
    file_.close();
    if (!file_) return Error{ErrorCode::kUnavailable, "cannot write " + path_.string()};
    return FileFacts{bytes_, hash_.finish()};
  }

 private:
  const std::filesystem::path path_;
  std::ofstream file_;
  Sha256Stream hash_;
  std::uint64_t bytes_ = 0;
};

}  // namespace reeve::evidence
