#pragma once

// What every implementation of identity::KillSwitchStore must do, whichever storage is below. A test file instantiates
// the suite with a type that has `static std::unique_ptr<T> make()` and `identity::KillSwitchStore& cutoffs()`, each
// instance with storage of its own.

#include <gtest/gtest.h>

#include <thread>

#include "identity/identity.h"

namespace reeve::store {

inline identity::Cutoff sample_cutoff(const std::string& id, std::int64_t at_seconds = 1'700'000'000) {
  identity::Cutoff cutoff;
  cutoff.id = id;
  cutoff.scope = {identity::CutoffKind::kPerson, "ada@example.com"};
  cutoff.reason = "it's a key on a \"paste\" site'); DROP TABLE cutoff; -- ä";
  cutoff.by = "security";
  cutoff.at = from_unix_seconds(at_seconds);
  return cutoff;
}

template <typename Storage>
class KillSwitchConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  identity::KillSwitchStore& cutoffs() { return storage_->cutoffs(); }
  std::vector<identity::Cutoff> listed(std::int64_t at_seconds = 1'700'000'010) {
    auto list = cutoffs().list(from_unix_seconds(at_seconds));
    EXPECT_TRUE(list.ok()) << list.error().message;
    return list.ok() ? *std::move(list) : std::vector<identity::Cutoff>();
  }
};
TYPED_TEST_SUITE_P(KillSwitchConformance);

TYPED_TEST_P(KillSwitchConformance, StartsEmpty) {
  EXPECT_TRUE(this->listed().empty());
  EXPECT_TRUE(this->cutoffs().history(10)->empty());
  EXPECT_FALSE(this->cutoffs().find("cut_none").value());
}

TYPED_TEST_P(KillSwitchConformance, KeepsEveryField) {
  auto full = sample_cutoff("cut_full");
  full.scope = {identity::CutoffKind::kModel, "claude-*"};
  full.until = from_unix_seconds(1'700'000'100) + std::chrono::microseconds(7);
  full.practice = true;
  full.drill = "drill_1";
  auto bare = sample_cutoff("cut_bare");
  bare.scope = {};
  ASSERT_TRUE(this->cutoffs().put(full).ok());
  ASSERT_TRUE(this->cutoffs().put(bare).ok());
  EXPECT_EQ(this->listed(), (std::vector{full, bare}));
  EXPECT_EQ(*this->cutoffs().find("cut_full").value(), full);
}

TYPED_TEST_P(KillSwitchConformance, ListsWhatIsInForceAndKeepsTheRest) {
  auto timed = sample_cutoff("cut_timed");
  timed.until = from_unix_seconds(1'700'000'020);
  ASSERT_TRUE(this->cutoffs().put(timed).ok());
  ASSERT_TRUE(this->cutoffs().put(sample_cutoff("cut_other")).ok());
  EXPECT_EQ(this->listed(1'700'000'019).size(), 2u);
  EXPECT_EQ(this->listed(1'700'000'020).size(), 1u);
  ASSERT_TRUE(this->cutoffs().end("cut_other", from_unix_seconds(1'700'000'005), "ada", "it is over").ok());
  EXPECT_TRUE(this->listed(1'700'000'020).empty());
  const auto history = this->cutoffs().history(10).value();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].id, "cut_other");
  EXPECT_EQ(history[0].ended, from_unix_seconds(1'700'000'005));
  EXPECT_EQ(history[0].ended_by, "ada");
  EXPECT_EQ(history[0].ended_reason, "it is over");
  EXPECT_EQ(this->cutoffs().history(1)->size(), 1u);
}

TYPED_TEST_P(KillSwitchConformance, RefusesASecondOneOfTheSameId) {
  ASSERT_TRUE(this->cutoffs().put(sample_cutoff("cut_one")).ok());
  const auto again = this->cutoffs().put(sample_cutoff("cut_one"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  ASSERT_TRUE(this->cutoffs().end("cut_one", from_unix_seconds(1), "ada", "").ok());
  EXPECT_FALSE(this->cutoffs().put(sample_cutoff("cut_one")).ok()) << "nor once it was ended";
  EXPECT_TRUE(this->listed().empty());
}

TYPED_TEST_P(KillSwitchConformance, EndsOnceAndKeepsTheFirst) {
  ASSERT_TRUE(this->cutoffs().put(sample_cutoff("cut_one")).ok());
  ASSERT_TRUE(this->cutoffs().end("cut_one", from_unix_seconds(50), "ada", "").ok());
  ASSERT_TRUE(this->cutoffs().end("cut_one", from_unix_seconds(60), "bob", "").ok());
  EXPECT_EQ(this->cutoffs().find("cut_one").value()->ended_by, "ada");
  const auto none = this->cutoffs().end("cut_none", from_unix_seconds(50), "ada", "");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(KillSwitchConformance, GenerationMovesWithEveryChangeAndOnlyThen) {
  const auto start = this->cutoffs().generation();
  EXPECT_TRUE(this->listed().empty());
  EXPECT_EQ(this->cutoffs().generation(), start);
  ASSERT_TRUE(this->cutoffs().put(sample_cutoff("cut_one")).ok());
  const auto put = this->cutoffs().generation();
  EXPECT_NE(put, start);
  ASSERT_FALSE(this->cutoffs().put(sample_cutoff("cut_one")).ok());
  EXPECT_EQ(this->cutoffs().generation(), put);
  ASSERT_TRUE(this->cutoffs().end("cut_one", from_unix_seconds(1), "ada", "").ok());
  EXPECT_NE(this->cutoffs().generation(), put);
}

TYPED_TEST_P(KillSwitchConformance, DrillsAreSeenForAWhileAndTakeReports) {
  identity::Drill drill{
      "drill_1", {identity::CutoffKind::kGroup, "contractors"}, true, 20, "ada", from_unix_seconds(1'700'000'000)};
  const auto before = this->cutoffs().generation();
  ASSERT_TRUE(this->cutoffs().announce_drill(drill).ok());
  EXPECT_NE(this->cutoffs().generation(), before);
  EXPECT_EQ(this->cutoffs().drills(from_unix_seconds(1'700'000'010)).value(), std::vector{drill});
  EXPECT_TRUE(
      this->cutoffs().drills(from_unix_seconds(1'700'000'000) + identity::KillSwitchStore::kDrillLasts)->empty());
  ASSERT_TRUE(this->cutoffs().report_drill("drill_1", {"node-b", false, "{}"}).ok());
  ASSERT_TRUE(this->cutoffs().report_drill("drill_1", {"node-a", false, "{}"}).ok());
  ASSERT_TRUE(this->cutoffs().report_drill("drill_1", {"node-b", true, R"({"calls":3})"}).ok());
  const std::vector<identity::DrillReport> wanted{{"node-a", false, "{}"}, {"node-b", true, R"({"calls":3})"}};
  EXPECT_EQ(this->cutoffs().drill_reports("drill_1").value(), wanted);
  EXPECT_TRUE(this->cutoffs().drill_reports("drill_2")->empty());
}

TYPED_TEST_P(KillSwitchConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 6;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string id = "cut_" + std::to_string(t) + "_" + std::to_string(i);
        EXPECT_TRUE(this->cutoffs().put(sample_cutoff(id)).ok());
        EXPECT_TRUE(this->cutoffs().list(from_unix_seconds(1'700'000'010)).ok());
        if (i % 2 == 0) EXPECT_TRUE(this->cutoffs().end(id, from_unix_seconds(5), "ada", "").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(this->listed().size(), std::size_t{kThreads * kEach / 2});
  EXPECT_EQ(this->cutoffs().history(100)->size(), std::size_t{kThreads * kEach});
}

REGISTER_TYPED_TEST_SUITE_P(KillSwitchConformance, StartsEmpty, KeepsEveryField, ListsWhatIsInForceAndKeepsTheRest,
                            RefusesASecondOneOfTheSameId, EndsOnceAndKeepsTheFirst,
                            GenerationMovesWithEveryChangeAndOnlyThen, DrillsAreSeenForAWhileAndTakeReports,
                            ManyThreadsLoseNothing);

}  // namespace reeve::store
