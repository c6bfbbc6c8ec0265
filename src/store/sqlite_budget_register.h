#pragma once

// spend::BudgetRegister on SQLite. A row is the document as canonical JSON with its version beside it, so a change is
// one compare-and-swap; what the ledger tells of it and the answer that is kept go with it in one transaction.

#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "spend/spend.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteBudgetRegister final : public spend::BudgetRegister {
 public:
  /// The schema must be there.
  SqliteBudgetRegister(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("budget", std::move(generation)) {}

  Result<std::vector<spend::RegisteredBudget>> list() override;
  Result<void> change(const spend::BudgetChange& change) override;
  Result<std::optional<spend::KeptAnswer>> answer_of(std::string_view who, std::string_view key, Instant now) override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
