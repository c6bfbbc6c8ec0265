#pragma once

// What every implementation of policy::CheckRegister must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()` and `policy::CheckRegister& checks()`, each instance
// with storage of its own.

#include <gtest/gtest.h>

#include <thread>

#include "policy/policy.h"

namespace reeve::store {

inline policy::CheckState sample_report(const std::string& name, bool green, std::int64_t seconds = 1'700'000'000) {
  return {.name = name,
          .green = green,
          .reason = "the \"auditor\" said so; it's für '); DROP TABLE check_report; --",
          .reported_by = "audit-job@example.com",
          .reported_at = from_unix_seconds(seconds),
          .until = from_unix_seconds(seconds + 3600) + std::chrono::nanoseconds(7)};
}

inline void expect_same(const policy::CheckState& left, const policy::CheckState& right) {
  EXPECT_EQ(left.name, right.name);
  EXPECT_EQ(left.green, right.green);
  EXPECT_EQ(left.reason, right.reason);
  EXPECT_EQ(left.reported_by, right.reported_by);
  EXPECT_EQ(left.reported_at, right.reported_at);
  EXPECT_EQ(left.until, right.until);
}

template <typename Storage>
class CheckRegisterConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  policy::CheckRegister& checks() { return storage_->checks(); }
  std::vector<policy::CheckState> listed() {
    auto list = checks().list();
    EXPECT_TRUE(list.ok());
    return list.ok() ? *std::move(list) : std::vector<policy::CheckState>();
  }
  void expect_refused(const policy::CheckState& state) {
    const auto before = checks().generation();
    const auto reported = checks().report(state);
    ASSERT_FALSE(reported.ok()) << state.name;
    EXPECT_EQ(reported.error().code, ErrorCode::kInvalid);
    EXPECT_FALSE(reported.error().message.empty());
    EXPECT_EQ(checks().generation(), before);
  }
};
TYPED_TEST_SUITE_P(CheckRegisterConformance);

TYPED_TEST_P(CheckRegisterConformance, StartsEmpty) { EXPECT_TRUE(this->listed().empty()); }

TYPED_TEST_P(CheckRegisterConformance, KeepsEveryFieldAndListsByName) {
  const auto green = sample_report("sessions-audited", true);
  const auto red = sample_report("dependencies-scanned", false, 5);
  ASSERT_TRUE(this->checks().report(green).ok());
  ASSERT_TRUE(this->checks().report(red).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 2u);
  expect_same(list[0], red);
  expect_same(list[1], green);
}

TYPED_TEST_P(CheckRegisterConformance, TheLastReportHoldsWhateverItsClockSaid) {
  ASSERT_TRUE(this->checks().report(sample_report("sessions-audited", true, 500)).ok());
  ASSERT_TRUE(this->checks().report(sample_report("sessions-audited", true, 600)).ok());
  const auto last = sample_report("sessions-audited", false, 100);
  ASSERT_TRUE(this->checks().report(last).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 1u);
  expect_same(list[0], last);
}

TYPED_TEST_P(CheckRegisterConformance, RefusesNamesThatNoRuleCanHave) {
  for (const std::string& name :
       {std::string(), std::string("Sessions"), std::string("sessions audited"), std::string("sessions_audited"),
        std::string("sessions\n"), std::string("größe"), std::string("a\0b", 3), std::string(64, 'a')}) {
    this->expect_refused(sample_report(name, true));
  }
  EXPECT_TRUE(this->listed().empty());
  EXPECT_TRUE(this->checks().report(sample_report(std::string(63, 'z'), true)).ok());
  EXPECT_TRUE(this->checks().report(sample_report("0-9", true)).ok());
}

TYPED_TEST_P(CheckRegisterConformance, RefusesReportsThatSayTooLittleOrTooMuch) {
  const auto good = sample_report("sessions-audited", true);
  for (const std::string& text : {std::string(), std::string(" "), std::string("two\nlines"), std::string("\x1b[31m"),
                                  std::string("\xff"), std::string(1001, 'x')}) {
    auto bad_reason = good;
    bad_reason.reason = text;
    this->expect_refused(bad_reason);
    auto bad_reporter = good;
    bad_reporter.reported_by = text;
    this->expect_refused(bad_reporter);
  }
  auto never_valid = good;
  never_valid.until = never_valid.reported_at;
  this->expect_refused(never_valid);
  EXPECT_TRUE(this->listed().empty());
}

TYPED_TEST_P(CheckRegisterConformance, GenerationMovesWithEveryReportAndOnlyThen) {
  const auto start = this->checks().generation();
  EXPECT_TRUE(this->listed().empty());
  EXPECT_EQ(this->checks().generation(), start);
  ASSERT_TRUE(this->checks().report(sample_report("sessions-audited", true)).ok());
  const auto first = this->checks().generation();
  EXPECT_GT(first, start);
  ASSERT_TRUE(this->checks().report(sample_report("sessions-audited", true)).ok());
  EXPECT_GT(this->checks().generation(), first);
}

TYPED_TEST_P(CheckRegisterConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  const auto start = this->checks().generation();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      const std::string name = "check-" + std::to_string(t);
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(this->checks().report(sample_report(name, i + 1 == kEach, i)).ok());
        EXPECT_TRUE(this->checks().list().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto list = this->listed();
  ASSERT_EQ(list.size(), std::size_t{kThreads});
  for (const policy::CheckState& state : list) {
    EXPECT_TRUE(state.green);
    EXPECT_EQ(state.reported_at, from_unix_seconds(kEach - 1));
  }
  EXPECT_GE(this->checks().generation(), start + kThreads * kEach);
}

REGISTER_TYPED_TEST_SUITE_P(CheckRegisterConformance, StartsEmpty, KeepsEveryFieldAndListsByName,
                            TheLastReportHoldsWhateverItsClockSaid, RefusesNamesThatNoRuleCanHave,
                            RefusesReportsThatSayTooLittleOrTooMuch, GenerationMovesWithEveryReportAndOnlyThen,
                            ManyThreadsLoseNothing);

}  // namespace reeve::store
