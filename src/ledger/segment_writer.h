#pragma once

// Writing segments. The committer owns the writer; a thread behind it makes the next segment ready before this one is
// full, so that a group never waits for zeros to be written.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ledger/file_system.h"
#include "ledger/frame.h"
#include "ledger/segment.h"

namespace reeve::ledger {

/// A segment file with space and zeros on disk, so that writing into it changes no metadata and one fdatasync is one
/// flush. Not begun: its header is zero.
struct PreparedSegment {
  File file;
  std::uint32_t ordinal = 0;
  std::uint64_t size = 0;
};

/// Makes it, durable with its name. On failure nothing of it is left behind.
Result<PreparedSegment> prepare_segment(FileSystem& system, const std::string& directory, std::uint32_t ordinal,
                                        std::uint64_t size);

/// Prepares segments on a thread of its own, one ahead.
class SegmentPreparer {
 public:
  SegmentPreparer(FileSystem& system, std::string directory, Duration retry_interval);
  ~SegmentPreparer();

  /// Begins to prepare a segment. A failure is tried again every `retry_interval` until it works or something else is
  /// asked for.
  void request(std::uint32_t ordinal, std::uint64_t size);
  /// Waits for what was asked for; the reason when the last try failed. After success the next request() may be made.
  Result<PreparedSegment> take();

 private:
  void run();

  FileSystem& system_;
  const std::string directory_;
  const Duration retry_interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool wanted_ = false;
  std::uint32_t ordinal_ = 0;
  std::uint64_t size_ = 0;
  std::optional<Result<PreparedSegment>> done_;
  std::thread thread_;
};

/// Appends groups to the newest segment. One thread.
class SegmentWriter {
 public:
  /// New segments begin small and double up to `segment_bytes`, so that a small log stays small.
  SegmentWriter(FileSystem& system, SegmentList& segments, std::uint64_t segment_bytes, Duration retry_interval);

  /// Goes on in the last segment, whose frames end at `offset`; behind that it must be zero. Called first, and always
  /// when there is a segment.
  Result<void> resume(std::uint64_t offset);

  /// How many bytes the current segment still takes. 0 when there is none, or after a failed write: what such a write
  /// left on disk is unknown, so nothing is ever written behind it again.
  std::uint64_t room() const { return file_ ? size_ - offset_ : 0; }
  /// Begins a new segment whose first entry will be `first_index`; durable on return.
  Result<void> begin_segment(std::uint64_t first_index, Instant first_time);
  /// Writes a group of frames; durable on return. `frames` must fit into room().
  Result<void> write_group(std::string_view frames);

 private:
  void request_next(std::uint64_t size);

  FileSystem& system_;
  SegmentList& segments_;
  const std::uint64_t segment_bytes_;
  SegmentPreparer preparer_;
  File file_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;
  std::string block_;  // what the block at offset_ holds already; used as the group's buffer, too
  std::uint32_t next_ordinal_ = 0;
};

inline constexpr std::uint64_t kSegmentBytesMin = 256UL << 10U;
inline constexpr std::uint64_t kFirstSegmentBytes = 1UL << 20U;

}  // namespace reeve::ledger
