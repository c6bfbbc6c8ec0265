// The cutoffs that nodes share, on a real PostgreSQL: the suite that every storage passes, and what several nodes and
// lost connections bring.

#include "store/postgres/kill_switch.h"

#include <gmock/gmock.h>

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
