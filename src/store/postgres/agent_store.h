#pragma once

// store::SharedAgents on PostgreSQL.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresAgentStore final : public SharedAgents {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_shared_agents() sees to that.
  PostgresAgentStore(PostgresOptions options, std::string node)
      : node_(std::move(node)), connection_(std::move(options)) {}

  Result<void> put(const identity::Agent& agent) override;
  Result<std::vector<identity::Agent>> list() override;
  Result<std::optional<identity::Agent>> find(std::string_view id) override;
  std::uint64_t generation() const override { return generation_.load(); }
  Duration uncertain_for() const override;
  Result<void> catch_up() override;

 private:
  Result<void> write(PostgresConnection& connection, const identity::Agent& agent, std::string_view number);

  const std::string node_;
  SharedConnection connection_;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::int64_t> certain_since_{0};  // the steady clock at the last catch_up(); 0: none yet
  std::mutex mutex_;                            // guards what follows
  std::int64_t seen_ = -1;                      // the counter in the database
  std::vector<identity::Agent> agents_;         // as of it
};

}  // namespace reeve::store
