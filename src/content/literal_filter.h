#pragma once

// The first look for literals: which places of a text may be the begin of one of some hundred short windows of bytes.
// The windows are in buckets of windows that are alike; for each of six pairs of places in a window a table says in
// which buckets a sum of the two bytes occurs. 64 places of a text are asked at a time. Private to the room.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

/// Letters of both cases are one byte here, and so are some others: a window stands wherever it may, and elsewhere too.
constexpr std::uint64_t fold_bytes(std::uint64_t bytes) { return bytes & ~((bytes & 0x4040404040404040U) >> 1U); }

class LiteralFilter {
 public:
  static constexpr std::size_t kLooks = 6, kGroups = 3, kBucketsAGroup = 8, kSums = 64, kPlacesMax = 6;
  static constexpr std::uint8_t kAnyByte = 0xFF;  // no folded byte has this value
  using Pairs = std::array<std::array<std::uint8_t, 2>, kLooks>;
  using Tables = std::array<std::array<std::array<std::uint8_t, kSums>, kLooks>, kGroups>;
  struct Window {
    std::array<std::uint8_t, kPlacesMax> bytes{};  // folded; kAnyByte behind the end of a shorter one
    bool border_before = false;                    // no word byte (A-Z a-z 0-9 _) stands right before it
    auto operator<=>(const Window&) const = default;
  };

  /// `windows` in an order in which neighbours are alike; of at most `places` bytes each, 4 or 6.
  LiteralFilter(std::size_t places, const std::vector<Window>& windows);

  /// Of the text's words from `from` on as many as `out` has; bit i of word w: the byte at w * 64 + i may begin a
  /// window. Nothing outside of the text is read.
  void candidates(std::string_view text, std::size_t from, std::span<std::uint64_t> out) const;
  bool empty() const { return empty_; }

  void use(InstructionSet set) { set_ = set; }  // one of this machine's; all give the same places

 private:
  class BucketShare;
  void cut_into_buckets(const std::vector<Window>& windows);
  void add(const Window& window, std::size_t bucket);
  void candidates(const char* text, std::size_t words, std::uint64_t* out) const;
  void candidates_with_copies(std::string_view text, std::size_t from, std::span<std::uint64_t> out) const;

  const Pairs& pairs_;
  /// Bit b: this sum of a pair occurs in a window of bucket b.
  alignas(64) Tables tables_{};
  /// Bit b: the windows of bucket b begin where no word byte stands before.
  std::array<std::uint8_t, kGroups> borders_{};
  bool empty_;
  InstructionSet set_;
};

}  // namespace reeve::content
