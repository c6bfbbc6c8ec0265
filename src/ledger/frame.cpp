#include "ledger/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "ledger/crc32c.h"

namespace reeve::ledger {

static_assert(std::endian::native == std::endian::little, "segments are little-endian and copied as they are");

namespace {

constexpr std::string_view kMagic = "RVLEDGER";
constexpr std::uint32_t kVersion = 1;

template <typename Number>
void put(char* into, Number number) {
  std::memcpy(into, &number, sizeof number);
}
template <typename Number>
Number get(const char* from) {
  Number number{};
  std::memcpy(&number, from, sizeof number);
  return number;
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

/// Whether a frame that should span `bytes` lacks a sector or its end.
bool lacks_a_sector(std::string_view bytes, std::uint64_t offset) {
  if (bytes.empty() || bytes.back() == 0) return true;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t to_border = kSectorBytes - (offset + at) % kSectorBytes;
    const std::string_view sector = bytes.substr(at, to_border);
    if (is_zero(sector)) return true;
    at += sector.size();
  }
  return false;
}

}  // namespace

void encode_segment_header(const SegmentHeader& header, char* into) {
  std::memset(into, 0, kSegmentHeaderBytes);
  std::memcpy(into, kMagic.data(), kMagic.size());
  put(into + 8, kVersion);
  put(into + 12, header.ordinal);
  put(into + 16, header.first_index);
  put(into + 24, header.first_time.nanoseconds);
  put(into + 60, crc32c({into, 60}));
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  if (get<std::uint32_t>(bytes.data() + 8) != kVersion) return std::nullopt;
  if (get<std::uint32_t>(bytes.data() + 60) != crc32c(bytes.substr(0, 60))) return std::nullopt;
  return SegmentHeader{get<std::uint32_t>(bytes.data() + 12), get<std::uint64_t>(bytes.data() + 16),
                       Instant{get<std::int64_t>(bytes.data() + 24)}};
}

void seal_frame(char* frame, std::size_t length, std::uint16_t position, std::uint64_t index) {
  put(frame + 4, static_cast<std::uint16_t>(length));
  put(frame + 6, position);
  put(frame + 8, index);
  put(frame, crc32c({frame + 4, kFrameHeaderBytes - 4 + length}));
}

ParsedFrame parse_frame(std::string_view bytes) {
  using Kind = ParsedFrame::Kind;
  if (bytes.size() < kFrameHeaderBytes) return {is_zero(bytes) ? Kind::kEnd : Kind::kBad, {}};
  const std::size_t length = get<std::uint16_t>(bytes.data() + 4);
  if (length == 0) return {is_zero(bytes.substr(0, kFrameHeaderBytes)) ? Kind::kEnd : Kind::kBad, {}};
  if (bytes.size() < kFrameHeaderBytes + length) return {Kind::kBad, {}};
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
  if (get<std::uint32_t>(bytes.data()) != crc32c(bytes.substr(4, kFrameHeaderBytes - 4 + length))) {
    return {Kind::kBad, {}};
  }
  Frame frame{get<std::uint64_t>(bytes.data() + 8), get<std::uint16_t>(bytes.data() + 6),
              bytes.substr(kFrameHeaderBytes, length)};
  if (frame.index < frame.position) return {Kind::kBad, {}};
  return {Kind::kEntry, frame};
}

std::uint64_t frame_index(std::string_view bytes) { return get<std::uint64_t>(bytes.data() + 8); }

TailFindings examine_tail(std::string_view bytes, std::uint64_t offset, std::uint64_t expected) {
  TailFindings findings;
  // Frames have no fixed places, so every byte may begin one. A plausible index comes before the costly checksum.
  for (std::size_t at = 0; at + kFrameHeaderBytes < bytes.size();) {
    const std::uint64_t index = frame_index(bytes.substr(at));
    const bool plausible = index > expected && index - expected < bytes.size();
    const ParsedFrame parsed = plausible ? parse_frame(bytes.substr(at)) : ParsedFrame{};
    if (parsed.kind != ParsedFrame::Kind::kEntry) {
      ++at;
      continue;
    }
    findings.durable_below = std::max(findings.durable_below, parsed.frame.durable_below());
    at += parsed.frame.size();
  }
  // The frame as it is on disk, with the zeros that the file has behind `bytes`.
  std::string frame(bytes.substr(0, kFrameBytesMax));
  frame.resize(std::max(frame.size(), kFrameHeaderBytes), '\0');
  const std::size_t length = get<std::uint16_t>(frame.data() + 4);
  if (length != 0) frame.resize(kFrameHeaderBytes + length, '\0');
  findings.torn = lacks_a_sector(frame, offset);
  return findings;
}

}  // namespace reeve::ledger
