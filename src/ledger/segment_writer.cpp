#include "ledger/segment_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "core/log.h"
#include "ledger/background.h"

namespace reeve::ledger {

namespace {

// What disks and page caches work in. Writing past the page cache demands it.
constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kKeptBytesMax = 256UL << 10U;
constexpr std::size_t kZerosBytes = 1UL << 20U;

/// Never written to, so that all of it is the kernel's one page of zeros.
const std::array<char, kZerosBytes>& zeros() {
  alignas(kBlockBytes) static std::array<char, kZerosBytes> bytes;
  return bytes;
}

/// Zeros that nobody will read need not be copied into the page cache. False where the file system cannot do without.
bool fill_directly(FileSystem& system, const File& file, std::uint64_t size) {
  if (system.set_direct(file.descriptor(), true) != 0) return false;
  std::uint64_t at = 0;
  while (at < size) {
    const std::size_t part = std::min<std::uint64_t>(kZerosBytes, size - at);
    const ssize_t written = system.pwrite(file.descriptor(), zeros().data(), part, at);
    if (written < 0 && errno == EINTR) continue;
    if (written != static_cast<ssize_t>(part)) break;
    at += part;
  }
  return system.set_direct(file.descriptor(), false) == 0 && at == size;
}

Result<void> fill_with_zeros(FileSystem& system, const File& file, const std::string& path, std::uint64_t size) {
  // Asked for in one go first, so that a full disk is known at once and the extents lie together. A file system that
  // cannot do that still gets the zeros.
  if (system.fallocate(file.descriptor(), size) != 0 && errno != EOPNOTSUPP && errno != EINTR) {
    return file_error("make room for", path, errno);
  }
  if (!fill_directly(system, file, size)) {
    for (std::uint64_t at = 0; at < size; at += kZerosBytes) {
      const std::string_view part(zeros().data(), std::min<std::uint64_t>(kZerosBytes, size - at));
      if (auto written = write_fully(system, file, path, part, at); !written) return written;
    }
  }
  if (system.fsync(file.descriptor()) != 0) return file_error("write", path, errno);
  return {};
}

}  // namespace

Result<PreparedSegment> prepare_segment(FileSystem& system, const std::string& directory, std::uint32_t ordinal,
                                        std::uint64_t size) {
  const std::string path = segment_path(directory, ordinal);
  // Whatever is there was never begun.
  if (system.unlink(path) != 0 && errno != ENOENT) return file_error("remove", path, errno);
  auto file = open_file(system, path, O_RDWR | O_CREAT | O_EXCL, 0640);
  if (!file) return std::move(file).error();
  auto filled = fill_with_zeros(system, *file, path, size);
  if (filled) filled = sync_directory(system, segments_directory(directory));
  if (!filled) {
    system.unlink(path);
    return std::move(filled).error();
  }
  return PreparedSegment{*std::move(file), ordinal, size};
}

SegmentPreparer::SegmentPreparer(FileSystem& system, std::string directory, Duration retry_interval)
    : system_(system), directory_(std::move(directory)), retry_interval_(retry_interval), thread_([this] { run(); }) {}

SegmentPreparer::~SegmentPreparer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SegmentPreparer::request(std::uint32_t ordinal, std::uint64_t size) {
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = true;
    ordinal_ = ordinal;
    size_ = size;
    done_.reset();
  }
  changed_.notify_all();
}

Result<PreparedSegment> SegmentPreparer::take() {
  std::unique_lock lock(mutex_);
  CHECK(wanted_ || done_);
  changed_.wait(lock, [this] { return done_.has_value(); });
  if (!*done_) return done_->error();
  Result<PreparedSegment> prepared = *std::move(done_);
  done_.reset();
  wanted_ = false;
  return prepared;
}

void SegmentPreparer::run() {
  begin_background_thread("ledger-prepare");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_ || (done_ && done_->ok())) {
      changed_.wait(lock);
      continue;
    }
    if (done_) {
      // The last try failed and take() reports that meanwhile.
      changed_.wait_for(lock, retry_interval_);
      if (stopping_ || !wanted_) continue;
    }
    const std::uint32_t ordinal = ordinal_;
    const std::uint64_t size = size_;
    const bool first_failure = !done_;
    lock.unlock();
    Result<PreparedSegment> prepared = prepare_segment(system_, directory_, ordinal, size);
    if (!prepared && first_failure) {
      log_warning("ledger cannot prepare its next segment", {{"reason", prepared.error().message}});
    }
    lock.lock();
    if (ordinal == ordinal_ && size == size_) done_ = std::move(prepared);
    changed_.notify_all();
  }
}

SegmentWriter::SegmentWriter(FileSystem& system, SegmentList& segments, std::uint64_t segment_bytes,
                             Duration retry_interval)
    : system_(system),
      segments_(segments),
      segment_bytes_(std::max(segment_bytes, kSegmentBytesMin)),
      preparer_(system, segments.directory(), retry_interval) {
  const auto last = segments.last();
  next_ordinal_ = last ? last->ordinal + 1 : 0;
  if (!last) request_next(std::min(segment_bytes_, kFirstSegmentBytes));
}

void SegmentWriter::request_next(std::uint64_t size) { preparer_.request(next_ordinal_, size); }

Result<void> SegmentWriter::resume(std::uint64_t offset) {
  const auto last = segments_.last();
  CHECK(last.has_value());
  path_ = segment_path(segments_.directory(), last->ordinal);
  struct stat status{};
  if (system_.stat(path_, &status) != 0) return file_error("examine", path_, errno);
  auto file = open_file(system_, path_, O_RDWR);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  offset_ = offset;
  block_.resize(offset_ % kBlockBytes);
  const auto read = read_fully(system_, file_, path_, block_.data(), block_.size(), offset_ - block_.size());
  if (!read) return read.error();
  CHECK(*read == block_.size());
  // A file cut short, or one without room, is left as it is: the next group begins a new segment.
  size_ = std::max<std::uint64_t>(static_cast<std::uint64_t>(status.st_size), offset);
  request_next(std::clamp(size_ * 2, kSegmentBytesMin, segment_bytes_));
  return {};
}

Result<void> SegmentWriter::begin_segment(std::uint64_t first_index, Instant first_time) {
  auto prepared = preparer_.take();
  if (!prepared) return std::move(prepared).error();
  const SegmentHeader header{prepared->ordinal, first_index, first_time};
  const std::string path = segment_path(segments_.directory(), prepared->ordinal);
  std::string bytes(kSegmentHeaderBytes, '\0');
  encode_segment_header(header, bytes.data());
  auto written = write_fully(system_, prepared->file, path, bytes, 0);
  if (written) written = sync_data(system_, prepared->file, path);
  if (!written) {
    // Whether the header is on disk is unknown. Preparing anew replaces the file, name and all.
    request_next(prepared->size);
    return written;
  }
  file_ = std::move(prepared->file);
  path_ = path;
  size_ = prepared->size;
  offset_ = kSegmentHeaderBytes;
  block_ = bytes;
  segments_.add(header);
  next_ordinal_ = prepared->ordinal + 1;
  request_next(std::min(segment_bytes_, size_ * 2));
  return {};
}

Result<void> SegmentWriter::write_group(std::string_view frames) {
  CHECK(frames.size() <= room());
  const std::uint64_t begin = offset_ - block_.size();
  block_ += frames;
  // Whole blocks, with the zeros that follow: a part of a block would first have to be read from the disk, unless the
  // page cache happens to hold it.
  const std::size_t used = block_.size();
  const std::size_t padded = (used + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  block_.resize(std::min<std::uint64_t>(padded, size_ - begin), '\0');
  auto written = write_fully(system_, file_, path_, block_, begin);
  if (written) written = sync_data(system_, file_, path_);
  if (!written) {
    file_ = File();
    return written;
  }
  offset_ += frames.size();
  block_.resize(used);
  block_.erase(0, used - used % kBlockBytes);
  if (block_.capacity() > kKeptBytesMax) block_.shrink_to_fit();
  return {};
}

}  // namespace reeve::ledger
