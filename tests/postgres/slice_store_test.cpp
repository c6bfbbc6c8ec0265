// spend::SliceStore on a real PostgreSQL: the suite that every implementation passes, and what only a database brings.

#include "store/postgres/slice_store.h"

#include <gmock/gmock.h>

#include <future>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/slice_store_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::CuttingProxy;
using postgres_test::PostgresServer;
using postgres_test::shared_server;
using ::testing::HasSubstr;
using ::testing::Not;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  std::unique_ptr<spend::SliceStore> open() {
    auto store = open_slices(shared_server().options(database_));
    EXPECT_TRUE(store.ok()) << store.error().message;
    return *std::move(store);
  }

 private:
  std::string database_ = shared_server().create_database();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SliceStoreConformance, Postgres);

class PostgresSlices : public ::testing::Test {
 protected:
  const std::string database_ = shared_server().create_database();
  const PostgresOptions options_ = shared_server().options(database_);
  const std::unique_ptr<spend::SliceStore> store_ = open_slices(options_).value();

  PostgresConnection connect() { return PostgresConnection::open(options_).value(); }
  static std::int64_t granted(spend::SliceStore& store, std::string_view node, const spend::SliceRequest& request) {
    const auto slices = store.exchange(node, std::vector{request});
    EXPECT_TRUE(slices.ok()) << slices.error().message;
    return slices.ok() ? slices->front().granted : -1;
  }
  std::int64_t integer(std::string_view sql) {
    auto connection = connect();
    const auto rows = connection.run(sql);
    EXPECT_TRUE(rows.ok()) << rows.error().message;
    return rows.ok() && rows->size() == 1 ? rows->integer(0, 0) : -1;
  }
  /// Ends every session of the database but the one that asks.
  void end_sessions() {
    auto connection = connect();
    const auto ended = connection.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    EXPECT_TRUE(ended.ok()) << ended.error().message;
  }
};

/// "wanted" of the counter team for node a, as a process that has `epoch` sends it.
std::string raw_exchange(int epoch, int wanted) {
  return "SELECT granted FROM slice_exchange('a', " + std::to_string(epoch) +
         ", ARRAY['team'::bytea], ARRAY[4000000000000000000], ARRAY[4002592000000000000], ARRAY[100::bigint], "
         "ARRAY[0::bigint], ARRAY[0::bigint], ARRAY[" +
         std::to_string(wanted) + "::bigint])";
}

TEST_F(PostgresSlices, AnExchangeIsOneRoundTrip) {
  CuttingProxy proxy(shared_server().port());
  PostgresSliceStore store(shared_server().options(database_, proxy.port()));
  std::vector<spend::SliceRequest> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(sample_request("counter " + std::to_string(i), 100, 60));
  ASSERT_TRUE(store.exchange("a", requests).ok());
  const auto before = proxy.round_trips();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.exchange("a", requests).ok());
  EXPECT_EQ(proxy.round_trips() - before, 10u);
}

TEST_F(PostgresSlices, ALostAnswerIsAskedForAgain) {
  CuttingProxy proxy(shared_server().port());
  PostgresSliceStore store(shared_server().options(database_, proxy.port()));
  EXPECT_EQ(granted(store, "a", sample_request("team", 100, 10)), 10);
  proxy.cut_next_answer();
  EXPECT_EQ(granted(store, "a", sample_request("team", 100, 60)), 60);
  proxy.cut_next_answer();
  EXPECT_EQ(granted(store, "a", sample_request("team", 100, 20)), 20);
  EXPECT_EQ(proxy.lost_answers(), 2u);
  EXPECT_EQ(granted(*store_, "b", sample_request("team", 100, 100)), 80);
}

TEST_F(PostgresSlices, ASilentNetworkIsATimeOut) {
  CuttingProxy proxy(shared_server().port());
  auto options = shared_server().options(database_, proxy.port());
  options.call_timeout = std::chrono::seconds(3);
  PostgresSliceStore store(options);
  EXPECT_EQ(granted(store, "a", sample_request("team", 100, 10)), 10);
  proxy.fall_silent(true);
  const auto asked = store.exchange("a", std::vector{sample_request("team", 100, 20)});
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, ErrorCode::kTimeout);
  proxy.fall_silent(false);
  EXPECT_EQ(granted(store, "a", sample_request("team", 100, 30)), 30);
}

TEST_F(PostgresSlices, ACallOfAnEarlierConnectionComesTooLate) {
  EXPECT_EQ(granted(*store_, "a", sample_request("team", 100, 10)), 10);
  end_sessions();
  EXPECT_EQ(granted(*store_, "a", sample_request("team", 100, 100)), 100) << "on a new connection, by itself";
  EXPECT_EQ(integer("SELECT epoch FROM slice_node WHERE node = 'a'"), 2);
  auto earlier = connect();
  const auto late = earlier.run(raw_exchange(1, 0));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(granted(*store_, "b", sample_request("team", 100, 100)), 0);
}

TEST_F(PostgresSlices, ARestartedNodeWaitsForItsLastCallUnderWay) {
  EXPECT_EQ(granted(*store_, "a", sample_request("team", 100, 10)), 10);
  auto dead = connect();
  ASSERT_TRUE(dead.execute("BEGIN").ok());
  ASSERT_TRUE(dead.run(raw_exchange(1, 70)).ok());
  auto held = std::async(std::launch::async, [&] { return open_slices(options_).value()->held_by("a"); });
  while (integer("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == 0) {
  }
  ASSERT_TRUE(dead.execute("COMMIT").ok());
  const auto told = held.get();
  ASSERT_TRUE(told.ok());
  ASSERT_EQ(told->size(), 1u);
  EXPECT_EQ(told->front().wanted, 70);
}

TEST_F(PostgresSlices, EndedWindowsAreSwept) {
  auto& store = dynamic_cast<PostgresSliceStore&>(*store_);
  auto ended = sample_request("team", 100, 60, 50);
  ended.window_begin = from_unix_seconds(1'000'000);
  ended.window_end = system_clock().now() - std::chrono::hours(2);
  auto without_end = sample_request("session", 100, 60, 50);
  without_end.window_begin = {0};
  ASSERT_TRUE(store.exchange("a", std::vector{ended, without_end, sample_request("team", 100, 60)}).ok());
  EXPECT_EQ(store.sweep(std::chrono::hours(3)).value(), 0);
  EXPECT_EQ(store.sweep(std::chrono::hours(1)).value(), 1);
  EXPECT_EQ(store.held_by("a")->size(), 2u);
  EXPECT_EQ(integer("SELECT count(*) FROM slice"), 2);
}

TEST_F(PostgresSlices, WhatHasNoEndIsSweptWhenNobodyNeedsIt) {
  auto& store = dynamic_cast<PostgresSliceStore&>(*store_);
  auto finished = sample_request("finished", 100, 60, 60);
  auto half_used = sample_request("half used", 100, 60, 50);
  finished.window_begin = half_used.window_begin = {0};
  ASSERT_TRUE(store.exchange("a", std::vector{finished, half_used}).ok());
  ASSERT_TRUE(connect().execute("UPDATE slice SET told = told - interval '91 days'").ok());
  EXPECT_EQ(store.sweep({}).value(), 1) << "its node lives and may spend the rest of the other";
  EXPECT_EQ(store.held_by("a")->front().counter, "half used");
  ASSERT_TRUE(connect().execute("UPDATE slice_node SET seen = seen - interval '91 days'").ok());
  EXPECT_EQ(store.sweep({}).value(), 1);
  EXPECT_EQ(integer("SELECT count(*) FROM slice_counter"), 0);
  EXPECT_EQ(integer("SELECT count(*) FROM slice_node"), 0);
}

TEST_F(PostgresSlices, ANodeThatNeverComesBackCanBeRetired) {
  auto calls = sample_request("calls", 10, 6, 0, 4);
  calls.window_begin = {0};
  ASSERT_TRUE(store_->exchange("a", std::vector{sample_request("team", 100, 90, 50, 5), calls}).ok());
  EXPECT_EQ(integer("SELECT slice_retire('a')"), 2);
  EXPECT_EQ(granted(*store_, "b", sample_request("team", 100, 100)), 45) << "what was reserved may have been spent";
  auto wanted = sample_request("calls", 10, 10);
  wanted.window_begin = {0};
  EXPECT_EQ(granted(*store_, "b", wanted), 10) << "a dead node has no calls under way";
  const auto late = store_->exchange("a", std::vector{sample_request("team", 100, 90, 50, 5)});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
}

TEST_F(PostgresSlices, APersonCanLook) {
  ASSERT_TRUE(store_->exchange("a", std::vector{sample_request("team \xff", 100, 60, 50)}).ok());
  ASSERT_TRUE(store_->exchange("b", std::vector{sample_request("team \xff", 100, 60, 20)}).ok());
  auto connection = connect();
  const auto rows = connection.run(
      "SELECT counter, granted::bigint, spent::bigint, nodes, extract(epoch FROM window_end)::bigint "
      "FROM slice_standing");
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->bytes(0, 0), "team \\377");
  EXPECT_EQ(rows->integer(0, 1), 100);
  EXPECT_EQ(rows->integer(0, 2), 70);
  EXPECT_EQ(rows->integer(0, 3), 2);
  EXPECT_EQ(rows->integer(0, 4), 4'002'592'000);
}

TEST(PostgresSlicesOnAServerOfTheirOwn, OutliveStopsAndCrashesOfTheDatabase) {
  PostgresServer server;
  const auto store = open_slices(server.options()).value();
  const auto granted = [&](std::string_view node, std::int64_t wanted) {
    const auto slices = store->exchange(node, std::vector{sample_request("team", 100, wanted)});
    EXPECT_TRUE(slices.ok()) << slices.error().message;
    return slices.ok() ? slices->front().granted : -1;
  };
  EXPECT_EQ(granted("a", 60), 60);
  server.stop();
  for (int i = 0; i < 2; ++i) {
    const auto away = store->exchange("a", std::vector{sample_request("team", 100, 70)});
    ASSERT_FALSE(away.ok());
    EXPECT_EQ(away.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(away.error().message, HasSubstr("check that it runs"));
    EXPECT_THAT(away.error().message, Not(HasSubstr("secret")));
  }
  server.start();
  while (!store->held_by("a").ok()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(granted("b", 60), 40);
  server.kill();
  server.start();
  EXPECT_EQ(granted("b", 60), 40) << "nothing was asked while it was away, so nothing was noticed";
  EXPECT_EQ(granted("a", 30), 30);
  server.stop();
  server.start();
  EXPECT_EQ(granted("b", 100), 70);
}

}  // namespace
}  // namespace reeve::store
