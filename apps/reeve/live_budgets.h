#pragma once

// Budgets as a running server holds them: those of the files in force and those of the register, which the API and
// commands write to while it runs. What was written is seen by the register's generation; where nodes share the
// register, BudgetFollower looks whether another node wrote.
//
// The main thread looks and puts in force; whoever has written asks it to look at once, and waits for that.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/yaml.h"
#include "spend/spend.h"

namespace reeve::app {

class LiveBudgets {
 public:
  /// The register must outlive it.
  explicit LiveBudgets(spend::BudgetRegister& budget_register) : register_(budget_register) {}

  /// What the set in force is made of.
  struct Written {
    std::vector<YamlValue> files;  // Budget and Ladder documents
    std::vector<spend::RegisteredBudget> registered;
  };

  // ---- The main thread ----

  /// Reads the register, whether it moved or not: for the start, where a limit that cannot be read must not be missing.
  Result<void> read();
  /// Reads it when it moved: true when the set in force has to be built again, followed by settle().
  bool look();
  /// Whoever waits goes on: what the last look() found is in force, or could not be and was logged.
  void settle();
  const std::vector<spend::RegisteredBudget>& registered() const { return registered_; }
  /// The documents of the files that come in force.
  void use_files(const std::vector<YamlValue>& documents);
  /// The set of both. Null with errors among the complaints.
  std::shared_ptr<const spend::BudgetSet> build(std::vector<Diagnostic>& complaints) const;
  /// Nobody is kept waiting from now on.
  void stop_waiting();

  // ---- Any thread ----

  spend::BudgetRegister& budget_register() const { return register_; }
  std::shared_ptr<const Written> written() const;
  /// Says that the register was changed. True once the main thread has looked; false when that takes too long.
  /// `wake` makes it look now.
  template <typename Wake>
  bool wait_for_look(Duration patience, const Wake& wake) {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = ++asked_;
    lock.unlock();
    wake();
    lock.lock();
    return looked_.wait_for(lock, patience, [&] { return stopped_ || settled_ >= ticket; }) && !stopped_;
  }

 private:
  void keep_written();

  spend::BudgetRegister& register_;
  std::optional<std::uint64_t> seen_;  // generation of registered_
  std::vector<spend::RegisteredBudget> registered_;
  std::vector<YamlValue> files_;
  Moment next_try_{};            // after the register could not be read
  std::uint64_t answering_ = 0;  // the tickets that the look under way answers

  mutable std::mutex mutex_;  // all that follows
  std::condition_variable looked_;
  std::shared_ptr<const Written> written_ = std::make_shared<Written>();
  std::uint64_t asked_ = 0, settled_ = 0;
  bool stopped_ = false;
};

}  // namespace reeve::app
