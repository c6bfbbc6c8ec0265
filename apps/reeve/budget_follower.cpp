#include "reeve/budget_follower.h"

#include "core/log.h"

namespace reeve::app {

namespace {
constexpr auto kLookInterval = std::chrono::milliseconds(500);
}  // namespace

BudgetFollower::BudgetFollower(store::SharedBudgets& budgets, CommandNotes::Record record)
    : budgets_(budgets), notes_(budgets, nullptr, std::move(record)), thread_([this] { run(); }) {}

BudgetFollower::~BudgetFollower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void BudgetFollower::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    look();
    lock.lock();
    wake_.wait_for(lock, kLookInterval, [this] { return stopping_; });
  }
}

/// That the database is away is told once.
void BudgetFollower::look() {
  const auto caught_up = budgets_.catch_up();
  if (!caught_up && !away_) {
    log_error("budgets of other nodes cannot be followed; those of before stay in force",
              {{"why", caught_up.error().message}});
  }
  away_ = !caught_up;
  while (caught_up && notes_.look() && !is_stopping()) {
  }
}

bool BudgetFollower::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace reeve::app
