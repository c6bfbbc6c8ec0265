#pragma once

// store::SharedKillSwitch on PostgreSQL.

#include <atomic>
#include <string>
#include <vector>

#include "store/postgres/change_listener.h"
#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresKillSwitch final : public SharedKillSwitch {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_shared_kill_switch() sees to that.
  PostgresKillSwitch(PostgresOptions options, std::string node);

  Result<void> put(const identity::Cutoff& cutoff) override;
  Result<void> end(std::string_view id, Instant when, std::string_view by, std::string_view reason) override;
  Result<std::vector<identity::Cutoff>> list(Instant now) override;
  Result<std::vector<identity::Cutoff>> history(std::size_t limit) override;
  Result<std::optional<identity::Cutoff>> find(std::string_view id) override;
  Result<void> announce_drill(const identity::Drill& drill) override;
  Result<std::vector<identity::Drill>> drills(Instant now) override;
  Result<void> report_drill(std::string_view drill, const identity::DrillReport& report) override;
  Result<std::vector<identity::DrillReport>> drill_reports(std::string_view drill) override;
  std::uint64_t generation() const override { return generation_.load(); }

  Result<void> wait_for_change(Duration patience) override;
  void stop_waiting() override;

 private:
  Result<void> change(const identity::Cutoff& cutoff, bool is_new);
  Result<std::vector<identity::Cutoff>> read(std::string_view sql, const PostgresParameters& parameters);

  const std::string node_;
  SharedConnection connection_;
  std::atomic<std::uint64_t> generation_{0};
  ChangeListener listener_;
  std::int64_t seen_ = -1;  // the counter in the database; of the thread that waits
};

}  // namespace reeve::store
