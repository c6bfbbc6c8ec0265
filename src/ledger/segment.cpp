#include "ledger/segment.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "core/bytes.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kBufferBytes = 256UL << 10U;
static_assert(kBufferBytes >= 2 * kFrameBytesMax);

std::string segment_name(std::uint32_t ordinal) {
  std::array<char, 24> name{};
  const int length = std::snprintf(name.data(), name.size(), "%08u.seg", ordinal);
  return {name.data(), static_cast<std::size_t>(length)};
}

/// The header of one file: nothing when the segment has not begun or is not there. A header that was cut short while it
/// was written, with nothing behind it, has not begun either: entries come only after it is on disk.
Result<std::optional<SegmentHeader>> read_header(FileSystem& system, const std::string& path, std::uint32_t ordinal) {
  auto file = open_file(system, path, O_RDONLY);
  if (!file && file.error().code == ErrorCode::kNotFound) return std::optional<SegmentHeader>();
  if (!file) return std::move(file).error();
  // A live writer may have begun it between two looks: what lies behind the header was written after it, so whoever
  // sees that reads the header once more.
  for (const bool again : {false, true}) {
    std::string bytes(kSegmentHeaderBytes, '\0');
    auto have = read_fully(system, *file, path, bytes.data(), bytes.size(), 0);
    if (!have) return std::move(have).error();
    auto header = decode_segment_header(std::string_view(bytes).substr(0, *have));
    if (header && header->ordinal == ordinal) return header;
    if (again) break;
    auto empty = begins_blank(system, *file, path, kSegmentHeaderBytes);
    if (!empty) return std::move(empty).error();
    if (*empty) return std::optional<SegmentHeader>();
  }
  return Error{ErrorCode::kCorrupt, path + " has a damaged header; restore this file from a copy"};
}

}  // namespace

Result<bool> begins_blank(FileSystem& system, const File& file, const std::string& path, std::uint64_t offset) {
  std::string bytes(kFrameBytesMax, '\0');
  auto have = read_fully(system, file, path, bytes.data(), bytes.size(), offset);
  if (!have) return std::move(have).error();
  return bytes.find_first_not_of('\0') == std::string::npos;
}

std::string segments_directory(const std::string& ledger_directory) { return ledger_directory + "/segments"; }

std::string segment_path(const std::string& ledger_directory, std::uint32_t ordinal) {
  return segments_directory(ledger_directory) + "/" + segment_name(ordinal);
}

std::string frame_place(std::uint32_t ordinal, std::uint64_t offset) {
  return "segments/" + segment_name(ordinal) + " at byte " + std::to_string(offset);
}

Result<void> SegmentList::discover(FileSystem& system) {
  const std::scoped_lock lock(mutex_);
  while (true) {
    const auto ordinal = static_cast<std::uint32_t>(segments_.size());
    auto header = read_header(system, segment_path(directory_, ordinal), ordinal);
    if (!header) return std::move(header).error();
    if (!*header) return {};
    if (segments_.empty() ? (*header)->first_index != 0 : (*header)->first_index < segments_.back().first_index) {
      return Error{ErrorCode::kCorrupt, segment_path(directory_, ordinal) + " begins with entry " +
                                            std::to_string((*header)->first_index) +
                                            ", which cannot follow what is before it"};
    }
    segments_.push_back(**header);
  }
}

void SegmentList::add(const SegmentHeader& header) {
  const std::scoped_lock lock(mutex_);
  CHECK(header.ordinal == segments_.size());
  segments_.push_back(header);
}

std::optional<SegmentHeader> SegmentList::holding(std::uint64_t index) const {
  const std::scoped_lock lock(mutex_);
  auto after = std::upper_bound(segments_.begin(), segments_.end(), index,
                                [](std::uint64_t wanted, const SegmentHeader& s) { return wanted < s.first_index; });
  if (after == segments_.begin()) return std::nullopt;
  return *std::prev(after);
}

std::optional<SegmentHeader> SegmentList::at(std::uint32_t ordinal) const {
  const std::scoped_lock lock(mutex_);
  if (ordinal >= segments_.size()) return std::nullopt;
  return segments_[ordinal];
}

std::optional<SegmentHeader> SegmentList::after(std::uint32_t ordinal) const { return at(ordinal + 1); }

std::optional<SegmentHeader> SegmentList::last() const {
  const std::scoped_lock lock(mutex_);
  if (segments_.empty()) return std::nullopt;
  return segments_.back();
}

std::optional<SegmentHeader> SegmentList::before(Instant time) const {
  const std::scoped_lock lock(mutex_);
  if (segments_.empty()) return std::nullopt;
  auto after = std::lower_bound(segments_.begin(), segments_.end(), time,
                                [](const SegmentHeader& s, Instant wanted) { return s.first_time < wanted; });
  return after == segments_.begin() ? *after : *std::prev(after);
}

Result<void> FrameCursor::open_segment(const SegmentHeader& header) {
  path_ = segment_path(segments_.directory(), header.ordinal);
  auto file = open_file(system_, path_, O_RDONLY);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  ordinal_ = header.ordinal;
  index_ = header.first_index;
  offset_ = kSegmentHeaderBytes;
  buffered_ = 0;
  return {};
}

Result<void> FrameCursor::seek(std::uint64_t index) {
  forget();
  const auto segment = segments_.holding(index);
  if (!segment) {
    // An empty log: the first segment has not begun. The first peek() opens it.
    file_ = File();
    index_ = index;
    return {};
  }
  if (!file_ || ordinal_ != segment->ordinal || index < index_) {
    if (auto opened = open_segment(*segment); !opened) return opened;
  }
  while (index_ < index) {
    auto parsed = peek();
    if (!parsed) return std::move(parsed).error();
    if (parsed->kind != ParsedFrame::Kind::kEntry) {
      return Error{ErrorCode::kCorrupt, "entry " + std::to_string(index_) + " is damaged or missing (" + place() + ")"};
    }
    skip(parsed->frame);
  }
  return {};
}

Result<void> FrameCursor::seek_near(std::uint64_t index, std::uint64_t placed, std::uint32_t ordinal,
                                    std::uint64_t offset) {
  const auto segment = segments_.holding(placed);
  if (segment && segment->ordinal == ordinal && placed <= index && offset >= kSegmentHeaderBytes) {
    if (auto opened = open_segment(*segment); !opened) return opened;
    index_ = placed;
    offset_ = offset;
    auto parsed = peek();
    if (parsed && parsed->kind == ParsedFrame::Kind::kEntry) return seek(index);
    file_ = File();
  }
  return seek(index);
}

Result<void> FrameCursor::cross_border() {
  if (!file_) {
    const auto segment = segments_.holding(index_);
    return segment ? open_segment(*segment) : Result<void>();
  }
  while (const auto following = segments_.after(ordinal_)) {
    if (following->first_index != index_) break;
    if (auto opened = open_segment(*following); !opened) return opened;
  }
  return {};
}

Result<std::string_view> FrameCursor::bytes_at_offset() {
  const bool inside = buffered_ > 0 && offset_ >= buffer_offset_ && offset_ <= buffer_offset_ + buffered_;
  std::size_t have = inside ? buffered_ - (offset_ - buffer_offset_) : 0;
  if (!inside || (have < kFrameBytesMax && !buffer_reaches_end_)) {
    if (!buffer_) buffer_ = std::make_unique<char[]>(kBufferBytes);
    auto got = read_fully(system_, file_, path_, buffer_.get(), kBufferBytes, offset_);
    if (!got) return std::move(got).error();
    buffer_offset_ = offset_;
    buffered_ = *got;
    buffer_reaches_end_ = buffered_ < kBufferBytes;
    have = buffered_;
  }
  return std::string_view(buffer_.get() + (offset_ - buffer_offset_), have);
}

Result<ParsedFrame> FrameCursor::peek() {
  if (auto crossed = cross_border(); !crossed) return std::move(crossed).error();
  if (!file_) return ParsedFrame{};
  auto bytes = bytes_at_offset();
  if (!bytes) return std::move(bytes).error();
  ParsedFrame parsed = parse_frame(*bytes);
  if (parsed.kind == ParsedFrame::Kind::kEntry && parsed.frame.index != index_) parsed.kind = ParsedFrame::Kind::kBad;
  return parsed;
}

void FrameCursor::skip(const Frame& frame) {
  offset_ += frame.size();
  ++index_;
}

Result<std::optional<Frame>> FrameCursor::next(std::uint64_t end) {
  if (index_ >= end) return std::optional<Frame>();
  if (index_ >= trusted_end_) forget();
  if (buffered_ == 0) trusted_end_ = end;
  auto parsed = peek();
  if (!parsed) return std::move(parsed).error();
  if (parsed->kind != ParsedFrame::Kind::kEntry) {
    return Error{ErrorCode::kCorrupt, "entry " + std::to_string(index_) + " is damaged (" + place() + ")"};
  }
  skip(parsed->frame);
  return std::optional<Frame>(parsed->frame);
}

Result<bool> FrameCursor::find_good_frame() {
  if (!file_) return false;
  const auto following = segments_.after(ordinal_);
  const std::uint64_t index_end = following ? following->first_index : std::numeric_limits<std::uint64_t>::max();
  for (std::size_t skipped = 1;; skipped = 0) {
    auto bytes = bytes_at_offset();
    if (!bytes) return std::move(bytes).error();
    if (bytes->size() <= kFrameHeaderBytes + skipped) break;
    // A frame that may be cut off by the end of what was read is looked at in the next round.
    const std::size_t last =
        buffer_reaches_end_ ? bytes->size() - kFrameHeaderBytes : bytes->size() - kFrameBytesMax + 1;
    for (std::size_t at = skipped; at < last; ++at) {
      const auto index = frame_index(bytes->substr(at));
      if (index <= index_ || index >= index_end) continue;
      if (parse_frame(bytes->substr(at)).kind != ParsedFrame::Kind::kEntry) continue;
      offset_ += at;
      index_ = index;
      return true;
    }
    offset_ += last;
  }
  if (!following) return false;
  if (auto opened = open_segment(*following); !opened) return std::move(opened).error();
  return true;
}

}  // namespace reeve::ledger
