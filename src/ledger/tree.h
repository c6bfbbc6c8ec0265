#pragma once

// The RFC 6962 Merkle tree, kept as the tiles of its right edge: per level of 8 tree levels the up to 255 hashes that
// no full tile holds yet. That is all it takes to grow the tree, to give its root and to write its tiles.

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "ledger/ledger.h"

namespace reeve::ledger {

inline constexpr std::size_t kTileWidth = 256;  // C2SP tlog-tiles: tiles are 8 tree levels high
inline constexpr std::size_t kTileLevels = 8;   // 256^8 leaves: more than a 64-bit index ever reaches in practice

/// Merkle tree hash of hashes that are the roots of equally large perfect trees.
Sha256 subtree_root(std::span<const Sha256> hashes);

class Tree {
 public:
  /// Called with each tile that became full.
  using FullTile = std::function<void(std::size_t level, std::uint64_t number, std::span<const Sha256> hashes)>;

  Tree() = default;
  /// A tree of `size` leaves whose right edge is known: edge[level] has (size / 256^level) % 256 hashes.
  Tree(std::uint64_t size, std::array<std::vector<Sha256>, kTileLevels> edge);

  void append(const Sha256& leaf, const FullTile& full_tile);
  std::uint64_t size() const { return size_; }
  Sha256 root() const;  // of the empty tree: SHA-256 of nothing
  /// The hashes of the partial tile at the right edge of a level; may be empty.
  std::span<const Sha256> edge(std::size_t level) const { return edge_[level]; }

 private:
  std::uint64_t size_ = 0;
  std::array<std::vector<Sha256>, kTileLevels> edge_;
};

}  // namespace reeve::ledger
