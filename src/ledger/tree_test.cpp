#include "ledger/tree.h"

#include <gtest/gtest.h>

#include <map>

#include "core/bytes.h"

namespace reeve::ledger {
namespace {

std::string hex(const Sha256& hash) { return to_hex(as_bytes(hash)); }

std::vector<Sha256> numbered_leaves(std::size_t count) {
  std::vector<Sha256> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("entry " + std::to_string(i)));
  return leaves;
}

// The eight leaves and the roots that Certificate Transparency's implementations test against.
TEST(TreeRoot, GivesTheKnownValues) {
  const std::vector<std::string> data{"",
                                      std::string(1, '\0'),
                                      "\x10",
                                      "\x20\x21",
                                      "\x30\x31",
                                      "\x40\x41\x42\x43",
                                      "\x50\x51\x52\x53\x54\x55\x56\x57",
                                      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::vector<std::string> roots{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                       "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<Sha256> leaves;
  Tree tree;
  for (std::size_t size = 0; size <= data.size(); ++size) {
    EXPECT_EQ(hex(tree_root(leaves)), roots[size]);
    EXPECT_EQ(hex(tree.root()), roots[size]);
    if (size == data.size()) break;
    leaves.push_back(leaf_hash(data[size]));
    tree.append(leaves.back(), [](auto...) { FAIL(); });
  }
}

TEST(Tree, HasTheRootOfTheDefinitionAtEverySize) {
  const auto leaves = numbered_leaves(1300);
  Tree tree;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(tree.size(), size);
    EXPECT_EQ(tree.root(), tree_root(std::span(leaves).first(size))) << size;
    if (size < leaves.size()) tree.append(leaves[size], [](auto...) {});
  }
}

TEST(Tree, GivesTilesAsTheSpecificationDefinesThem) {
  // C2SP tlog-tiles names this size as its example: 273 full tiles and widths 112, 17 and 1 at the edge.
  const auto leaves = numbered_leaves(70'000);
  std::map<std::pair<std::size_t, std::uint64_t>, std::vector<Sha256>> tiles;
  Tree tree;
  for (const Sha256& leaf : leaves) {
    tree.append(leaf, [&](std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
      ASSERT_TRUE(tiles.emplace(std::pair(level, number), std::vector(hashes.begin(), hashes.end())).second);
    });
  }
  EXPECT_EQ(tree.root(), tree_root(leaves));
  EXPECT_EQ(tiles.size(), 274U);
  EXPECT_EQ(tree.edge(0).size(), 112U);
  EXPECT_EQ(tree.edge(1).size(), 17U);
  EXPECT_EQ(tree.edge(2).size(), 1U);
  for (const auto& [place, hashes] : tiles) {
    ASSERT_EQ(hashes.size(), kTileWidth);
    const std::size_t span = place.first == 0 ? 1 : 256;
    for (std::size_t i = 0; i < kTileWidth; ++i) {
      const std::size_t first = (place.second * kTileWidth + i) * span;
      ASSERT_EQ(hashes[i], tree_root(std::span(leaves).subspan(first, span)));
    }
  }
  EXPECT_EQ(tree.edge(2)[0], tree_root(std::span(leaves).first(65'536)));
}

TEST(Tree, GoesOnFromItsEdge) {
  const auto leaves = numbered_leaves(1000);
  Tree whole;
  Tree part;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (i == 600) {
      std::array<std::vector<Sha256>, kTileLevels> edge;
      for (std::size_t level = 0; level < kTileLevels; ++level) {
        edge[level].assign(whole.edge(level).begin(), whole.edge(level).end());
      }
      part = Tree(600, std::move(edge));
    }
    if (i >= 600) part.append(leaves[i], [](auto...) {});
    whole.append(leaves[i], [](auto...) {});
  }
  EXPECT_EQ(part.root(), tree_root(leaves));
}

}  // namespace
}  // namespace reeve::ledger
