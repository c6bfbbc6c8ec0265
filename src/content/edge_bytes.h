#pragma once

// Which bytes may stand near an end of what a part of a pattern matches: by those around a required literal most of its
// hits are ruled out before an expression is asked. Private to the room.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reeve::content {

using ByteSet = std::bitset<256>;
inline constexpr std::uint32_t kFar = 1'000'000;  // a width that is as good as unbounded

/// The first places of a part, counted from one of its ends. Never fewer bytes than may stand there: borders and what
/// else takes no place are not known here.
struct EdgeBytes {
  static constexpr std::size_t kPlaces = 8;
  std::uint32_t least = 0, most = 0;      // bytes of the whole part
  std::array<ByteSet, kPlaces> places{};  // where the part is that long
};

/// `first` is nearer to the end that is counted from.
EdgeBytes followed(const EdgeBytes& first, const EdgeBytes& second);
EdgeBytes either(const EdgeBytes& left, const EdgeBytes& right);
EdgeBytes repeated(const EdgeBytes& one, std::uint32_t least, std::uint32_t most);
/// One byte of a set.
EdgeBytes edge_of(const ByteSet& bytes);
/// A string as it is; with `backwards` from its end on; with `folded` letters in both cases.
EdgeBytes edge_of(std::string_view bytes, bool folded, bool backwards);

/// Widths, which stop at kFar.
std::uint32_t add_widths(std::uint32_t left, std::uint32_t right);
std::uint32_t multiply_widths(std::uint32_t left, std::uint32_t right);

/// The letters of a set in both cases.
ByteSet in_both_cases(const ByteSet& bytes);

}  // namespace reeve::content
