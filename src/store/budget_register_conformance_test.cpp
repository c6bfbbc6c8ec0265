// On SQLite; tests/postgres runs the same suite on PostgreSQL.

#include "store/budget_register_conformance.h"

#include "store/sqlite.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  spend::BudgetRegister& budgets() { return store_.value()->budgets(); }
  UnrecordedNotes& notes() { return *store_.value(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, BudgetRegisterConformance, Sqlite);

TEST(SqliteBudgetRegister, IsSeenByOtherOpeningsAndLaterOnes) {
  const TemporaryDirectory directory;
  auto store = Store::open_embedded(directory.path()).value();
  const auto other = Store::open_embedded(directory.path()).value();
  const auto before = other->budgets().generation();
  ASSERT_TRUE(store->budgets().change(sample_budget("house")).ok());
  EXPECT_NE(other->budgets().generation(), before);
  EXPECT_EQ(other->budgets().list()->size(), 1u);
  store = Store::open_embedded(directory.path()).value();
  EXPECT_EQ(store->budgets().list()->size(), 1u);
}

TEST(SqliteBudgetRegister, CatchesUpWithAChangeThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  ASSERT_TRUE(store->catch_up().ok());
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  for (const char* change : {"INSERT INTO budget VALUES ('house', 1, '{}', 'b', 5)", "UPDATE budget SET version = 2",
                             "DELETE FROM budget"}) {
    const auto before = store->budgets().generation();
    ASSERT_TRUE(database->execute(change).ok());
    ASSERT_TRUE(store->catch_up().ok());
    EXPECT_NE(store->budgets().generation(), before) << change;
  }
}

}  // namespace
}  // namespace reeve::store
