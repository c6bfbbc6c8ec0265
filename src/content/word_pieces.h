#pragma once

// Fixed pieces that values are searched for: many at once, behind a filter by two bytes that most values fail. Private
// to the room.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Pieces of two bytes at least, in lower case but for what is not a letter; shorter ones are by their one byte. Built
/// once; then immutable and shared by threads. Keeps the pieces' views.
class WordPieces {
 public:
  explicit WordPieces(std::span<const std::string_view> pieces);
  /// One of them stands anywhere in the value, ASCII case aside.
  bool stand_in(std::string_view value) const;
  /// The value begins with one of them.
  bool begin(std::string_view value) const;
  /// The value is one of them.
  bool equal(std::string_view value) const;

 private:
  static constexpr std::size_t kPairs = 2048;
  static std::size_t pair_of(char first, char second);
  bool any_at(std::string_view rest, bool whole) const;

  std::bitset<kPairs> pairs_;
  std::vector<std::vector<std::string_view>> by_pair_;
};

}  // namespace reeve::content
