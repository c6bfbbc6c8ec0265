#include "ledger/tree.h"

#include <bit>
#include <optional>

#include "core/check.h"

namespace reeve::ledger {

Sha256 leaf_hash(std::string_view entry) { return sha256_prefixed(0x00, entry); }

Sha256 node_hash(const Sha256& left, const Sha256& right) {
  return sha256_prefixed(0x01, as_bytes(left), as_bytes(right));
}

Sha256 tree_root(std::span<const Sha256> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = std::bit_floor(leaves.size() - 1);  // the largest power of two below the size
  return node_hash(tree_root(leaves.first(split)), tree_root(leaves.subspan(split)));
}

Sha256 subtree_root(std::span<const Sha256> hashes) { return tree_root(hashes); }

Tree::Tree(std::uint64_t size, std::array<std::vector<Sha256>, kTileLevels> edge)
    : size_(size), edge_(std::move(edge)) {
  for (const auto& hashes : edge_) {
    CHECK(hashes.size() == size % kTileWidth);
    size /= kTileWidth;
  }
}

void Tree::append(const Sha256& leaf, const FullTile& full_tile) {
  Sha256 hash = leaf;
  std::uint64_t number = size_ / kTileWidth;
  ++size_;
  for (std::size_t level = 0; level < kTileLevels; ++level, number /= kTileWidth) {
    std::vector<Sha256>& hashes = edge_[level];
    hashes.push_back(hash);
    if (hashes.size() < kTileWidth) return;
    full_tile(level, number, hashes);
    hash = subtree_root(hashes);
    hashes.clear();
  }
  CHECK(false);
}

Sha256 Tree::root() const {
  if (size_ == 0) return sha256({});
  // The tree is a row of perfect trees, larger ones to the left; RFC 6962 joins them from the right.
  std::optional<Sha256> joined;
  for (const auto& hashes : edge_) {
    for (std::size_t rest = hashes.size(); rest > 0;) {
      const std::size_t width = rest & (~rest + 1);  // the lowest set bit
      const Sha256 perfect = subtree_root(std::span(hashes).subspan(rest - width, width));
      joined = joined ? node_hash(perfect, *joined) : perfect;
      rest -= width;
    }
  }
  return *joined;
}

}  // namespace reeve::ledger
