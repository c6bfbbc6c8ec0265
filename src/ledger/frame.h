#pragma once

// How entries lie in a segment file. docs/ledger-format.md has the byte tables; all integers are little-endian.
//
//   segment = header (64 bytes), frames without gaps, zeros to the end of the file
//   frame   = checksum u32 | length u16 | position u16 | index u64 | entry
//
// `position` counts from the first frame of the group that was written and synced together. A group is written only
// after the one before it is on disk, so every frame also says that all entries below index - position were durable
// when it was written. Recovery tells a torn tail, which nobody was promised, from damage to an acknowledged entry by
// that. An entry is JSON text and has no zero byte, and unwritten space is zero, so what a torn write left out shows.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.h"

namespace reeve::ledger {

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 16;
inline constexpr std::size_t kFrameBytesMax = kFrameHeaderBytes + 65'535;
inline constexpr std::size_t kGroupEntriesMax = 65'536;  // position has 16 bits
inline constexpr std::size_t kSectorBytes = 512;         // the least that a disk writes whole

struct SegmentHeader {
  std::uint32_t ordinal = 0;      // 0, 1, 2, ... without gaps; also the file's name
  std::uint64_t first_index = 0;  // of the first entry; where the segment before it ends, whatever follows there
  Instant first_time;             // no entry in this segment is older
};
void encode_segment_header(const SegmentHeader& header, char* into);
/// Nothing when the checksum or version is wrong.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

struct Frame {
  std::uint64_t index = 0;
  std::uint16_t position = 0;
  std::string_view entry;
  std::size_t size() const { return kFrameHeaderBytes + entry.size(); }
  std::uint64_t durable_below() const { return index - position; }
};

/// Writes the frame's header in front of its entry: `frame` points at kFrameHeaderBytes of room followed by `length`
/// bytes of entry.
void seal_frame(char* frame, std::size_t length, std::uint16_t position, std::uint64_t index);

struct ParsedFrame {
  enum class Kind {
    kEntry,
    kEnd,  // a zero header, or too few bytes for one: nothing was written here, or the write was lost
    kBad,  // checksum or length fails
  };
  Kind kind = Kind::kEnd;
  Frame frame;
};
/// Reads the frame at the start of `bytes`, which must reach the end of the segment or hold at least kFrameBytesMax.
ParsedFrame parse_frame(std::string_view bytes);

/// The index that the frame at the start of `bytes`, of at least kFrameHeaderBytes, would have: a cheap look before
/// parse_frame() where any byte may begin a frame.
std::uint64_t frame_index(std::string_view bytes);

/// What lies behind the last good frame.
struct TailFindings {
  std::uint64_t durable_below = 0;  // the highest promise that a good frame further on makes; 0 for none
  bool torn = false;                // the bytes look like a write of which some sectors are missing
};
/// `bytes` begin at `offset` in the segment, where the frame of entry `expected` should be and is not good, and end
/// with the last byte that is not zero.
TailFindings examine_tail(std::string_view bytes, std::uint64_t offset, std::uint64_t expected);

}  // namespace reeve::ledger
