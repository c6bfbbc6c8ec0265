#pragma once

// The money side of the server: the budgets in force, the books that follow the ledger, and what was learned of the
// cost of calls. The ledger is the truth; small files in the data directory keep what was read of it, so that a start
// reads only what came after.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/json.h"
#include "core/result.h"
#include "ledger/ledger.h"
#include "spend/spend.h"

namespace reeve::app {

/// An outcome entry as budgets count it: the views last as long as the entry and this.
class SettledEntry {
 public:
  /// False for entries of other kinds, and for outcomes of calls that were never sent.
  bool read(const JsonValue& entry);
  const spend::SettledCall& call() const { return call_; }

 private:
  spend::SettledCall call_;
  std::vector<std::string> groups_;
  std::array<std::string, spend::kDimensions> values_;
};

class Spending {
 public:
  struct Options {
    std::filesystem::path data_directory;
    std::string node;
    spend::SliceStore* slices = nullptr;  // null: this node is alone
  };
  /// The log must outlive it. One thread, the server's main one; what budgets() and hold_estimator() give is for all.
  Spending(ledger::Log& log, Options options);
  ~Spending();

  spend::Budgets& budgets() { return *budgets_; }
  spend::HoldEstimator& hold_estimator() { return estimator_; }

  /// Puts the set in force, once the books have read what it counts. Slow where a budget is new and the ledger long.
  Result<void> publish(std::shared_ptr<const spend::BudgetSet> set);
  /// Follows the ledger; keeps the books once a minute. About once a second.
  void look();
  /// Keeps what the next start would have to read again. A failure is logged and costs that time.
  void keep();

 private:
  Result<void> follow();
  Result<void> wait_for_outcomes(const spend::BudgetSet& set);
  Result<void> read_and_publish(std::shared_ptr<const spend::BudgetSet> set, bool begins_anew);

  ledger::Log& log_;
  const Options options_;
  std::unique_ptr<spend::Budgets> budgets_;
  spend::HoldEstimator estimator_;
  std::optional<spend::Books> books_;
  std::uint64_t next_ = 0;  // the entry that the books read next
  Moment kept_;
};

/// Books of the set as the ledger has them now, for commands beside a server or none.
Result<spend::Books> read_books(ledger::LogReader& reader, const std::shared_ptr<const spend::BudgetSet>& set,
                                Instant now);

}  // namespace reeve::app
