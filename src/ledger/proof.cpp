#include "ledger/proof.h"

#include <algorithm>
#include <bit>

namespace reeve::ledger {

namespace {

bool is_odd(std::uint64_t number) { return (number & 1U) != 0; }

/// Where a path stands in the tree: the node that it has reached, and the last node of that level.
struct Climb {
  std::uint64_t node;
  std::uint64_t last;

  /// Whether the next hash of the path is the left one of the pair.
  bool sibling_is_left() const { return is_odd(node) || node == last; }
  void up() {
    node >>= 1U;
    last >>= 1U;
  }
  /// The last node of a level without a sibling stands for itself on the levels above, until it has one.
  void up_to_a_right_node() {
    while (!is_odd(node) && node != 0) up();
  }
};

}  // namespace

bool proves_inclusion(const HashPath& path, const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Sha256& root) {
  if (index >= size) return false;
  Climb climb{index, size - 1};
  Sha256 reached = leaf;
  for (const Sha256& sibling : path) {
    if (climb.last == 0) return false;
    if (climb.sibling_is_left()) {
      reached = node_hash(sibling, reached);
      climb.up_to_a_right_node();
    } else {
      reached = node_hash(reached, sibling);
    }
    climb.up();
  }
  return climb.last == 0 && reached == root;
}

bool proves_consistency(const HashPath& path, std::uint64_t old_size, const Sha256& old_root, std::uint64_t size,
                        const Sha256& root) {
  if (old_size > size) return false;
  if (old_size == size) return path.empty() && old_root == root;
  if (old_size == 0) return path.empty() && old_root == sha256({});
  Climb climb{old_size - 1, size - 1};
  while (is_odd(climb.node)) climb.up();
  // A perfect old tree is the first node of the path itself, so the path leaves it out.
  const bool perfect = std::has_single_bit(old_size);
  if (!perfect && path.empty()) return false;
  Sha256 old_reached = perfect ? old_root : path.front();
  Sha256 reached = old_reached;
  for (std::size_t i = perfect ? 0 : 1; i < path.size(); ++i) {
    if (climb.last == 0) return false;
    if (climb.sibling_is_left()) {
      old_reached = node_hash(path[i], old_reached);
      reached = node_hash(path[i], reached);
      climb.up_to_a_right_node();
    } else {
      reached = node_hash(reached, path[i]);
    }
    climb.up();
  }
  return climb.last == 0 && old_reached == old_root && reached == root;
}

}  // namespace reeve::ledger
