#pragma once

// identity::AgentStore on SQLite. A row is the agent as JSON; what the ledger tells of a change goes with it in one
// transaction.

#include <mutex>

#include "identity/identity.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteAgentStore final : public identity::AgentStore {
 public:
  /// The schema must be there.
  SqliteAgentStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("agent", std::move(generation)) {}

  Result<void> put(const identity::Agent& agent) override;
  Result<std::vector<identity::Agent>> list() override;
  Result<std::optional<identity::Agent>> find(std::string_view id) override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<void> write(const identity::Agent& agent);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
