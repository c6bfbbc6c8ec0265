#pragma once

// A file system for tests that fails on demand and can lose its power. Writes go to the real files at once, as to a
// page cache; beside that it keeps what each touched sector holds on disk until a sync puts the new content there.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "ledger/file_system.h"
#include "ledger/frame.h"

namespace reeve::ledger {

class FaultFileSystem : public FileSystem {
 public:
  enum class Call { kOpenToWrite, kWrite, kSync, kAllocate, kRename, kUnlink, kMakeDirectory };

  explicit FaultFileSystem(unsigned seed = 1) : random_(seed) {}

  /// Asked before each call that changes something: an errno to fail with, or 0. A failing write may have been done in
  /// part. Called with a lock held; must not call back.
  std::function<int(Call, const std::string& path)> fault;

  std::uint64_t calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }
  void set_fault(std::function<int(Call, const std::string& path)> next) {
    const std::scoped_lock lock(mutex_);
    fault = std::move(next);
  }
  /// From now on every call fails and changes nothing, as if the process had ended.
  void stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  /// The process is started again, on the same page cache.
  void restart() {
    const std::scoped_lock lock(mutex_);
    stopped_ = false;
    fault = {};
  }
  /// The machine loses its power: of what was not synced, each sector may hold its old content, a name that was not
  /// synced may be gone. The call implies stop().
  void cut_power() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (auto& [path, sectors] : dirty_) lose_some(path, sectors, 2);
    for (auto& [path, sectors] : limbo_) lose_some(path, sectors, 8);
    for (const std::string& path : unsynced_names_) {
      if (random_() % 2 == 0) ::unlink(path.c_str());
    }
    for (const auto& [path, content] : unsynced_renames_) {
      if (random_() % 2 != 0) continue;
      const int file = ::open(path.c_str(), O_WRONLY | O_TRUNC);
      if (file >= 0) {
        [[maybe_unused]] const ssize_t written = ::write(file, content.data(), content.size());
        ::close(file);
      }
    }
    dirty_.clear();
    limbo_.clear();
    unsynced_names_.clear();
    unsynced_renames_.clear();
  }

  /// Whether the disk, were the power to go now, holds the first `bytes` of the file as they are.
  bool is_on_disk(const std::string& path, std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (unsynced_names_.contains(path) || unsynced_renames_.contains(path)) return false;
    return holds(path, dirty_[path], bytes) && holds(path, limbo_[path], bytes);
  }

  int open(const std::string& path, int flags, mode_t mode) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
    if (writes && fails(Call::kOpenToWrite, path)) return -1;
    const bool is_new = (flags & O_CREAT) != 0 && ::access(path.c_str(), F_OK) != 0;
    const int file = FileSystem::open(path, flags, mode);
    if (file >= 0) paths_[file] = path;
    if (file >= 0 && is_new) unsynced_names_.insert(path);
    return file;
  }
  int close(int file) override {
    const std::scoped_lock lock(mutex_);
    paths_.erase(file);
    return FileSystem::close(file);
  }
  ssize_t pread(int file, char* into, std::size_t size, std::uint64_t offset) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    return FileSystem::pread(file, into, size, offset);
  }
  ssize_t pwrite(int file, const char* from, std::size_t size, std::uint64_t offset) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    const bool failing = fails(Call::kWrite, paths_[file]);
    const int reason = errno;
    if (failing) size = random_() % size;  // done in part, then the error
    remember_sectors(file, offset, size);
    const ssize_t written = size == 0 ? 0 : FileSystem::pwrite(file, from, size, offset);
    return failing ? refuse(reason) : written;
  }
  int fdatasync(int file) override { return sync(file); }
  int fsync(int file) override { return sync(file); }
  int fallocate(int file, std::uint64_t size) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    if (fails(Call::kAllocate, paths_[file])) return -1;
    return FileSystem::fallocate(file, size);
  }
  int rename(const std::string& from, const std::string& to) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    if (fails(Call::kRename, to)) return -1;
    const std::string old = content_of(to);
    const bool is_new = ::access(to.c_str(), F_OK) != 0;
    if (FileSystem::rename(from, to) != 0) return -1;
    // What was written under the old name goes with the file.
    dirty_[to] = std::exchange(dirty_[from], {});
    limbo_.erase(to);
    const bool unsynced_name = unsynced_names_.erase(from) > 0;
    if (is_new && unsynced_name) unsynced_names_.insert(to);
    if (!is_new) unsynced_renames_.emplace(to, old);
    for (auto& [file, path] : paths_) {
      if (path == from) path = to;
    }
    return 0;
  }
  int unlink(const std::string& path) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    if (fails(Call::kUnlink, path)) return -1;
    dirty_.erase(path);
    limbo_.erase(path);
    return FileSystem::unlink(path);
  }
  int mkdir(const std::string& path, mode_t mode) override {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    if (::access(path.c_str(), F_OK) != 0 && fails(Call::kMakeDirectory, path)) return -1;
    return FileSystem::mkdir(path, mode);
  }

 private:
  using Sectors = std::map<std::uint64_t, std::string>;  // number -> content on disk

  static int refuse(int reason) {
    errno = reason;
    return -1;
  }
  bool fails(Call call, const std::string& path) {
    ++calls_;
    const int reason = fault ? fault(call, path) : 0;
    if (reason == 0) return false;
    errno = reason;
    return true;
  }

  int sync(int file) {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return refuse(EIO);
    const std::string path = paths_[file];
    if (fails(Call::kSync, path)) {
      // The kernel marks the pages clean all the same: a later sync will not write them.
      const int reason = errno;
      limbo_[path].merge(dirty_[path]);
      dirty_.erase(path);
      return refuse(reason);
    }
    dirty_.erase(path);
    // A directory: its names are on disk now.
    const auto inside = [&](const std::string& name) { return name.substr(0, name.find_last_of('/')) == path; };
    std::erase_if(unsynced_names_, inside);
    std::erase_if(unsynced_renames_, [&](const auto& renamed) { return inside(renamed.first); });
    return 0;
  }

  void remember_sectors(int file, std::uint64_t offset, std::size_t size) {
    const std::string& path = paths_[file];
    Sectors& dirty = dirty_[path];
    Sectors& limbo = limbo_[path];
    for (std::uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < offset + size; ++sector) {
      if (auto lost = limbo.extract(sector)) {
        dirty.insert(std::move(lost));
      } else if (!dirty.contains(sector)) {
        std::string old(kSectorBytes, '\0');
        const ssize_t have = FileSystem::pread(file, old.data(), old.size(), sector * kSectorBytes);
        old.resize(have < 0 ? 0 : static_cast<std::size_t>(have));
        dirty.emplace(sector, std::move(old));
      }
    }
  }

  /// Whether sectors that may go back to their old content have the same one now, as far as `bytes` reach.
  static bool holds(const std::string& path, const Sectors& sectors, std::uint64_t bytes) {
    if (sectors.empty()) return true;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    bool same = file >= 0;
    for (const auto& [sector, old] : sectors) {
      const std::uint64_t begin = sector * kSectorBytes;
      if (!same || begin >= bytes) break;
      std::string now(std::min<std::uint64_t>(kSectorBytes, bytes - begin), '\0');
      const ssize_t have = ::pread(file, now.data(), now.size(), static_cast<off_t>(begin));
      same = have == static_cast<ssize_t>(now.size()) && old.starts_with(now);
    }
    if (file >= 0) ::close(file);
    return same;
  }

  /// Gives sectors back their old content; all but one of `odds`.
  void lose_some(const std::string& path, const Sectors& sectors, unsigned odds) {
    const int file = ::open(path.c_str(), O_WRONLY);
    if (file < 0) return;
    for (const auto& [sector, old] : sectors) {
      if (random_() % odds == 0) continue;
      std::string content = old;
      content.resize(kSectorBytes, '\0');
      struct stat status{};
      ::fstat(file, &status);
      const std::uint64_t begin = sector * kSectorBytes;
      if (begin >= static_cast<std::uint64_t>(status.st_size)) continue;
      content.resize(std::min<std::uint64_t>(content.size(), static_cast<std::uint64_t>(status.st_size) - begin));
      [[maybe_unused]] const ssize_t written =
          ::pwrite(file, content.data(), content.size(), static_cast<off_t>(begin));
    }
    ::close(file);
  }

  static std::string content_of(const std::string& path) {
    auto content = read_file(real_file_system(), path);
    return content ? *content : std::string();
  }

  mutable std::mutex mutex_;
  std::mt19937 random_;
  bool stopped_ = false;
  std::uint64_t calls_ = 0;
  std::map<int, std::string> paths_;
  std::map<std::string, Sectors> dirty_;
  std::map<std::string, Sectors> limbo_;  // a sync of them failed; not on disk, and clean
  std::set<std::string> unsynced_names_;
  std::map<std::string, std::string> unsynced_renames_;  // replaced file -> its content before
};

}  // namespace reeve::ledger
