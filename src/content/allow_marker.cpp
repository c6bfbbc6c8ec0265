#include "content/allow_marker.h"

#include <algorithm>
#include <array>

#include "content/byte_blocks.h"

namespace reeve::content {

namespace {

constexpr std::array<std::string_view, 3> kMarkers{"reeve:allow", "gitleaks:allow", "pragma: allowlist secret"};
constexpr std::string_view kInEach = "allow";

/// Whether what each marker has stands in `text`, or right behind it.
bool may_hold_marker(std::string_view text) {
#if REEVE_BYTE_BLOCKS
  constexpr std::size_t kStep = 64 - (kInEach.size() - 1);
  for (std::size_t at = 0; at < text.size(); at += kStep) {
    Bytes64 bytes;
    load_block(text.data() + at, bytes);
    std::uint64_t all = equal_bits(bytes, kInEach[4]) >> 4U & equal_bits(bytes, kInEach[3]) >> 3U;
    if (all == 0) continue;
    all &= equal_bits(bytes, kInEach[0]) & equal_bits(bytes, kInEach[1]) >> 1U & equal_bits(bytes, kInEach[2]) >> 2U;
    if (all != 0) return true;
  }
  return false;
#else
  return text.find(kInEach) != std::string_view::npos;
#endif
}

}  // namespace

bool AllowMarkers::may_be_within(std::string_view text, std::size_t begin, std::size_t from, std::size_t to) {
  const std::size_t first = begin + from, last = begin + to;
  if (first >= clean_from_ && last <= clean_to_) return false;
  const bool goes_on = first >= clean_from_ && first <= clean_to_;
  // Over the border of what is known another may lie.
  const std::size_t known = goes_on ? clean_to_ - begin : from;
  const std::size_t unseen = goes_on ? std::max(from, known - std::min(known, kInEach.size() - 1)) : from;
  if (may_hold_marker(text.substr(unseen, to - unseen))) return true;
  if (!goes_on) clean_from_ = first;
  clean_to_ = last;
  return false;
}

bool AllowMarkers::on_line(std::string_view text, std::size_t begin, std::size_t start, std::size_t end) {
  constexpr std::size_t kSideMax = 400;
  // Never farther than the sides: a text may be one line of a megabyte with thousands of findings.
  std::size_t from = start > kSideMax ? start - kSideMax : 0;
  if (!may_be_within(text, begin, from, std::min(end + kSideMax, text.size()))) return false;
  const std::size_t before = text.substr(from, start - from).rfind('\n');
  if (before != std::string_view::npos) from += before + 1;
  const std::string_view behind = text.substr(end, kSideMax);
  const std::size_t to = end + std::min(behind.find('\n'), behind.size());
  const std::string_view line = text.substr(from, to - from);
  return std::any_of(kMarkers.begin(), kMarkers.end(),
                     [line](std::string_view marker) { return line.find(marker) != std::string_view::npos; });
}

}  // namespace reeve::content
