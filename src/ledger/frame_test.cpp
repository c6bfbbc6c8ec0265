#include "ledger/frame.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "ledger/crc32c.h"

namespace reeve::ledger {
namespace {

std::uint32_t crc_by_definition(std::string_view bytes) {
  std::uint32_t value = ~0U;
  for (const char c : bytes) {
    value ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~value;
}

TEST(Crc32c, GivesThePublishedValues) {
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(""), 0U);
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 1'000; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(crc32c(bytes), crc_by_definition(bytes)) << size;
  }
}

std::string make_frame(std::string_view entry, std::uint16_t position, std::uint64_t index) {
  std::string frame(kFrameHeaderBytes, '\0');
  frame += entry;
  seal_frame(frame.data(), entry.size(), position, index);
  return frame;
}

TEST(Frame, RoundTrips) {
  for (const std::size_t size : {1UL, 17UL, 600UL, 65'535UL}) {
    const std::string entry(size, 'e');
    const std::string frame = make_frame(entry, 3, 1'000'000'000'000) + "more";
    const ParsedFrame parsed = parse_frame(frame);
    ASSERT_EQ(parsed.kind, ParsedFrame::Kind::kEntry);
    EXPECT_EQ(parsed.frame.entry, entry);
    EXPECT_EQ(parsed.frame.index, 1'000'000'000'000U);
    EXPECT_EQ(parsed.frame.durable_below(), 999'999'999'997U);
    EXPECT_EQ(parsed.frame.size() + 4, frame.size());
  }
}

TEST(Frame, AnyFlippedBitIsFound) {
  const std::string frame = make_frame(R"({"kind":"model.intent","seq":5})", 2, 5);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string flipped = frame + std::string(100, '\0');
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(parse_frame(flipped).kind, ParsedFrame::Kind::kBad) << bit;
  }
}

TEST(Frame, ZerosAreTheEnd) {
  EXPECT_EQ(parse_frame(std::string(100, '\0')).kind, ParsedFrame::Kind::kEnd);
  EXPECT_EQ(parse_frame(std::string(5, '\0')).kind, ParsedFrame::Kind::kEnd);
  EXPECT_EQ(parse_frame("").kind, ParsedFrame::Kind::kEnd);
  EXPECT_EQ(parse_frame("short").kind, ParsedFrame::Kind::kBad);
  // A position before the first entry cannot be.
  EXPECT_EQ(parse_frame(make_frame("{}", 9, 8)).kind, ParsedFrame::Kind::kBad);
}

TEST(SegmentHeader, RoundTripsAndRefusesDamage) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  encode_segment_header({7, 123'456, {1'700'000'000'000'000'000}}, bytes.data());
  const auto header = decode_segment_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->ordinal, 7U);
  EXPECT_EQ(header->first_index, 123'456U);
  EXPECT_EQ(header->first_time.nanoseconds, 1'700'000'000'000'000'000);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_segment_header(flipped)) << bit;
  }
  EXPECT_FALSE(decode_segment_header(std::string_view(bytes).substr(0, 63)));
}

/// Frames from `first` on, all of one group.
std::string make_group(std::uint64_t first, std::size_t count, std::size_t entry_bytes) {
  std::string group;
  for (std::size_t i = 0; i < count; ++i) {
    group += make_frame(std::string(entry_bytes, 'e'), static_cast<std::uint16_t>(i), first + i);
  }
  return group;
}

TEST(Tail, ALostSectorIsTorn) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const std::uint64_t offset = random() % 5000;
    const std::string group = make_group(10, 1 + random() % 20, 1 + random() % 2000);
    std::string torn = group;
    // Some sectors of the file did not reach the disk, the first frame's among them.
    for (std::size_t at = 0; at < torn.size();) {
      const std::size_t size = std::min<std::size_t>(kSectorBytes - (offset + at) % kSectorBytes, torn.size() - at);
      if (at == 0 || random() % 2 == 0) torn.replace(at, size, size, '\0');
      at += size;
    }
    torn.resize(torn.find_last_not_of('\0') + 1);
    if (torn.empty()) continue;
    const TailFindings findings = examine_tail(torn, offset, 10);
    EXPECT_TRUE(findings.torn);
    EXPECT_LE(findings.durable_below, 10U);
  }
}

TEST(Tail, AWriteCutShortIsTorn) {
  const std::string group = make_group(10, 3, 700);
  for (std::size_t size = 1; size < 700; ++size) {
    EXPECT_TRUE(examine_tail(std::string_view(group).substr(0, size), 64, 10).torn) << size;
  }
}

TEST(Tail, AFlippedBitIsNotTorn) {
  const std::string group = make_group(10, 3, 700);
  for (std::size_t bit = 8 * kFrameHeaderBytes; bit < 700UL * 8; bit += 7) {
    std::string flipped = group;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(examine_tail(flipped, 64, 10).torn) << bit;
  }
}

TEST(Tail, ALaterGroupProvesThatItWasAcknowledged) {
  std::string bytes = make_group(10, 3, 700) + make_group(13, 2, 100);
  bytes[100] = '?';
  EXPECT_EQ(examine_tail(bytes, 64, 10).durable_below, 13U);
  // Also when whole sectors of the earlier group are gone.
  bytes.replace(0, 1500, 1500, '\0');
  EXPECT_EQ(examine_tail(bytes, 64, 10).durable_below, 13U);
}

}  // namespace
}  // namespace reeve::ledger
