#include "identity/hash_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace reeve::identity {
namespace {

Sha256 hash(int number) { return sha256(std::to_string(number)); }

TEST(HashCache, ForgetsWhatWasNotAskedForTheLongest) {
  HashCache<int> cache(3);
  for (int i = 0; i < 3; ++i) cache.put(hash(i), i);
  ASSERT_NE(cache.find(hash(0)), nullptr);
  cache.put(hash(3), 3);
  EXPECT_EQ(cache.find(hash(1)), nullptr);
  for (const int kept : {0, 2, 3}) {
    ASSERT_NE(cache.find(hash(kept)), nullptr);
    EXPECT_EQ(*cache.find(hash(kept)), kept);
  }
  cache.put(hash(2), 20);
  EXPECT_EQ(*cache.find(hash(2)), 20);
  EXPECT_EQ(cache.size(), 3u);
  cache.erase(hash(2));
  cache.erase(hash(99));
  EXPECT_EQ(cache.size(), 2u);
}

TEST(HashCache, NeverGrowsAndNeverLies) {
  std::mt19937 random(7);
  HashCache<int> cache(50);
  std::map<int, int> truth;
  for (int step = 0; step < 20'000; ++step) {
    const int key = static_cast<int>(random() % 200);
    switch (random() % 3) {
      case 0:
        truth[key] = step;
        cache.put(hash(key), step);
        break;
      case 1:
        truth.erase(key);
        cache.erase(hash(key));
        break;
      default: {
        const int* found = cache.find(hash(key));
        if (found != nullptr) EXPECT_EQ(*found, truth.at(key));
      }
    }
    ASSERT_LE(cache.size(), 50u);
  }
}

}  // namespace
}  // namespace reeve::identity
