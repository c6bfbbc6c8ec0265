#pragma once

// policy::CheckRegister on SQLite. Every report is a row, and the newest row of a name is the check's state: so what
// was reported while no server ran reaches the ledger whole, also when several reports followed one another. A report
// that the ledger has goes when the next one of its name comes.

#include <mutex>
#include <span>
#include <vector>

#include "policy/policy.h"
#include "store/change_counter.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace reeve::store {

class SqliteCheckRegister final : public policy::CheckRegister {
 public:
  /// The schema must be there.
  SqliteCheckRegister(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("check_report", std::move(generation)) {}

  Result<void> report(const policy::CheckState& state) override;
  Result<std::vector<policy::CheckState>> list() override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: unrecorded_check_reports(), check_reports_recorded(), ledger_ends_at(), catch_up().
  Result<std::vector<CheckReport>> unrecorded();
  Result<void> recorded(std::span<const CheckReport> reports);
  Result<void> forget_entries_from(std::uint64_t entry);
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<std::vector<CheckReport>> select(std::string_view sql);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
