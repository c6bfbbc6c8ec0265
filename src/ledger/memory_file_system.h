#pragma once

// Files in memory, to read from: for fuzzing. Not thread-safe.

#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "ledger/file_system.h"

namespace reeve::ledger {

class MemoryFileSystem final : public FileSystem {
 public:
  std::map<std::string, std::string> files;

  int open(const std::string& path, int, mode_t) override {
    if (!files.contains(path)) {
      errno = ENOENT;
      return -1;
    }
    open_[++last_] = path;
    return last_;
  }
  int close(int file) override {
    open_.erase(file);
    return 0;
  }
  ssize_t pread(int file, char* into, std::size_t size, std::uint64_t offset) override {
    const std::string& content = files[open_[file]];
    if (offset >= content.size()) return 0;
    size = std::min<std::size_t>(size, content.size() - offset);
    std::memcpy(into, content.data() + offset, size);
    return static_cast<ssize_t>(size);
  }
  int stat(const std::string& path, struct stat* into) override {
    if (!files.contains(path)) {
      errno = ENOENT;
      return -1;
    }
    *into = {};
    into->st_mode = S_IFREG;
    into->st_size = static_cast<off_t>(files[path].size());
    return 0;
  }
  void write_back(int) override {}
  int list(const std::string& path, std::vector<std::string>* into) override {
    for (const auto& [name, content] : files) {
      if (name.starts_with(path + "/")) into->push_back(name.substr(path.size() + 1));
    }
    return 0;
  }

 private:
  std::map<int, std::string> open_;
  int last_ = 0;
};

}  // namespace reeve::ledger
