#pragma once

// policy::CheckRegister on PostgreSQL. What list() gives is in memory, as of the last look: loops ask.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresCheckRegister final : public policy::CheckRegister {
 public:
  /// The connection outlives it.
  PostgresCheckRegister(SharedConnection& connection, std::string node)
      : node_(std::move(node)), connection_(connection) {}

  Result<void> report(const policy::CheckState& state) override;
  Result<std::vector<policy::CheckState>> list() override;
  std::uint64_t generation() const override { return generation_.load(); }

  /// Reads all when the counter in the database, `value`, is another than that of the last time.
  Result<void> look(std::int64_t value);

 private:
  Result<void> read();

  const std::string node_;
  SharedConnection& connection_;
  std::atomic<std::uint64_t> generation_{1};
  std::mutex looking_;  // one look at a time, so that none puts back what a later one has seen
  std::int64_t seen_ = -1;
  std::mutex mutex_;  // guards states_
  std::vector<policy::CheckState> states_;
};

}  // namespace reeve::store
