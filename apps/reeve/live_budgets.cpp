#include "reeve/live_budgets.h"

#include "core/log.h"

namespace reeve::app {

namespace {
constexpr Duration kPauseAfterFailure = std::chrono::seconds(2);
}  // namespace

Result<void> LiveBudgets::read() {
  // Read before the rows: a change that comes in between is found at the next look.
  const std::uint64_t generation = register_.generation();
  auto list = register_.list();
  if (!list) return list.error();
  registered_ = *std::move(list);
  seen_ = generation;
  keep_written();
  return {};
}

bool LiveBudgets::look() {
  {
    const std::lock_guard lock(mutex_);
    answering_ = asked_;
  }
  if (register_.generation() == seen_) {
    settle();
    return false;
  }
  const Moment now = system_clock().steady();
  if (now < next_try_) return false;
  const auto done = read();
  if (done) return true;
  next_try_ = now + kPauseAfterFailure;
  log_error("budgets that were written by the API cannot be read; those of before stay in force",
            {{"why", done.error().message}});
  return false;
}

void LiveBudgets::settle() {
  const std::lock_guard lock(mutex_);
  if (settled_ == answering_) return;
  settled_ = answering_;
  looked_.notify_all();
}

void LiveBudgets::use_files(const std::vector<YamlValue>& documents) {
  std::vector<Diagnostic> none;
  files_ = spend::merged_budget_documents(documents, {}, none);
  keep_written();
}

std::shared_ptr<const spend::BudgetSet> LiveBudgets::build(std::vector<Diagnostic>& complaints) const {
  const auto documents = spend::merged_budget_documents(files_, registered_, complaints);
  auto set = spend::BudgetSet::build(documents, complaints);
  return has_errors(complaints) ? nullptr : set;
}

void LiveBudgets::keep_written() {
  auto written = std::make_shared<const Written>(Written{files_, registered_});
  const std::lock_guard lock(mutex_);
  written_ = std::move(written);
}

void LiveBudgets::stop_waiting() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  looked_.notify_all();
}

std::shared_ptr<const LiveBudgets::Written> LiveBudgets::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

}  // namespace reeve::app
