#include "content/word_pieces.h"

#include <algorithm>

#include "content/secret_value.h"

namespace reeve::content {

std::size_t WordPieces::pair_of(char first, char second) {
  const auto number = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(lower_of(c))); };
  return (number(first) * 61 + number(second)) % kPairs;
}

WordPieces::WordPieces(std::span<const std::string_view> pieces) : by_pair_(kPairs) {
  for (const std::string_view piece : pieces) {
    if (piece.size() > 1) {
      pairs_.set(pair_of(piece[0], piece[1]));
      by_pair_[pair_of(piece[0], piece[1])].push_back(piece);
      continue;
    }
    for (unsigned second = 0; second < 256; ++second) {  // whatever stands behind, or nothing
      const std::size_t pair = pair_of(piece[0], static_cast<char>(second));
      if (pairs_[pair] && std::ranges::find(by_pair_[pair], piece) != by_pair_[pair].end()) continue;
      pairs_.set(pair);
      by_pair_[pair].push_back(piece);
    }
  }
}

bool WordPieces::any_at(std::string_view rest, bool whole) const {
  const std::size_t pair = pair_of(rest[0], rest.size() > 1 ? rest[1] : '\0');
  if (!pairs_[pair]) return false;
  return std::ranges::any_of(by_pair_[pair], [rest, whole](std::string_view piece) {
    if (whole ? rest.size() != piece.size() : rest.size() < piece.size()) return false;
    return std::ranges::equal(rest.substr(0, piece.size()), piece, {}, lower_of);
  });
}

bool WordPieces::stand_in(std::string_view value) const {
  const char* const bytes = value.data();
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (!pairs_[pair_of(bytes[at], at + 1 < value.size() ? bytes[at + 1] : '\0')]) continue;  // most
    if (any_at(value.substr(at), false)) return true;
  }
  return false;
}

bool WordPieces::begin(std::string_view value) const { return !value.empty() && any_at(value, false); }

bool WordPieces::equal(std::string_view value) const { return !value.empty() && any_at(value, true); }

}  // namespace reeve::content
