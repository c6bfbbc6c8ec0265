// The cutoffs that nodes share, on a real PostgreSQL: the suite that every storage passes, and what several nodes and
// lost connections bring.

#include "store/postgres/kill_switch.h"

#include <gmock/gmock.h>

#include <array>
#include <future>

#include "postgres_server.h"
#include "store/kill_switch_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::shared_server;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  identity::KillSwitchStore& cutoffs() { return *cutoffs_.value(); }

 private:
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedKillSwitch>> cutoffs_ =
      open_shared_kill_switch(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, KillSwitchConformance, Postgres);

class PostgresCutoffs : public ::testing::Test {
 protected:
  std::unique_ptr<SharedKillSwitch> node(const std::string& name) {
    auto opened = open_shared_kill_switch(options_, name);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }

  const std::string database_ = shared_server().create_database();
  const PostgresOptions options_ = shared_server().options(database_);
};

// Not after its patience, which is longer than a test may take.
TEST_F(PostgresCutoffs, WhoWaitsIsToldOfASwitchByAnotherNode) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  const auto before = second->generation();
  auto waiting = std::async(std::launch::async, [&] { return second->wait_for_change(std::chrono::seconds(59)); });
  ASSERT_TRUE(first->put(sample_cutoff("cut_one")).ok());
  ASSERT_TRUE(waiting.get().ok());
  EXPECT_NE(second->generation(), before);
  EXPECT_EQ(second->list(from_unix_seconds(1'700'000'001))->size(), 1u);
}

TEST_F(PostgresCutoffs, WhoeverStopsWaitingIsNotKept) {
  const auto waits = node("node-1");
  ASSERT_TRUE(waits->wait_for_change(std::chrono::milliseconds(1)).ok());
  auto waiting = std::async(std::launch::async, [&] { return waits->wait_for_change(std::chrono::seconds(59)); });
  waits->stop_waiting();
  EXPECT_TRUE(waiting.get().ok());
}

TEST_F(PostgresCutoffs, WhatWasSwitchedWhileTheConnectionWasLostIsSeenAfterwards) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  const auto before = second->generation();
  auto connection = PostgresConnection::open(options_).value();
  ASSERT_TRUE(connection
                  .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                           "AND pid <> pg_backend_pid()")
                  .ok());
  ASSERT_TRUE(first->put(sample_cutoff("cut_one")).ok());
  EXPECT_FALSE(second->wait_for_change(std::chrono::milliseconds(500)).ok());
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  EXPECT_NE(second->generation(), before);
}

/// The machine's, but for an hour or a minute that it is off.
class ClockThatIsOff final : public Clock {
 public:
  explicit ClockThatIsOff(Duration ahead) : ahead_(ahead) {}
  Instant now() const override { return system_clock().now() + ahead_; }
  Moment steady() const override { return system_clock().steady(); }

 private:
  const Duration ahead_;
};

TEST_F(PostgresCutoffs, HoldForTheirTimeOnNodesWhoseClocksAreOff) {
  node("node-0");  // makes the schema
  const ClockThatIsOff ahead(std::chrono::minutes(1));
  const ClockThatIsOff behind(-std::chrono::minutes(1));
  PostgresKillSwitch right(options_, "node-1");
  PostgresKillSwitch early(options_, "node-2", ahead);
  PostgresKillSwitch late(options_, "node-3", behind);
  const std::array<std::pair<PostgresKillSwitch*, const Clock*>, 3> nodes{
      {{&right, &system_clock()}, {&early, &ahead}, {&late, &behind}}};
  for (const auto& [switches, clock] : nodes) {
    const Instant now = clock->now();
    // A time on whole microseconds, as make_cutoff() makes them.
    identity::Cutoff cutoff =
        identity::make_cutoff({{}, "for a while", "ada", now + std::chrono::seconds(30), {}}, now).value();
    ASSERT_TRUE(switches->put(cutoff).ok());
    for (const auto& [asked, own_clock] : nodes) {
      const auto listed = asked->list(own_clock->now());
      ASSERT_TRUE(listed.ok()) << listed.error().message;
      ASSERT_EQ(listed->size(), 1u);
      const identity::Cutoff& seen = listed->front();
      EXPECT_TRUE(seen.in_force(own_clock->now())) << "half a minute is not over by any clock";
      EXPECT_FALSE(seen.in_force(own_clock->now() + std::chrono::seconds(33)));
      EXPECT_LT(seen.since_switch(own_clock->now()), std::chrono::seconds(20)) << "it is seconds ago";
      EXPECT_GT(seen.since_switch(own_clock->now()), -std::chrono::seconds(5));
      EXPECT_TRUE(asked->list(own_clock->now() + std::chrono::seconds(33))->empty());
    }
    const auto found = switches->find(cutoff.id).value();
    identity::CutoffRequest request{{}, "for a while", "ada", cutoff.until, {}};
    EXPECT_TRUE(identity::is_same_request(*found, request, true)) << "repeated, it is the same request";
    request.until = *request.until + std::chrono::seconds(10);
    EXPECT_FALSE(identity::is_same_request(*found, request, true));
    ASSERT_TRUE(switches->end(cutoff.id, clock->now(), "ada", "").ok());
    EXPECT_LT(*right.find(cutoff.id).value()->ended - system_clock().now(), std::chrono::seconds(5));
  }
  const identity::Drill drill{"drill_1", {}, false, 1, "ada", ahead.now()};
  ASSERT_TRUE(early.announce_drill(drill).ok());
  EXPECT_EQ(late.drills(behind.now())->size(), 1u);
  EXPECT_TRUE(right.drills(system_clock().now() + identity::KillSwitchStore::kDrillLasts)->empty());
}

TEST_F(PostgresCutoffs, TheNoteForTheLedgerWaitsWithTheNodeThatSwitched) {
  const auto first = node("node-1");
  const auto budgets_of_first = open_shared_budgets(options_, "node-1").value();
  const auto budgets_of_second = open_shared_budgets(options_, "node-2").value();
  ASSERT_TRUE(first->put(sample_cutoff("cut_one")).ok());
  EXPECT_TRUE(budgets_of_second->unrecorded_notes()->empty());
  const auto notes = budgets_of_first->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].kind, "kill.switched");
}

}  // namespace
}  // namespace reeve::store
