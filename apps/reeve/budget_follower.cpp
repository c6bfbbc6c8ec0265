#include "reeve/budget_follower.h"

#include "core/log.h"

namespace reeve::app {

namespace {
constexpr auto kLookInterval = std::chrono::milliseconds(500);
}  // namespace

BudgetFollower::BudgetFollower(store::SharedBudgets& budgets, CommandNotes::Record record)
    : budgets_(budgets), notes_(budgets, nullptr, std::move(record)), looking_(kLookInterval, [this] { look(); }) {}

/// That the database is away is told once.
void BudgetFollower::look() {
  const auto caught_up = budgets_.catch_up();
  if (!caught_up && !away_) {
    log_error("budgets of other nodes cannot be followed; those of before stay in force",
              {{"why", caught_up.error().message}});
  }
  away_ = !caught_up;
  while (caught_up && notes_.look() && !looking_.is_stopping()) {
  }
}

}  // namespace reeve::app
