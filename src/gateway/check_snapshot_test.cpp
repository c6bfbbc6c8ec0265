#include "gateway/check_snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace reeve::gateway {
namespace {

/// A register that the test fills, breaks and counts the readings of.
class FakeRegister final : public policy::CheckRegister {
 public:
  Result<void> report(const policy::CheckState& state) override {
    states.push_back(state);
    ++moved;
    return {};
  }
  Result<std::vector<policy::CheckState>> list() override {
    ++readings;
    if (broken) return Error{ErrorCode::kUnavailable, "the disk is gone"};
    return states;
  }
  std::uint64_t generation() const override { return moved; }

  std::vector<policy::CheckState> states;
  std::uint64_t moved = 0;
  int readings = 0;
  bool broken = false;
};

using Checks = std::map<std::string, bool>;

class CheckSnapshotTest : public ::testing::Test {
 protected:
  void report(const std::string& name, bool green, std::int64_t until_seconds) {
    ASSERT_TRUE(register_
                    .report({.name = name,
                             .green = green,
                             .reason = "r",
                             .reported_by = "b",
                             .until = from_unix_seconds(until_seconds)})
                    .ok());
  }
  const Checks& at(std::int64_t seconds) { return snapshot_.at(from_unix_seconds(seconds)); }

  FakeRegister register_;
  ManualClock clock_{from_unix_seconds(0)};
  CheckSnapshot snapshot_{&register_, clock_};
};

TEST_F(CheckSnapshotTest, HoldsWhatIsReportedAndNotTooOld) {
  EXPECT_EQ(at(0), Checks());
  report("audited", true, 100);
  report("scanned", false, 50);
  report("long-ago", true, 10);
  EXPECT_EQ(at(10), (Checks{{"audited", true}, {"scanned", false}}));
}

TEST_F(CheckSnapshotTest, SeesAReportAtTheNextLook) {
  report("audited", true, 100);
  EXPECT_EQ(at(1), (Checks{{"audited", true}}));
  register_.states.clear();
  report("audited", false, 100);
  EXPECT_EQ(at(1), (Checks{{"audited", false}}));
}

TEST_F(CheckSnapshotTest, ReadsOnlyWhenSomethingChanged) {
  report("audited", true, 100);
  for (int i = 0; i < 50; ++i) at(i);
  EXPECT_EQ(register_.readings, 1);
  report("scanned", true, 100);
  for (int i = 50; i < 200; ++i) at(i);
  EXPECT_EQ(register_.readings, 2);
}

TEST_F(CheckSnapshotTest, DropsEachReportTheMomentItIsTooOld) {
  report("audited", true, 100);
  report("scanned", false, 50);
  EXPECT_EQ(at(0).size(), 2U);
  const Instant scanned_until = from_unix_seconds(50);
  EXPECT_EQ(snapshot_.at(scanned_until - std::chrono::nanoseconds(1)).size(), 2U);
  EXPECT_EQ(snapshot_.at(scanned_until), (Checks{{"audited", true}}));
  EXPECT_EQ(at(99), (Checks{{"audited", true}}));
  EXPECT_EQ(at(100), Checks());
  EXPECT_EQ(at(1000), Checks());
}

TEST_F(CheckSnapshotTest, NothingCountsWhileTheRegisterCannotBeRead) {
  report("audited", true, 100);
  EXPECT_EQ(at(1).size(), 1U);
  register_.broken = true;
  EXPECT_EQ(at(1).size(), 1U) << "nothing has changed";
  report("audited", false, 100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(at(1), Checks());
  EXPECT_EQ(register_.readings, 2) << "a broken register is not asked for every call";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(at(1), Checks());
  EXPECT_EQ(register_.readings, 3);
  register_.broken = false;
  register_.states = {register_.states.back()};
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(at(1), (Checks{{"audited", false}})) << "it comes back by itself";
  EXPECT_EQ(register_.readings, 4);
}

TEST_F(CheckSnapshotTest, ANewReportIsReadAtOnceAlsoAfterAFailure) {
  register_.broken = true;
  EXPECT_EQ(at(1), Checks());
  register_.broken = false;
  report("audited", true, 100);
  EXPECT_EQ(at(1), (Checks{{"audited", true}}));
}

TEST_F(CheckSnapshotTest, LogsAFailureOnceForEachChange) {
  register_.broken = true;
  ::testing::internal::CaptureStderr();
  const auto lines = [] {
    const std::string text = ::testing::internal::GetCapturedStderr();
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int i = 0; i < 3; ++i) {
    at(1);
    clock_.advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(lines(), 1);
  ::testing::internal::CaptureStderr();
  report("audited", true, 100);
  for (int i = 0; i < 3; ++i) at(1);
  EXPECT_EQ(lines(), 1);
}

TEST(CheckSnapshot, WithoutARegisterNothingIsReported) {
  const ManualClock clock(from_unix_seconds(0));
  CheckSnapshot snapshot(nullptr, clock);
  EXPECT_TRUE(snapshot.at(from_unix_seconds(1)).empty());
}

}  // namespace
}  // namespace reeve::gateway
