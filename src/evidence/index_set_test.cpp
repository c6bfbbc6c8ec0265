#include <gtest/gtest.h>

#include <set>

#include "evidence/evidence.h"

namespace reeve::evidence {
namespace {

IndexSet set_of(const std::set<std::uint64_t>& indexes) {
  IndexSet set;
  for (const std::uint64_t index : indexes) set.add(index);
  return set;
}

std::set<std::uint64_t> indexes_of(const IndexSet& set) {
  std::set<std::uint64_t> indexes;
  for (const IndexSet::Run& run : set.runs()) {
    for (std::uint64_t i = 0; i < run.count; ++i) EXPECT_TRUE(indexes.insert(run.first + i).second);
  }
  return indexes;
}

TEST(IndexSet, KeepsNeighboursAsOneRun) {
  const IndexSet set = set_of({3, 4, 5, 9, 10, 12});
  ASSERT_EQ(set.runs().size(), 3U);
  EXPECT_EQ(set.runs()[0].first, 3U);
  EXPECT_EQ(set.runs()[0].count, 3U);
  EXPECT_EQ(set.count(), 6U);
}

TEST(IndexSet, TheLastIndexAgainChangesNothing) {
  IndexSet set;
  for (const std::uint64_t index : {7U, 7U, 8U, 8U}) set.add(index);
  EXPECT_EQ(set.count(), 2U);
  EXPECT_EQ(set.runs().size(), 1U);
}

/// All pairs of sets of six indexes: what they have together is what std::set says, in as few runs as there can be.
TEST(IndexSet, UnitesEveryPairOfSmallSets) {
  const auto small_set = [](unsigned bits) {
    std::set<std::uint64_t> indexes;
    for (unsigned i = 0; i < 6; ++i) {
      if ((bits >> i & 1U) != 0) indexes.insert(i);
    }
    return indexes;
  };
  for (unsigned left = 0; left < 64; ++left) {
    for (unsigned right = 0; right < 64; ++right) {
      IndexSet both = set_of(small_set(left));
      both.unite(set_of(small_set(right)));
      const IndexSet expected = set_of(small_set(left | right));
      ASSERT_EQ(indexes_of(both), small_set(left | right)) << left << " and " << right;
      ASSERT_EQ(both.runs().size(), expected.runs().size()) << left << " and " << right;
    }
  }
}

}  // namespace
}  // namespace reeve::evidence
