#pragma once

// spend::SliceStore on PostgreSQL. slice_schema.h says why it holds whatever nodes, networks and the database do.

#include <atomic>
#include <map>
#include <string>

#include "spend/spend.h"
#include "store/postgres/shared_connection.h"

namespace reeve::store {

class PostgresSliceStore final : public spend::SliceStore {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_slices() sees to that.
  explicit PostgresSliceStore(PostgresOptions options);

  Result<std::vector<spend::Slice>> exchange(std::string_view node,
                                             std::span<const spend::SliceRequest> requests) override;
  Result<std::vector<spend::SliceRequest>> held_by(std::string_view node) override;

  /// Removes rows whose window ended `ended` ago or earlier, and those without an end that nobody used for 90 days. An
  /// exchange does it about once an hour, with a week. Gives how many counters went.
  Result<std::int64_t> sweep(Duration ended);

 private:
  struct Claim {
    std::uint64_t connection = 0;  // number of the one it was made on
    std::int64_t epoch = 0;
  };
  Result<std::int64_t> claim(PostgresConnection& connection, std::string_view node);
  Result<std::int64_t> claimed(PostgresConnection& connection, std::string_view node);
  void sweep_when_due();

  const std::string instance_;  // tells this process's claims from another's
  SharedConnection connection_;
  std::map<std::string, Claim, std::less<>> claims_;  // touched by whoever has the connection only
  std::atomic<std::int64_t> next_sweep_;              // steady clock, nanoseconds
};

}  // namespace reeve::store
