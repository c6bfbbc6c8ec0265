// In memory and on SQLite; tests/postgres runs the same suite on PostgreSQL.

#include "store/agent_store_conformance.h"

#include "store/sqlite.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class InMemory {
 public:
  static std::unique_ptr<InMemory> make() { return std::make_unique<InMemory>(); }
  identity::AgentStore& agents() { return *agents_; }

 private:
  std::unique_ptr<identity::AgentStore> agents_ = identity::make_memory_agent_store();
};

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  identity::AgentStore& agents() { return store_.value()->agents(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, AgentStoreConformance, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, AgentStoreConformance, Sqlite);

TEST(SqliteAgents, AreSeenByOtherOpeningsAndToldToTheLedger) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  const auto other = Store::open_embedded(directory.path()).value();
  const auto before = other->agents().generation();
  ASSERT_TRUE(store->agents().put(sample_agent("review")).ok());
  EXPECT_NE(other->agents().generation(), before);
  ASSERT_TRUE(other->agents().put(decided(sample_agent("review"), identity::AgentState::kApproved)).ok());
  const auto notes = store->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].kind, "agent.registered");
  EXPECT_EQ(notes[1].kind, "agent.approved");
  EXPECT_NE(notes[1].detail.find(R"("decided_by":"carol@example.com")"), std::string::npos);
}

TEST(SqliteAgents, CatchUpWithAChangeThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  ASSERT_TRUE(store->catch_up().ok());
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  for (const char* change : {"INSERT INTO agent (id, version, document) VALUES ('a', 1, '{}')",
                             "UPDATE agent SET version = 2", "DELETE FROM agent"}) {
    const auto before = store->agents().generation();
    ASSERT_TRUE(database->execute(change).ok());
    ASSERT_TRUE(store->catch_up().ok());
    EXPECT_NE(store->agents().generation(), before) << change;
  }
}

// What cannot be read must not be passed over: a retirement would be lost.
TEST(SqliteAgents, ARowThatIsDamagedIsAnError) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database->execute("INSERT INTO agent (id, version, document) VALUES ('a', 1, '{}')").ok());
  const auto list = store->agents().list();
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace reeve::store
