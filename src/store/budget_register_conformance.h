#pragma once

// What every implementation of spend::BudgetRegister must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()`, `spend::BudgetRegister& budgets()` and
// `UnrecordedNotes& notes()`, each instance with storage of its own.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/store.h"

namespace reeve::store {

inline constexpr Instant kBudgetTime = {1'800'000'000'000'000'007};

inline spend::BudgetChange sample_budget(const std::string& name, const spend::RegisteredBudget* before = nullptr,
                                         const std::string& limit = "3") {
  const std::string document = R"({"limit":{"requests":")" + limit + R"("},"name":")" + name +
                               R"(","title":"it's für '); DROP TABLE budget; --","window":"day"})";
  return spend::change_budget(before, name, document, "lead@example.com", kBudgetTime);
}

inline spend::KeptAnswer sample_answer(const std::string& key, Instant at = kBudgetTime) {
  return {"lead@example.com", key, "sha256:00", 201, R"({"name":"ü"})", "\"1-ab\"", at};
}

inline bool same_budget(const spend::RegisteredBudget& a, const spend::RegisteredBudget& b) {
  return a.name == b.name && a.version == b.version && a.document == b.document && a.by == b.by && a.at == b.at;
}

template <typename Storage>
class BudgetRegisterConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  spend::BudgetRegister& budgets() { return storage_->budgets(); }
  std::vector<spend::RegisteredBudget> listed() {
    auto list = budgets().list();
    EXPECT_TRUE(list.ok());
    return list.ok() ? *std::move(list) : std::vector<spend::RegisteredBudget>();
  }
  /// The kinds of what a ledger is to tell.
  std::vector<std::string> noted() {
    std::vector<std::string> kinds;
    const auto notes = storage_->notes().unrecorded_notes();
    EXPECT_TRUE(notes.ok());
    for (const Note& note : *notes) kinds.push_back(note.kind);
    return kinds;
  }
  void expect_refused(const spend::BudgetChange& change, ErrorCode code = ErrorCode::kConflict) {
    const auto generation = budgets().generation();
    const auto before = noted();
    const auto changed = budgets().change(change);
    ASSERT_FALSE(changed.ok());
    EXPECT_EQ(changed.error().code, code) << changed.error().message;
    EXPECT_EQ(noted(), before) << "what did not happen is not told";
    EXPECT_EQ(budgets().generation(), generation);
  }
};
TYPED_TEST_SUITE_P(BudgetRegisterConformance);

TYPED_TEST_P(BudgetRegisterConformance, KeepsEveryMemberAndListsByName) {
  EXPECT_TRUE(this->listed().empty());
  const auto second = sample_budget("payments-2");
  const auto first = sample_budget("payments");
  ASSERT_TRUE(this->budgets().change(second).ok());
  ASSERT_TRUE(this->budgets().change(first).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_TRUE(same_budget(list[0], first.budget));
  EXPECT_TRUE(same_budget(list[1], second.budget));
}

TYPED_TEST_P(BudgetRegisterConformance, AChangeTakesTheVersionBeforeIt) {
  const auto made = sample_budget("house");
  ASSERT_TRUE(this->budgets().change(made).ok());
  this->expect_refused(made);
  const auto changed = sample_budget("house", &made.budget, "4");
  ASSERT_TRUE(this->budgets().change(changed).ok());
  this->expect_refused(changed);
  this->expect_refused(spend::remove_budget(made.budget, "lead@example.com", kBudgetTime));
  EXPECT_TRUE(same_budget(this->listed().at(0), changed.budget));
  ASSERT_TRUE(this->budgets().change(spend::remove_budget(changed.budget, "boss@example.com", kBudgetTime)).ok());
  EXPECT_TRUE(this->listed().empty());
  this->expect_refused(sample_budget("house", &changed.budget));
  ASSERT_TRUE(this->budgets().change(made).ok()) << "a name that is free can be given again";
}

TYPED_TEST_P(BudgetRegisterConformance, TellsTheLedgerOfEachChangeOnce) {
  const auto made = sample_budget("house");
  ASSERT_TRUE(this->budgets().change(made).ok());
  ASSERT_TRUE(this->budgets().change(spend::remove_budget(made.budget, "b", kBudgetTime)).ok());
  auto notes = this->storage_->notes().unrecorded_notes();
  ASSERT_TRUE(notes.ok());
  ASSERT_EQ(notes->size(), 2u);
  EXPECT_EQ((*notes)[0].kind, "budget.changed");
  EXPECT_EQ((*notes)[0].detail, made.detail);
  EXPECT_EQ((*notes)[1].kind, "budget.removed");
  notes->pop_back();
  notes->front().entry = 7;
  ASSERT_TRUE(this->storage_->notes().notes_recorded(*notes).ok());
  EXPECT_EQ(this->noted(), std::vector<std::string>{"budget.removed"});
  auto too_long = sample_budget("other");
  too_long.detail = std::string(10'000, ' ');
  this->expect_refused(too_long, ErrorCode::kInvalid);
}

TYPED_TEST_P(BudgetRegisterConformance, GenerationMovesWithEveryChange) {
  const auto start = this->budgets().generation();
  const auto made = sample_budget("house");
  ASSERT_TRUE(this->budgets().change(made).ok());
  const auto after = this->budgets().generation();
  EXPECT_NE(after, start);
  this->listed();
  EXPECT_EQ(this->budgets().generation(), after);
  ASSERT_TRUE(this->budgets().change(spend::remove_budget(made.budget, "b", kBudgetTime)).ok());
  EXPECT_NE(this->budgets().generation(), after);
}

TYPED_TEST_P(BudgetRegisterConformance, OfManyWhoChangeAVersionOneSucceeds) {
  auto current = sample_budget("house");
  ASSERT_TRUE(this->budgets().change(current).ok());
  for (int round = 0; round < 4; ++round) {
    const auto next = sample_budget("house", &current.budget, std::to_string(round));
    std::atomic<int> succeeded{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { succeeded += this->budgets().change(next).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(succeeded, 1);
    current = next;
  }
  EXPECT_EQ(this->noted().size(), 5u);
}

TYPED_TEST_P(BudgetRegisterConformance, KeepsAnswersForADayAndEachOnce) {
  auto first = sample_budget("one");
  first.answer = sample_answer("key");
  ASSERT_TRUE(this->budgets().change(first).ok());
  const auto kept = this->budgets().answer_of("lead@example.com", "key", kBudgetTime);
  ASSERT_TRUE(kept.ok() && kept->has_value());
  EXPECT_EQ((*kept)->request, "sha256:00");
  EXPECT_EQ((*kept)->status, 201);
  EXPECT_EQ((*kept)->body, R"({"name":"ü"})");
  EXPECT_EQ((*kept)->etag, "\"1-ab\"");
  EXPECT_EQ((*kept)->at, kBudgetTime);
  EXPECT_FALSE(this->budgets().answer_of("other@example.com", "key", kBudgetTime)->has_value());
  EXPECT_FALSE(this->budgets().answer_of("lead@example.com", "key", kBudgetTime + spend::kAnswersKept)->has_value());
  auto second = sample_budget("two");
  second.answer = sample_answer("key");
  this->expect_refused(second);
  EXPECT_EQ(this->listed().size(), 1u) << "a change without its answer does not happen";
  second.answer = sample_answer("key", kBudgetTime + spend::kAnswersKept);
  EXPECT_TRUE(this->budgets().change(second).ok()) << "after a day the key is free";
}

REGISTER_TYPED_TEST_SUITE_P(BudgetRegisterConformance, KeepsEveryMemberAndListsByName, AChangeTakesTheVersionBeforeIt,
                            TellsTheLedgerOfEachChangeOnce, GenerationMovesWithEveryChange,
                            OfManyWhoChangeAVersionOneSucceeds, KeepsAnswersForADayAndEachOnce);

}  // namespace reeve::store
