#include "reeve/heartbeat.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/json.h"

namespace reeve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ClockWatch, TellsStepsFromDrift) {
  ManualClock clock({1'700'000'000'000'000'000});
  ClockWatch watch(clock);
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(watch.look());
  clock.advance(std::chrono::seconds(1));
  clock.step_wall_clock(std::chrono::milliseconds(20));
  EXPECT_FALSE(watch.look()) << "slow corrections";
  clock.step_wall_clock(std::chrono::hours(-2));
  EXPECT_EQ(watch.look(), std::optional<Duration>(std::chrono::hours(-2)));
  EXPECT_FALSE(watch.look()) << "told once";
  EXPECT_EQ(watch.take_drift(), Duration(std::chrono::milliseconds(20)));
  EXPECT_EQ(watch.take_drift(), Duration());
}

class HeartbeatTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ledger::LogOptions options;
    options.directory = directory_ / "ledger";
    options.origin = "reeve.example.com/test";
    options.node = "test";
    auto log = ledger::Log::open(options);
    ASSERT_TRUE(log.ok()) << log.error().message;
    log_ = *std::move(log);
    heartbeat_.emplace(*log_, std::chrono::minutes(1), clock_, [this](auto kind, const auto& detail) {
      told_.emplace_back(kind);
      detail_ = detail;
      return writes_ ? std::optional<std::uint64_t>(0) : std::nullopt;
    });
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }
  std::int64_t said(std::string_view path) const { return JsonDocument::parse(detail_)->root().at(path).int_or(-1); }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("reeve-heartbeat-test-" + std::to_string(::getpid()));
  ManualClock clock_{{1'700'000'000'000'000'000}};
  std::unique_ptr<ledger::Log> log_;
  std::optional<Heartbeat> heartbeat_;
  std::vector<std::string> told_;
  std::string detail_;
  bool writes_ = true;
};

TEST_F(HeartbeatTest, BeatsAlsoWhenNothingHappens) {
  heartbeat_->look();
  EXPECT_THAT(told_, IsEmpty());
  for (int i = 0; i < 3; ++i) {
    clock_.advance(std::chrono::seconds(60));
    heartbeat_->look();
    heartbeat_->look();
  }
  EXPECT_THAT(told_, ElementsAre("service.heartbeat", "service.heartbeat", "service.heartbeat"));
  EXPECT_EQ(said("interval_ms"), 60'000);
}

TEST_F(HeartbeatTest, CountsWhatCameSinceTheLast) {
  ledger::Producer& worker = log_->producer("worker-1");
  for (int i = 0; i < 5; ++i) worker.take();
  worker.count_lost();
  clock_.advance(std::chrono::seconds(60));
  heartbeat_->look();
  EXPECT_EQ(said("producers.worker-1.number"), 5);
  EXPECT_EQ(said("producers.worker-1.accepted"), 4);
  EXPECT_EQ(said("producers.worker-1.lost"), 1);
  worker.take();
  worker.count_refused();
  clock_.advance(std::chrono::seconds(60));
  heartbeat_->look();
  EXPECT_EQ(said("producers.worker-1.number"), 6);
  EXPECT_EQ(said("producers.worker-1.accepted"), 0);
  EXPECT_EQ(said("producers.worker-1.refused"), 1);
  EXPECT_EQ(said("producers.worker-1.lost"), 0);
}

TEST_F(HeartbeatTest, WhatItCouldNotSayItSaysWithTheNext) {
  ledger::Producer& worker = log_->producer("worker-1");
  worker.take();
  writes_ = false;
  clock_.advance(std::chrono::seconds(60));
  heartbeat_->look();
  writes_ = true;
  heartbeat_->look();
  EXPECT_THAT(told_, ElementsAre("service.heartbeat", "service.heartbeat"));
  EXPECT_EQ(said("producers.worker-1.accepted"), 1);
}

TEST_F(HeartbeatTest, RecordsThatTheClockWasSet) {
  clock_.step_wall_clock(std::chrono::seconds(-5));
  heartbeat_->look();
  EXPECT_THAT(told_, ElementsAre("clock.stepped"));
  EXPECT_EQ(said("by_us"), -5'000'000);
}

}  // namespace
}  // namespace reeve::app
