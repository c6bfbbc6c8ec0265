#pragma once

// Finding and reading segments. Everything here only reads.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ledger/file_system.h"
#include "ledger/frame.h"

namespace reeve::ledger {

std::string segments_directory(const std::string& ledger_directory);
std::string segment_path(const std::string& ledger_directory, std::uint32_t ordinal);
/// For messages: "segments/00000003.seg at byte 1234".
std::string frame_place(std::uint32_t ordinal, std::uint64_t offset);

/// Whether there are only zeros at `offset`, as far as the longest frame reaches.
Result<bool> begins_blank(FileSystem& system, const File& file, const std::string& path, std::uint64_t offset);

/// The segments that have begun, in order. Thread-safe: the committer adds, readers look up.
class SegmentList {
 public:
  explicit SegmentList(std::string ledger_directory) : directory_(std::move(ledger_directory)) {}

  /// Looks for segments on disk that are not in the list yet. kCorrupt
  /// when one has a damaged header.
  Result<void> discover(FileSystem& system);
  void add(const SegmentHeader& header);

  /// The segment that holds `index`, or will: the last one whose first index is not above it.
  std::optional<SegmentHeader> holding(std::uint64_t index) const;
  std::optional<SegmentHeader> at(std::uint32_t ordinal) const;
  std::optional<SegmentHeader> after(std::uint32_t ordinal) const;
  std::optional<SegmentHeader> last() const;
  /// The last segment that begins before `time`, or the first.
  std::optional<SegmentHeader> before(Instant time) const;

  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  mutable std::mutex mutex_;
  std::vector<SegmentHeader> segments_;
};

/// Reads frames one after the other across segments. Not thread-safe; one per reading thread.
class FrameCursor {
 public:
  FrameCursor(FileSystem& system, const SegmentList& segments) : system_(system), segments_(segments) {}

  /// The next call of next() gives entry `index`.
  Result<void> seek(std::uint64_t index);
  /// The same from the place where the frame of entry `placed`, not above `index`, was seen. If it is not there, from
  /// the start of the segment.
  Result<void> seek_near(std::uint64_t index, std::uint64_t placed, std::uint32_t ordinal, std::uint64_t offset);

  /// The next frame, when its index is below `end`: everything below it must be known to be written. The view lives
  /// until the next call. A frame that is not good there is kCorrupt, with the entry and the place.
  Result<std::optional<Frame>> next(std::uint64_t end);

  /// The next frame whatever it is: for recovery and readers that look for the end. Moves on only past good frames with
  /// the index that is due; anything else is kBad or kEnd.
  Result<ParsedFrame> peek();
  void skip(const Frame& frame);
  /// From a frame that is not good, moves on to the next good one with a higher index, here or at the start of the next
  /// segment. False when there is none.
  Result<bool> find_good_frame();

  std::uint64_t index() const { return index_; }    // of the next frame
  std::uint64_t offset() const { return offset_; }  // of the next frame in its segment
  std::uint32_t ordinal() const { return ordinal_; }
  std::string place() const { return frame_place(ordinal_, offset_); }
  /// Forgets what was read ahead: the file may have changed behind the last good frame.
  void forget() { buffered_ = 0; }

 private:
  Result<void> open_segment(const SegmentHeader& header);
  /// Moves to the following segment when this one ends here.
  Result<void> cross_border();
  Result<std::string_view> bytes_at_offset();

  FileSystem& system_;
  const SegmentList& segments_;
  File file_;
  std::string path_;
  std::uint32_t ordinal_ = 0;
  std::uint64_t index_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t trusted_end_ = 0;  // what next() knew to be written when the buffer was filled
  std::unique_ptr<char[]> buffer_;
  std::uint64_t buffer_offset_ = 0;  // in the file
  std::size_t buffered_ = 0;
  bool buffer_reaches_end_ = false;
};

}  // namespace reeve::ledger
