#pragma once

// What every implementation of spend::SliceStore must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()`, each instance with storage of its own, and
// `std::unique_ptr<spend::SliceStore> open()`, which gives a store on that storage as another process would have it.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <random>
#include <thread>

#include "spend/spend.h"

namespace reeve::store {

inline spend::SliceRequest sample_request(const std::string& counter, std::int64_t limit, std::int64_t wanted,
                                          std::int64_t spent = 0, std::int64_t reserved = 0) {
  return {.counter = counter,
          .window_begin = from_unix_seconds(4'000'000'000),
          .window_end = from_unix_seconds(4'002'592'000),
          .limit = limit,
          .spent = spent,
          .reserved = reserved,
          .wanted = wanted};
}

inline void expect_same(const spend::Slice& left, std::int64_t granted, std::int64_t spent_all,
                        std::int64_t granted_all) {
  EXPECT_EQ(left.granted, granted);
  EXPECT_EQ(left.spent_all, spent_all);
  EXPECT_EQ(left.granted_all, granted_all);
}

inline void expect_same(const spend::SliceRequest& left, const spend::SliceRequest& right) {
  EXPECT_EQ(left.counter, right.counter);
  EXPECT_EQ(left.window_begin, right.window_begin);
  EXPECT_EQ(left.window_end, right.window_end);
  EXPECT_EQ(left.limit, right.limit);
  EXPECT_EQ(left.spent, right.spent);
  EXPECT_EQ(left.reserved, right.reserved);
  EXPECT_EQ(left.wanted, right.wanted);
}

template <typename Storage>
class SliceStoreConformance : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

  std::unique_ptr<Storage> storage_ = Storage::make();
  std::unique_ptr<spend::SliceStore> store_ = storage_->open();

  std::vector<spend::Slice> exchange(std::string_view node, const std::vector<spend::SliceRequest>& requests) {
    auto slices = store_->exchange(node, requests);
    EXPECT_TRUE(slices.ok()) << slices.error().message;
    if (!slices) return std::vector<spend::Slice>(requests.size());
    EXPECT_EQ(slices->size(), requests.size());
    slices->resize(requests.size());
    return *std::move(slices);
  }
  spend::Slice exchange(std::string_view node, const spend::SliceRequest& request) {
    return exchange(node, std::vector{request}).front();
  }
  std::vector<spend::SliceRequest> held_by(spend::SliceStore& store, std::string_view node) {
    auto held = store.held_by(node);
    EXPECT_TRUE(held.ok()) << held.error().message;
    return held.ok() ? *std::move(held) : std::vector<spend::SliceRequest>();
  }
  void expect_invalid(const std::vector<spend::SliceRequest>& requests) {
    const auto slices = store_->exchange("a", requests);
    ASSERT_FALSE(slices.ok());
    EXPECT_EQ(slices.error().code, ErrorCode::kInvalid);
  }
};
TYPED_TEST_SUITE_P(SliceStoreConformance);

TYPED_TEST_P(SliceStoreConformance, GrantsNoMoreThanTheLimitOverAllNodes) {
  expect_same(this->exchange("a", sample_request("team", 100, 60)), 60, 0, 60);
  expect_same(this->exchange("b", sample_request("team", 100, 60)), 40, 0, 100);
  expect_same(this->exchange("c", sample_request("team", 100, 60)), 0, 0, 100);
  expect_same(this->exchange("a", sample_request("team", 100, 70)), 60, 0, 100);
}

TYPED_TEST_P(SliceStoreConformance, AnswersInTheOrderOfTheRequests) {
  const auto slices = this->exchange("a", {sample_request("z", 9, 1), sample_request("a", 9, 2),
                                           sample_request("m", 9, 3), sample_request("b", 9, 4)});
  for (std::size_t i = 0; i < slices.size(); ++i) EXPECT_EQ(slices[i].granted, static_cast<std::int64_t>(i + 1));
  EXPECT_TRUE(this->exchange("a", std::vector<spend::SliceRequest>()).empty()) << "a sign of life, no more";
}

TYPED_TEST_P(SliceStoreConformance, WhatIsGivenBackIsThereForOthers) {
  this->exchange("a", sample_request("team", 100, 100));
  expect_same(this->exchange("a", sample_request("team", 100, 30, 10, 5)), 30, 10, 30);
  expect_same(this->exchange("b", sample_request("team", 100, 100)), 70, 10, 100);
}

TYPED_TEST_P(SliceStoreConformance, WhatIsSpentOrReservedIsNotGivenBack) {
  this->exchange("a", sample_request("team", 100, 100));
  expect_same(this->exchange("a", sample_request("team", 100, 0, 40, 20)), 60, 40, 60);
  expect_same(this->exchange("b", sample_request("team", 100, 100)), 40, 40, 100);
}

TYPED_TEST_P(SliceStoreConformance, RepeatingChangesNothing) {
  for (int i = 0; i < 3; ++i) expect_same(this->exchange("a", sample_request("team", 100, 60, 50, 3)), 60, 50, 60);
  for (int i = 0; i < 3; ++i) expect_same(this->exchange("b", sample_request("team", 100, 60, 7)), 40, 57, 100);
  for (int i = 0; i < 3; ++i) expect_same(this->exchange("a", sample_request("team", 100, 55, 51)), 55, 58, 95);
}

TYPED_TEST_P(SliceStoreConformance, SpentIsWhatTheNodeToldLast) {
  this->exchange("a", sample_request("team", 100, 60, 50));
  expect_same(this->exchange("a", sample_request("team", 100, 60, 20)), 60, 20, 60);
}

TYPED_TEST_P(SliceStoreConformance, ALoweredLimitTakesNothingAwayAndGrantsNothing) {
  this->exchange("a", sample_request("team", 100, 60));
  this->exchange("b", sample_request("team", 100, 30));
  expect_same(this->exchange("a", sample_request("team", 50, 70)), 60, 0, 90);
  expect_same(this->exchange("b", sample_request("team", 50, 31)), 30, 0, 90);
  expect_same(this->exchange("c", sample_request("team", 50, 1)), 0, 0, 90);
  expect_same(this->exchange("a", sample_request("team", 50, 5)), 5, 0, 35);
  expect_same(this->exchange("c", sample_request("team", 50, 50)), 15, 0, 50);
  expect_same(this->exchange("a", sample_request("team", 0, 6)), 5, 0, 50);
}

TYPED_TEST_P(SliceStoreConformance, ARaisedLimitHasMoreToGrant) {
  this->exchange("a", sample_request("team", 100, 100));
  expect_same(this->exchange("b", sample_request("team", 130, 100)), 30, 0, 130);
}

TYPED_TEST_P(SliceStoreConformance, WhatANodeOverspentIsMissingForOthers) {
  this->exchange("a", sample_request("team", 100, 50));
  expect_same(this->exchange("a", sample_request("team", 100, 50, 50, 0)), 50, 50, 50);
  this->exchange("b", sample_request("team", 100, 20));
  // 50 were granted, 75 were charged: there is room for it, and it is taken.
  expect_same(this->exchange("a", sample_request("team", 100, 75, 75)), 75, 75, 95);
  // And now beyond the limit: nothing is granted for it, but nobody else gets it either.
  expect_same(this->exchange("a", sample_request("team", 100, 90, 90)), 80, 90, 100);
  expect_same(this->exchange("b", sample_request("team", 100, 5, 5)), 5, 95, 85);
  expect_same(this->exchange("b", sample_request("team", 100, 20, 5)), 10, 95, 90);
  expect_same(this->exchange("c", sample_request("team", 100, 20)), 0, 95, 90);
}

TYPED_TEST_P(SliceStoreConformance, CountersAndWindowsAreSeparate) {
  auto request = sample_request("team", 100, 100);
  this->exchange("a", request);
  auto next_window = request;
  next_window.window_begin = request.window_end;
  next_window.window_end = from_unix_seconds(4'005'184'000);
  auto without_end = request;
  without_end.window_begin = {0};
  const auto slices = this->exchange("b", {request, next_window, without_end, sample_request("team2", 100, 100)});
  EXPECT_EQ(slices[0].granted, 0);
  for (std::size_t i = 1; i < slices.size(); ++i) expect_same(slices[i], 100, 0, 100);
}

TYPED_TEST_P(SliceStoreConformance, ANodeThatComesBackIsToldWhatItHeld) {
  EXPECT_TRUE(this->held_by(*this->store_, "a").empty());
  const auto team = sample_request("team", 100, 60, 50, 3);
  auto calls = sample_request("calls", 10, 4, 0, 2);
  calls.window_begin = {0};
  this->exchange("a", {team, calls, sample_request("untouched", 100, 0)});
  this->exchange("b", sample_request("team", 100, 7));
  this->store_ = this->storage_->open();
  const auto held = this->held_by(*this->store_, "a");
  ASSERT_EQ(held.size(), 2u);
  expect_same(held[0], calls);
  expect_same(held[1], team);
  // It settles what was under way, and goes on.
  expect_same(this->exchange("a", sample_request("team", 100, 60, 52)), 60, 52, 67);
}

TYPED_TEST_P(SliceStoreConformance, ANameBelongsToTheProcessThatTookItLast) {
  this->exchange("a", sample_request("team", 100, 60));
  this->exchange("b", sample_request("team", 100, 10));
  const auto restarted = this->storage_->open();
  EXPECT_EQ(this->held_by(*restarted, "a").size(), 1u);
  // The process of before, which was not as dead as it seemed, must not undo what the new one is about to do.
  for (int i = 0; i < 2; ++i) {
    const auto late = this->store_->exchange("a", std::vector{sample_request("team", 100, 0)});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::kConflict);
    const auto asked = this->store_->held_by("a");
    ASSERT_FALSE(asked.ok());
    EXPECT_EQ(asked.error().code, ErrorCode::kConflict);
  }
  expect_same(this->exchange("b", sample_request("team", 100, 100)), 40, 0, 100);
  EXPECT_EQ(this->held_by(*restarted, "a").front().wanted, 60);
}

TYPED_TEST_P(SliceStoreConformance, RefusesWhatCannotBeMeantAndChangesNothing) {
  const auto good = sample_request("team", 100, 10);
  for (auto amount : {&spend::SliceRequest::limit, &spend::SliceRequest::spent, &spend::SliceRequest::reserved,
                      &spend::SliceRequest::wanted}) {
    auto negative = sample_request("other", 100, 10);
    negative.*amount = -1;
    this->expect_invalid({good, negative});
  }
  this->expect_invalid({good, sample_request("other", this->kMost, 10, this->kMost, 1)});
  this->expect_invalid({good, good});
  const auto nameless = this->store_->exchange("", std::vector{good});
  ASSERT_FALSE(nameless.ok());
  EXPECT_EQ(nameless.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(this->held_by(*this->store_, "a").empty());
}

TYPED_TEST_P(SliceStoreConformance, ACountersTextIsBytesOfOthers) {
  const std::vector<std::string> texts = {"",
                                          std::string("a\0b", 3),
                                          "\xff\xfe",
                                          "'; DROP TABLE slice; --",
                                          "größe",
                                          std::string(10'000, 'x'),
                                          std::string(10'000, 'x') + "y"};
  std::vector<spend::SliceRequest> requests;
  for (const std::string& text : texts) requests.push_back(sample_request(text, 100, 60));
  for (const auto& slice : this->exchange("a", requests)) expect_same(slice, 60, 0, 60);
  for (const auto& slice : this->exchange("b", requests)) expect_same(slice, 40, 0, 100);
  const auto held = this->held_by(*this->store_, "b");
  ASSERT_EQ(held.size(), texts.size());
  for (const auto& request : held) EXPECT_NE(std::find(texts.begin(), texts.end(), request.counter), texts.end());
}

TYPED_TEST_P(SliceStoreConformance, HoldsTheLargestAmounts) {
  expect_same(this->exchange("a", sample_request("team", this->kMost, this->kMost - 1)), this->kMost - 1, 0,
              this->kMost - 1);
  expect_same(this->exchange("b", sample_request("team", this->kMost, this->kMost)), 1, 0, this->kMost);
  expect_same(this->exchange("a", sample_request("team", this->kMost, this->kMost, this->kMost - 1)), this->kMost - 1,
              this->kMost - 1, this->kMost);
}

// Nodes that ask for overlapping counters in any order, each from a process of its own.
TYPED_TEST_P(SliceStoreConformance, ManyNodesAtOnceNeverGetMoreThanTheLimit) {
  constexpr int kNodes = 4;
  constexpr int kRounds = 60;
  constexpr int kCounters = 8;
  constexpr std::int64_t kLimit = 100;
  std::vector<std::unique_ptr<spend::SliceStore>> stores;
  for (int n = 0; n < kNodes; ++n) stores.push_back(this->storage_->open());
  std::atomic<int> beyond{0}, failed{0};
  std::vector<std::thread> nodes;
  for (int n = 0; n < kNodes; ++n) {
    nodes.emplace_back([&, n] {
      std::mt19937 random(static_cast<unsigned>(n));
      std::vector<int> counters(kCounters);
      std::iota(counters.begin(), counters.end(), 0);
      for (int round = 0; round < kRounds; ++round) {
        std::shuffle(counters.begin(), counters.end(), random);
        std::vector<spend::SliceRequest> requests;
        for (std::size_t c = 0; c <= random() % kCounters; ++c) {
          const std::string counter = "c" + std::to_string(counters[c]) + (round % 10 == 0 ? "new" : "");
          requests.push_back(sample_request(counter, kLimit, random() % 120));
        }
        const auto slices = stores[static_cast<std::size_t>(n)]->exchange("node" + std::to_string(n), requests);
        if (!slices) ++failed;
        if (!slices) continue;
        for (const spend::Slice& slice : *slices) beyond += slice.granted_all > kLimit ? 1 : 0;
      }
    });
  }
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(beyond, 0);
  EXPECT_EQ(failed, 0);
  std::map<std::string, std::int64_t> granted;
  for (int n = 0; n < kNodes; ++n) {
    for (const auto& held : this->held_by(*this->store_, "node" + std::to_string(n))) {
      granted[held.counter] += held.wanted;
    }
  }
  EXPECT_FALSE(granted.empty());
  for (const auto& [counter, sum] : granted) EXPECT_LE(sum, kLimit) << counter;
}

REGISTER_TYPED_TEST_SUITE_P(SliceStoreConformance, GrantsNoMoreThanTheLimitOverAllNodes, AnswersInTheOrderOfTheRequests,
                            WhatIsGivenBackIsThereForOthers, WhatIsSpentOrReservedIsNotGivenBack,
                            RepeatingChangesNothing, SpentIsWhatTheNodeToldLast,
                            ALoweredLimitTakesNothingAwayAndGrantsNothing, ARaisedLimitHasMoreToGrant,
                            WhatANodeOverspentIsMissingForOthers, CountersAndWindowsAreSeparate,
                            ANodeThatComesBackIsToldWhatItHeld, ANameBelongsToTheProcessThatTookItLast,
                            RefusesWhatCannotBeMeantAndChangesNothing, ACountersTextIsBytesOfOthers,
                            HoldsTheLargestAmounts, ManyNodesAtOnceNeverGetMoreThanTheLimit);

}  // namespace reeve::store
