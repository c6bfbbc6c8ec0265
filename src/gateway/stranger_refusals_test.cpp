#include "gateway/stranger_refusals.h"

#include <gtest/gtest.h>

namespace reeve::gateway {
namespace {

TEST(StrangerRefusals, AFloodIsCountedAndAccountedForInOneEntry) {
  StrangerRefusals refusals;
  const Moment start = Moment{} + std::chrono::hours(1);
  int admitted = 0;
  for (int i = 0; i < 1'000; ++i) admitted += refusals.admit(wire::RefusalReason::kBadCredential, start) ? 1 : 0;
  EXPECT_EQ(admitted, static_cast<int>(StrangerRefusals::kBurst));
  EXPECT_FALSE(refusals.admit(wire::RefusalReason::kNoCredential, start));
  EXPECT_EQ(refusals.take_summary(), R"({"by_reason":{"bad_credential":800,"no_credential":1},"total":801})");
  EXPECT_EQ(refusals.take_summary(), "");
}

TEST(StrangerRefusals, TheAllowanceComesBackWithTime) {
  StrangerRefusals refusals;
  Moment now = Moment{} + std::chrono::hours(1);
  while (refusals.admit(wire::RefusalReason::kBadCredential, now)) {
  }
  now += std::chrono::seconds(1);
  int admitted = 0;
  while (refusals.admit(wire::RefusalReason::kBadCredential, now)) ++admitted;
  EXPECT_EQ(admitted, static_cast<int>(StrangerRefusals::kPerSecond));
}

}  // namespace
}  // namespace reeve::gateway
