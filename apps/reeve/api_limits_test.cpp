#include "reeve/api_limits.h"

#include <gtest/gtest.h>

namespace reeve::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Moment at(Duration since) { return Moment{} + std::chrono::hours(1) + since; }

TEST(TokenBuckets, GivesABurstAndThenWhatComesBack) {
  TokenBuckets buckets({10, 3});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(buckets.take("ada", at(seconds(0))));
  EXPECT_EQ(buckets.take("ada", at(seconds(0))), Duration(milliseconds(100)));
  EXPECT_FALSE(buckets.take("grace", at(seconds(0)))) << "one takes nothing from another";
  EXPECT_FALSE(buckets.take("ada", at(milliseconds(100))));
  EXPECT_TRUE(buckets.take("ada", at(milliseconds(150))));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(buckets.take("ada", at(seconds(3600)))) << "no more than a burst is saved";
  EXPECT_TRUE(buckets.take("ada", at(seconds(3600))));
}

TEST(TokenBuckets, IsBoundedAndForgetsThoseThatAreFull) {
  TokenBuckets buckets({1, 2});
  for (std::size_t i = 0; i < 2 * TokenBuckets::kKnownMax; ++i) {
    buckets.take("address " + std::to_string(i), at(seconds(0)));
  }
  EXPECT_EQ(buckets.known(), TokenBuckets::kKnownMax);
  EXPECT_TRUE(buckets.take("a newcomer", at(seconds(0)))) << "newcomers share one";
  EXPECT_FALSE(buckets.take("a newcomer", at(seconds(10))));
  EXPECT_EQ(buckets.known(), 1U);
}

}  // namespace
}  // namespace reeve::app
