// The agents that nodes share, on a real PostgreSQL: the suite that every storage passes, and what several nodes bring.

#include "store/postgres/agent_store.h"

#include <gmock/gmock.h>

#include "postgres_server.h"
#include "store/agent_store_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::shared_server;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  identity::AgentStore& agents() { return *agents_.value(); }

 private:
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedAgents>> agents_ = open_shared_agents(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, AgentStoreConformance, Postgres);

TEST(PostgresAgents, AnotherNodeSeesAChangeWhenItCatchesUpAndOneOfThemTellsTheLedger) {
  const std::string database = shared_server().create_database();
  const PostgresOptions options = shared_server().options(database);
  const auto first = open_shared_agents(options, "node-1").value();
  const auto second = open_shared_agents(options, "node-2").value();
  EXPECT_EQ(second->uncertain_for(), Duration::max());
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_LT(second->uncertain_for(), std::chrono::minutes(1));
  const auto before = second->generation();
  ASSERT_TRUE(first->put(sample_agent("review")).ok());
  EXPECT_EQ(second->generation(), before);
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_NE(second->generation(), before);
  EXPECT_EQ(second->list()->size(), 1u);
  const auto notes = open_shared_budgets(options, "node-1").value()->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].kind, "agent.registered");
}

}  // namespace
}  // namespace reeve::store
