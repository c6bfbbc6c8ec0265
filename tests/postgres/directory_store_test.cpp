// The directory that nodes share, on a real PostgreSQL: the suite that every storage passes, and what several nodes
// bring.

#include "store/directory_store_conformance.h"

#include "postgres_server.h"
#include "store/postgres/directory_store.h"

namespace reeve::store {
namespace {

using postgres_test::shared_server;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  identity::DirectoryStore& directory() { return *directory_.value(); }

 private:
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedDirectory>> directory_ =
      open_shared_directory(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, DirectoryStoreConformance, Postgres);

TEST(PostgresDirectory, OtherNodesFollowAndOneLedgerTells) {
  const std::string database = shared_server().create_database();
  const PostgresOptions options = shared_server().options(database);
  const auto first = open_shared_directory(options, "node-1");
  const auto second = open_shared_directory(options, "node-2");
  ASSERT_TRUE(first.ok() && second.ok());
  identity::DirectoryChange change;
  change.entry.id = "usr_1";
  change.entry.name = change.entry.folded_name = "ada";
  change.entry.logins = {"ada"};
  change.kind = "identity.provisioned";
  change.detail = "{}";
  ASSERT_EQ((*first)->change(change).value(), identity::ChangeOutcome::kDone);
  EXPECT_GT((*second)->uncertain_for(), std::chrono::hours(1)) << "it never asked";
  const std::uint64_t before = (*second)->generation();
  ASSERT_TRUE((*second)->catch_up().ok());
  EXPECT_NE((*second)->generation(), before);
  EXPECT_LT((*second)->uncertain_for(), std::chrono::minutes(1));
  EXPECT_TRUE((*second)->entry(identity::EntryKind::kPerson, "usr_1")->has_value());
  const auto notes = open_shared_budgets(options, "node-1");
  ASSERT_TRUE(notes.ok());
  const auto told = (*notes)->unrecorded_notes();
  ASSERT_EQ(told->size(), 1u);
  EXPECT_EQ(told->front().kind, "identity.provisioned");
}

}  // namespace
}  // namespace reeve::store
