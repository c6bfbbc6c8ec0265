// The registers that nodes share, on a real PostgreSQL: the suites that every storage passes, and what several nodes,
// lost connections and a node's own earlier storage bring.

#include "store/postgres/registers.h"

#include <gmock/gmock.h>

#include <future>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/break_glass_conformance.h"
#include "store/check_register_conformance.h"
#include "store/exception_store_conformance.h"
#include "store/key_store_conformance.h"
#include "store/register_store_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::CuttingProxy;
using postgres_test::shared_server;
using ::testing::ElementsAre;

/// With the notes of all nodes beside the registers, as the suites ask for them.
class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  Postgres& store() { return *this; }
  identity::KeyStore& keys() { return registers().keys(); }
  policy::CheckRegister& checks() { return registers().checks(); }
  control::ExceptionStore& exceptions() { return registers().exceptions(); }
  control::NotificationQueue& notifications() { return registers().notifications(); }
  identity::BreakGlassStore& break_glass() { return registers().break_glass(); }
  control::RegisterStore& rows() { return registers().governed(); }
  control::NotificationQueue& queue() { return registers().notifications(); }
  Result<std::vector<Note>> notes() { return unrecorded_notes(); }
  Result<std::vector<Note>> unrecorded_notes() { return notes_.value()->unrecorded_notes(); }

 private:
  SharedRegisters& registers() { return *registers_.value(); }
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedRegisters>> registers_ =
      open_shared_registers(shared_server().options(database_), "node-1");
  Result<std::unique_ptr<SharedBudgets>> notes_ = open_shared_budgets(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, KeyStoreConformance, Postgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, CheckRegisterConformance, Postgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ExceptionStoreConformance, Postgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, BreakGlassConformance, Postgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, RegisterStoreConformance, Postgres);

class SharedRegistersTest : public ::testing::Test {
 protected:
  std::unique_ptr<SharedRegisters> node(const std::string& name) {
    auto opened = open_shared_registers(options_, name);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }
  std::vector<std::string> notes_of(const std::string& name) {
    std::vector<std::string> lines;
    const auto notes = open_shared_budgets(options_, name).value()->unrecorded_notes();
    for (const Note& note : notes.value()) lines.push_back(note.kind + " " + note.detail);
    return lines;
  }
  void run(const std::string& sql) {
    auto connection = PostgresConnection::open(options_).value();
    ASSERT_TRUE(connection.execute(sql).ok());
  }

  const std::string database_ = shared_server().create_database();
  const PostgresOptions options_ = shared_server().options(database_);
};

// Not after its patience, which is longer than a test may take.
TEST_F(SharedRegistersTest, WhatOneNodeChangesTheOtherIsToldOf) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  const auto told_of = [&](auto change) {
    auto waiting = std::async(std::launch::async, [&] { return second->wait_for_change(std::chrono::seconds(59)); });
    EXPECT_TRUE(change().ok());
    EXPECT_TRUE(waiting.get().ok());
  };
  const auto keys = second->keys().generation();
  told_of([&] { return first->keys().insert(sample_key("key_one")); });
  const auto inserted = second->keys().generation();
  EXPECT_NE(inserted, keys);
  told_of([&] { return first->keys().revoke("key_one", from_unix_seconds(5)); });
  EXPECT_NE(second->keys().generation(), inserted);
  EXPECT_LT(second->keys().uncertain_for(), std::chrono::seconds(30));
  const auto request = sample_request();
  told_of([&] { return first->exceptions().insert(request, sample_step(request, "exception.requested")); });
  EXPECT_EQ(second->exceptions().list()->size(), 1u);
  told_of([&] { return first->checks().report(sample_report("audited", true)); });
  EXPECT_EQ(second->checks().list()->size(), 1u);
}

TEST_F(SharedRegistersTest, WhoeverStopsWaitingIsNotKept) {
  const auto waits = node("node-1");
  ASSERT_TRUE(waits->wait_for_change(std::chrono::milliseconds(1)).ok());
  auto waiting = std::async(std::launch::async, [&] { return waits->wait_for_change(std::chrono::seconds(59)); });
  waits->stop_waiting();
  EXPECT_TRUE(waiting.get().ok());
}

TEST_F(SharedRegistersTest, WhatWasRevokedWhileTheConnectionWasLostIsSeenAfterwards) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(first->keys().insert(sample_key("key_one")).ok());
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  identity::KeyTable table(second->keys(), {.reads_on_demand = false});
  ASSERT_TRUE(table.look().ok());
  EXPECT_FALSE(table.find(sample_key("key_one").secret_hash).revoked);
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND pid <> pg_backend_pid()");
  ASSERT_TRUE(first->keys().revoke("key_one", from_unix_seconds(5)).ok());
  EXPECT_FALSE(second->wait_for_change(std::chrono::milliseconds(500)).ok());
  ASSERT_TRUE(second->wait_for_change(std::chrono::milliseconds(1)).ok());
  ASSERT_TRUE(table.look().ok());
  EXPECT_EQ(table.find(sample_key("key_one").secret_hash).revoked, from_unix_seconds(5));
}

TEST_F(SharedRegistersTest, AKeyThatAShellRemovesOrReplacesEndsEverywhere) {
  const auto registers = node("node-1");
  ASSERT_TRUE(registers->keys().insert(sample_key("key_one")).ok());
  ASSERT_TRUE(registers->keys().insert(sample_key("key_two")).ok());
  identity::KeyTable table(registers->keys(), {.reads_on_demand = false});
  std::vector<std::string> ended;
  table.on_end([&](std::string_view id, std::optional<Instant>) { ended.emplace_back(id); });
  ASSERT_TRUE(table.look().ok());
  run("DELETE FROM virtual_key WHERE id = 'key_one'");
  ASSERT_TRUE(registers->wait_for_change(std::chrono::milliseconds(1)).ok());
  ASSERT_TRUE(table.look().ok());
  run("UPDATE virtual_key SET secret_hash = sha256('another') WHERE id = 'key_two'");
  ASSERT_TRUE(registers->wait_for_change(std::chrono::milliseconds(1)).ok());
  ASSERT_TRUE(table.look().ok());
  EXPECT_THAT(ended, ElementsAre("key_one", "key_two"));
  EXPECT_EQ(table.find(sample_key("key_two").secret_hash).stamp, 0u);
  EXPECT_NE(table.find(sha256("another")).stamp, 0u);
}

TEST_F(SharedRegistersTest, TheNodeThatChangedAKeyTellsItsLedger) {
  const auto first = node("node-1");
  ASSERT_TRUE(first->keys().insert(sample_key("key_one", 100)).ok());
  ASSERT_TRUE(node("node-2")->keys().revoke("key_one", from_unix_seconds(200)).ok());
  ASSERT_TRUE(first->keys().revoke("key_one", from_unix_seconds(300)).ok());
  EXPECT_THAT(notes_of("node-1"), ElementsAre("identity.key_created {\"at\":\"1970-01-01T00:01:40.000000Z\","
                                              "\"key_id\":\"key_one\",\"owner\":\"dev@example.com\"}"));
  EXPECT_THAT(notes_of("node-2"), ElementsAre("identity.revoked {\"at\":\"1970-01-01T00:03:20.000000Z\","
                                              "\"key_id\":\"key_one\",\"owner\":\"dev@example.com\"}"));
}

TEST_F(SharedRegistersTest, AChangeWhoseAnswerWasLostIsDoneOnce) {
  const auto direct = node("node-2");
  CuttingProxy proxy(shared_server().port());
  PostgresRegisters over_proxy(shared_server().options(database_, proxy.port()), "node-1");
  auto request = sample_request();
  ASSERT_TRUE(over_proxy.exceptions().insert(request, sample_step(request, "exception.requested")).ok());
  proxy.cut_at_random(100);
  std::size_t made = 0;
  for (int i = 0; i < 1'000 && proxy.lost_answers() < 15; ++i) {
    const std::string id = "key_" + std::to_string(i);
    const auto inserted = over_proxy.keys().insert(sample_key(id));
    made += inserted.ok() ? 1U : 0U;
    if (!inserted) {
      EXPECT_NE(inserted.error().code, ErrorCode::kConflict) << "nobody else makes it";
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it connects again after a pause
    }
    const auto revoked = over_proxy.keys().revoke(id, from_unix_seconds(5));
    if (inserted.ok() && !revoked) EXPECT_NE(revoked.error().code, ErrorCode::kNotFound);
  }
  EXPECT_GE(proxy.lost_answers(), 15u);
  EXPECT_GE(direct->keys().list()->size(), made);
}

TEST_F(SharedRegistersTest, OfTwoNodesOneTakesADelivery) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  const std::vector<std::string> to{"mail"};
  for (int i = 0; i < 20; ++i) {
    const std::string key = "event " + std::to_string(i);
    ASSERT_TRUE(first->notifications().announce({key, "anomaly", from_unix_seconds(1), "{}"}).ok());
    ASSERT_TRUE(second->notifications().announce({key, "anomaly", from_unix_seconds(1), "{}"}).ok());
    auto other =
        std::async(std::launch::async, [&] { return second->notifications().route(key, to, from_unix_seconds(1)); });
    ASSERT_TRUE(first->notifications().route(key, to, from_unix_seconds(1)).ok());
    ASSERT_TRUE(other.get().ok());
    const auto claim = [&](SharedRegisters& registers) {
      return registers.notifications().claim(from_unix_seconds(10), std::chrono::seconds(60)).value();
    };
    auto theirs = std::async(std::launch::async, [&] { return claim(*second); });
    auto taken = claim(*first);
    for (auto& delivery : theirs.get()) taken.push_back(delivery);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken.front().event.key, key);
    ASSERT_TRUE(second->notifications().delivered(taken.front().number, from_unix_seconds(11)).ok());
  }
}

TEST_F(SharedRegistersTest, TakesOverWhatANodeHadForItselfOnceAndNeverUnrevokes) {
  const auto own = Store::open_embedded(shared_server().folder() / ("own of " + database_)).value();
  const auto shared = node("node-1");
  auto of_both = sample_key("key_both");
  ASSERT_TRUE(own->keys().insert(of_both).ok());
  ASSERT_TRUE(shared->keys().insert(of_both).ok());
  ASSERT_TRUE(shared->keys().revoke("key_both", from_unix_seconds(5)).ok());
  ASSERT_TRUE(own->keys().insert(sample_key("key_own")).ok());
  auto ended_here = sample_key("key_ended_here");
  ASSERT_TRUE(shared->keys().insert(ended_here).ok());
  ASSERT_TRUE(own->keys().insert(ended_here).ok());
  ASSERT_TRUE(own->keys().revoke("key_ended_here", from_unix_seconds(6)).ok());
  const auto request = sample_request();
  ASSERT_TRUE(own->exceptions().insert(request, sample_step(request, "exception.requested")).ok());
  identity::BreakGlassSeal seal;
  seal.salt = "salt", seal.code_hash = "hash", seal.sealed_by = "ada", seal.sealed_at = from_unix_seconds(7);
  ASSERT_TRUE(own->break_glass().seal(seal, {"break_glass.sealed", "{}"}).ok());

  const auto taken = shared->take_over(*own);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->keys, 1u);
  EXPECT_EQ(taken->exceptions, 1u);
  EXPECT_EQ(taken->seals, 1u);
  EXPECT_FALSE(shared->take_over(*own)->any()) << "the second time there is nothing left";
  std::map<std::string, std::optional<Instant>> revoked;
  const auto keys = shared->keys().list();
  for (const auto& key : *keys) revoked[key.id] = key.revoked;
  EXPECT_EQ(revoked.size(), 3u);
  EXPECT_EQ(revoked["key_both"], from_unix_seconds(5));
  EXPECT_EQ(revoked["key_ended_here"], from_unix_seconds(6));
  EXPECT_FALSE(revoked["key_own"]);
  EXPECT_EQ(shared->exceptions().list()->size(), 1u);
  EXPECT_EQ(shared->break_glass().newest().value()->salt, "salt");
}

// An inventory with its intakes, history and traffic, as a node has it that works alone.
void fill_registers(control::RegisterStore& rows) {
  const auto put = [&](const control::RowChange& row) { ASSERT_TRUE(rows.change({{row}, {}}).ok()); };
  for (const char* id : {"it-a", "it-seen-worked-on", "it-seen-here-too", "it-b"}) put(sample_row(id));
  put(sample_row("it-a", 2));
  put(sample_row("it-a", 3));
  put(sample_row("it-seen-worked-on", 2));
  put(sample_row("in-a", 1, control::kIntakeRegister));
  put(sample_row("in-a", 2, control::kIntakeRegister));
  const control::Traffic seen{"model:a", from_unix_seconds(5), from_unix_seconds(9), 3, Money{30}, {1, 7}};
  ASSERT_TRUE(rows.put_traffic("node-1", std::vector{seen}, 12).ok());
}

// All that can be asked of it, but for the numbers by which lists are in order.
std::vector<std::string> everything_in(control::RegisterStore& rows) {
  std::vector<std::string> lines;
  for (const auto name : {control::kInventoryRegister, control::kIntakeRegister}) {
    const auto list = rows.list(name, 0, 100).value();
    for (const control::RegisterRow& row : list) {
      lines.push_back(row.register_name + " " + row.id + " " + std::to_string(row.version) + " " + row.document);
      const auto history = rows.history(name, row.id).value();
      for (const control::RowHistory& step : history) {
        lines.push_back(std::to_string(step.version) + " " + format_time(step.at) + " " + step.by + " " + step.step +
                        " " + step.text);
      }
    }
  }
  const auto traffic = rows.traffic_of("node-1").value();
  lines.push_back("next " + std::to_string(traffic.second));
  for (const control::Traffic& one : traffic.first) {
    lines.push_back(one.what + " " + format_time(one.first) + " " + format_time(one.last) + " " +
                    std::to_string(one.calls) + " " + std::to_string(one.cost.nanos) + " " +
                    std::to_string(one.people.size()));
  }
  return lines;
}

TEST_F(SharedRegistersTest, TakesOverTheInventoryWholeAndOnce) {
  const auto own = Store::open_embedded(shared_server().folder() / ("own of " + database_)).value();
  const auto shared = node("node-1");
  fill_registers(own->governed());
  const auto taken = shared->take_over(*own);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->items, 4u);
  EXPECT_EQ(taken->intakes, 1u);
  EXPECT_EQ(everything_in(shared->governed()), everything_in(own->governed()));
  EXPECT_TRUE(notes_of("node-1").empty()) << "they were told before";
  EXPECT_TRUE(shared->notifications().unrouted().value().empty());

  // What goes on here is not undone by a second time.
  ASSERT_TRUE(shared->governed().change({{sample_row("it-a", 4)}, {}}).ok());
  const auto after = everything_in(shared->governed());
  EXPECT_FALSE(shared->take_over(*own)->any());
  EXPECT_EQ(everything_in(shared->governed()), after);
}

TEST_F(SharedRegistersTest, WhatTrafficAloneFiledGivesWayToWhatPeopleWorkedOn) {
  const auto own = Store::open_embedded(shared_server().folder() / ("own of " + database_)).value();
  const auto shared = node("node-2");
  fill_registers(own->governed());
  for (const char* id : {"it-seen-worked-on", "it-seen-here-too", "it-b"}) {
    ASSERT_TRUE(shared->governed().change({{sample_row(id)}, {}}).ok());
  }
  ASSERT_TRUE(shared->governed().change({{sample_row("it-seen-here-too", 2)}, {}}).ok());
  EXPECT_EQ(shared->take_over(*own)->items, 2u);
  const auto version = [&](const char* id) {
    return shared->governed().find(control::kInventoryRegister, id).value()->version;
  };
  EXPECT_EQ(version("it-a"), 3u);
  EXPECT_EQ(version("it-seen-worked-on"), 2u);
  EXPECT_EQ(shared->governed().history(control::kInventoryRegister, "it-seen-worked-on")->size(), 2u);
  EXPECT_EQ(version("it-seen-here-too"), 2u) << "what people worked on here stays";
  EXPECT_EQ(version("it-b"), 1u);
  EXPECT_EQ(shared->governed().traffic_of("node-2")->second, 0u) << "it told of another node there";
}

}  // namespace
}  // namespace reeve::store
