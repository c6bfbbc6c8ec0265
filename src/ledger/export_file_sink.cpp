// Exports into files of lines: synced before a batch counts as taken, rotated by size and day.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/bytes.h"
#include "ledger/export.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

namespace {

/// "2026-11-21" of a time.
std::string day_of(Instant at) { return format_time(at).substr(0, 10); }

class FileSink final : public ExportSink {
 public:
  explicit FileSink(const FileSinkSettings& settings) : settings_(settings), path_(settings.path.string()) {}

  Result<void> deliver(const ExportBatch& batch, Instant now) override {
    if (auto opened = open(); !opened) return opened;
    const std::string body = batch.body(ExportMapping::Batch::kLines);
    const std::string day = day_of(now);
    const bool too_large = size_ > 0 && size_ + body.size() > settings_.rotate_bytes;
    if (too_large || (settings_.daily && size_ > 0 && day != day_)) {
      if (auto rotated = rotate(now); !rotated) return rotated;
    }
    day_ = day;
    auto written = write_fully(system_, file_, path_, body, size_);
    if (written) written = sync_data(system_, file_, path_);
    // What of it is there is cut off before the next attempt.
    if (!written) file_ = File();
    if (written) size_ += body.size();
    return written;
  }

 private:
  Result<void> open() {
    if (file_) return {};
    std::error_code ignored;
    std::filesystem::create_directories(settings_.path.parent_path(), ignored);
    auto file = open_file(system_, path_, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (!file) return std::move(file).error();
    struct stat status{};
    if (system_.stat(path_, &status) != 0) return file_error("look at", path_, errno);
    day_ = day_of(from_unix_seconds(status.st_mtim.tv_sec));
    auto whole = end_of_last_line(*file, static_cast<std::uint64_t>(status.st_size));
    if (!whole) return std::move(whole).error();
    if (::ftruncate(file->descriptor(), static_cast<off_t>(*whole)) != 0) return file_error("shorten", path_, errno);
    size_ = *whole;
    file_ = *std::move(file);
    return sync_directory(system_, settings_.path.parent_path().string());
  }

  /// A line that was torn by a crash is not part of the file: its entry was not acknowledged and comes again.
  Result<std::uint64_t> end_of_last_line(const File& file, std::uint64_t size) {
    std::string block(64UL << 10U, '\0');
    while (size > 0) {
      const std::size_t part = std::min<std::size_t>(block.size(), size);
      auto read = read_fully(system_, file, path_, block.data(), part, size - part);
      if (!read) return std::move(read).error();
      const std::size_t end = std::string_view(block.data(), *read).rfind('\n');
      if (end != std::string_view::npos) return size - part + end + 1;
      size -= part;
    }
    return size;
  }

  /// PATH becomes PATH.20261121T105503Z.
  Result<void> rotate(Instant now) {
    std::string time = format_time(now).substr(0, 19) + "Z";
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    std::string earlier = path_ + "." + time;
    struct stat status{};
    for (int i = 1; system_.stat(earlier, &status) == 0; ++i) earlier = path_ + "." + time + "-" + std::to_string(i);
    if (system_.rename(path_, earlier) != 0) return file_error("rename", path_, errno);
    file_ = File();
    remove_old();
    return open();
  }

  void remove_old() {
    if (settings_.keep == 0) return;
    const std::string directory = settings_.path.parent_path().string();
    const std::string start = settings_.path.filename().string() + ".";
    std::vector<std::string> names;
    if (system_.list(directory, &names) != 0) return;
    std::erase_if(names, [&](const std::string& name) {
      return !name.starts_with(start) || name.size() < start.size() + 16 || name[start.size() + 15] != 'Z';
    });
    std::sort(names.begin(), names.end());
    while (names.size() > settings_.keep) {
      system_.unlink(directory + "/" + names.front());
      names.erase(names.begin());
    }
  }

  FileSystem& system_ = real_file_system();
  const FileSinkSettings settings_;
  const std::string path_;
  File file_;
  std::uint64_t size_ = 0;
  std::string day_;  // of what is in the file
};

}  // namespace

std::unique_ptr<ExportSink> make_file_sink(const FileSinkSettings& settings) {
  return std::make_unique<FileSink>(settings);
}

}  // namespace reeve::ledger
