#pragma once

// identity::KillSwitchStore on SQLite. A row is the cutoff as canonical JSON; what the ledger tells of it and the event
// for those who want to be told go with it in one transaction.

#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "identity/identity.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteKillSwitchStore final : public identity::KillSwitchStore {
 public:
  /// The schema must be there.
  SqliteKillSwitchStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("cutoff", std::move(generation)) {}

  Result<void> put(const identity::Cutoff& cutoff) override;
  Result<void> end(std::string_view id, Instant when, std::string_view by, std::string_view reason) override;
  Result<std::vector<identity::Cutoff>> list(Instant now) override;
  Result<std::vector<identity::Cutoff>> history(std::size_t limit) override;
  Result<std::optional<identity::Cutoff>> find(std::string_view id) override;
  Result<void> announce_drill(const identity::Drill& drill) override;
  Result<std::vector<identity::Drill>> drills(Instant now) override;
  Result<void> report_drill(std::string_view drill, const identity::DrillReport& report) override;
  Result<std::vector<identity::DrillReport>> drill_reports(std::string_view drill) override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<void> write(const identity::Cutoff& cutoff, bool is_new);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
