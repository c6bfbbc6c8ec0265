// In memory and on SQLite; tests/postgres runs the same suite on PostgreSQL.

#include "store/kill_switch_conformance.h"

#include "store/sqlite.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class InMemory {
 public:
  static std::unique_ptr<InMemory> make() { return std::make_unique<InMemory>(); }
  identity::KillSwitchStore& cutoffs() { return *cutoffs_; }

 private:
  std::unique_ptr<identity::KillSwitchStore> cutoffs_ = identity::make_memory_kill_switch_store();
};

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  identity::KillSwitchStore& cutoffs() { return store_.value()->kill_switch(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, KillSwitchConformance, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, KillSwitchConformance, Sqlite);

TEST(SqliteKillSwitch, IsSeenByOtherOpeningsAndLaterOnes) {
  const TemporaryDirectory directory;
  auto store = Store::open_embedded(directory.path()).value();
  const auto other = Store::open_embedded(directory.path()).value();
  const auto before = other->kill_switch().generation();
  ASSERT_TRUE(store->kill_switch().put(sample_cutoff("cut_one")).ok());
  EXPECT_NE(other->kill_switch().generation(), before);
  store = Store::open_embedded(directory.path()).value();
  EXPECT_EQ(store->kill_switch().list(from_unix_seconds(1'700'000'001))->size(), 1u);
}

TEST(SqliteKillSwitch, TellsTheLedgerAndThoseWhoWantToBeTold) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  ASSERT_TRUE(store->kill_switch().put(sample_cutoff("cut_one")).ok());
  ASSERT_TRUE(store->kill_switch().end("cut_one", from_unix_seconds(1'700'000'005), "ada", "over").ok());
  auto practice = sample_cutoff("cut_two");
  practice.practice = true;
  ASSERT_TRUE(store->kill_switch().put(practice).ok());
  const auto notes = store->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_EQ(notes[0].kind, "kill.switched");
  EXPECT_NE(notes[0].detail.find(R"("on":true)"), std::string::npos);
  EXPECT_NE(notes[1].detail.find(R"("on":false)"), std::string::npos);
  const auto events = store->notifications().unrouted().value();
  ASSERT_EQ(events.size(), 2u) << "nobody is woken for practice";
  EXPECT_EQ(events[0].key, "cut_one:on");
  EXPECT_EQ(events[1].key, "cut_one:off");
}

TEST(SqliteKillSwitch, CatchesUpWithAChangeThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  ASSERT_TRUE(store->catch_up().ok());
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  for (const char* change : {"INSERT INTO cutoff (id, document) VALUES ('cut_1', '{}')", "UPDATE cutoff SET ended = 1",
                             "DELETE FROM cutoff", "INSERT INTO kill_drill VALUES ('drill_1', 1, '{}')"}) {
    const auto before = store->kill_switch().generation();
    ASSERT_TRUE(database->execute(change).ok());
    ASSERT_TRUE(store->catch_up().ok());
    EXPECT_NE(store->kill_switch().generation(), before) << change;
  }
}

// What cannot be read must not be passed over: a cutoff would be lost.
TEST(SqliteKillSwitch, ARowThatIsDamagedIsAnError) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database->execute("INSERT INTO cutoff (id, document) VALUES ('cut_1', '{}')").ok());
  const auto list = store->kill_switch().list(from_unix_seconds(1));
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace reeve::store
