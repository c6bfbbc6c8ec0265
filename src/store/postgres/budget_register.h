#pragma once

// store::SharedBudgets on PostgreSQL.

#include <atomic>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresBudgetRegister final : public SharedBudgets {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_shared_budgets() sees to that.
  PostgresBudgetRegister(PostgresOptions options, std::string node)
      : node_(std::move(node)), connection_(std::move(options)) {}

  Result<std::vector<spend::RegisteredBudget>> list() override;
  Result<void> change(const spend::BudgetChange& change) override;
  Result<std::optional<spend::KeptAnswer>> answer_of(std::string_view who, std::string_view key, Instant now) override;
  std::uint64_t generation() const override { return generation_.load(); }

  Result<void> catch_up() override;
  Result<std::vector<Note>> unrecorded_notes() override;
  Result<void> notes_recorded(std::span<const Note> notes) override;
  Result<void> ledger_ends_at(std::uint64_t entries) override;

 private:
  const std::string node_;
  SharedConnection connection_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> seen_{-1};  // the counter in the database
};

}  // namespace reeve::store
