// The budgets that nodes share, on a real PostgreSQL: the suite that every storage passes, and what several nodes and
// lost answers bring.

#include "store/postgres/budget_register.h"

#include <gmock/gmock.h>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/budget_register_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::CuttingProxy;
using postgres_test::shared_server;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  spend::BudgetRegister& budgets() { return *budgets_.value(); }
  UnrecordedNotes& notes() { return *budgets_.value(); }

 private:
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedBudgets>> budgets_ = open_shared_budgets(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, BudgetRegisterConformance, Postgres);

class PostgresBudgets : public ::testing::Test {
 protected:
  std::unique_ptr<SharedBudgets> node(const std::string& name) {
    auto opened = open_shared_budgets(options_, name);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }
  void execute(const std::string& sql) {
    auto connection = PostgresConnection::open(options_).value();
    const auto done = connection.execute(sql);
    EXPECT_TRUE(done.ok()) << done.error().message;
  }

  const std::string database_ = shared_server().create_database();
  const PostgresOptions options_ = shared_server().options(database_);
};

TEST_F(PostgresBudgets, AnotherNodeSeesAChangeWhenItCatchesUpAndOnlyThen) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(second->catch_up().ok());
  const auto before = second->generation();
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_EQ(second->generation(), before);
  ASSERT_TRUE(first->change(sample_budget("house")).ok());
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_NE(second->generation(), before);
  EXPECT_EQ(second->list()->size(), 1u);
  const auto after = second->generation();
  execute("UPDATE budget SET version = 9");
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_NE(second->generation(), after) << "also what a person with a database shell changed";
}

TEST_F(PostgresBudgets, AnEntryIsWrittenByItsNodeOrByAnotherAfterAMinute) {
  const auto first = node("node-1");
  const auto second = node("node-2");
  ASSERT_TRUE(first->change(sample_budget("house")).ok());
  EXPECT_TRUE(second->unrecorded_notes()->empty());
  EXPECT_EQ(first->unrecorded_notes()->size(), 1u);
  execute("UPDATE budget_note SET taken = taken - interval '2 minutes'");
  auto taken = second->unrecorded_notes();
  ASSERT_EQ(taken->size(), 1u);
  EXPECT_TRUE(first->unrecorded_notes()->empty()) << "one of them tells it";
  taken->front().entry = 5;
  ASSERT_TRUE(second->notes_recorded(*taken).ok());
  EXPECT_TRUE(second->unrecorded_notes()->empty());
  ASSERT_TRUE(first->ledger_ends_at(0).ok());
  EXPECT_TRUE(second->unrecorded_notes()->empty()) << "it is in another ledger";
  ASSERT_TRUE(second->ledger_ends_at(5).ok());
  EXPECT_EQ(second->unrecorded_notes()->size(), 1u);
}

TEST_F(PostgresBudgets, AChangeWhoseAnswerWasLostIsOneChange) {
  CuttingProxy proxy(shared_server().port());
  const auto direct = node("node-1");
  PostgresBudgetRegister over_proxy(shared_server().options(database_, proxy.port()), "node-1");
  auto current = sample_budget("house");
  ASSERT_TRUE(over_proxy.change(current).ok());
  proxy.cut_at_random(200);
  for (int i = 0; i < 1'000 && proxy.lost_answers() < 12; ++i) {
    const auto next = sample_budget("house", &current.budget, std::to_string(i));
    const auto changed = over_proxy.change(next);
    if (!changed) {
      EXPECT_NE(changed.error().code, ErrorCode::kConflict) << "nobody else changes it";
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it connects again after a pause
    }
    const auto stored = direct->list()->front();
    if (changed.ok()) EXPECT_EQ(stored.version, next.budget.version);
    if (stored.version == next.budget.version) current = next;
  }
  proxy.cut_at_random(0);
  EXPECT_EQ(proxy.lost_answers(), 12u);
  const auto told = direct->unrecorded_notes();
  EXPECT_EQ(told->size(), std::min<std::size_t>(100, current.budget.version)) << "each is told once";
}

}  // namespace
}  // namespace reeve::store
