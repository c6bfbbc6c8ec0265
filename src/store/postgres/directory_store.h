#pragma once

// store::SharedDirectory on PostgreSQL.

#include <atomic>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresDirectoryStore final : public SharedDirectory {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_shared_directory() sees to that.
  PostgresDirectoryStore(PostgresOptions options, std::string node)
      : node_(std::move(node)), connection_(std::move(options)) {}

  Result<identity::ChangeOutcome> change(const identity::DirectoryChange& change) override;
  Result<std::optional<identity::DirectoryEntry>> entry(identity::EntryKind kind, std::string_view id) override;
  Result<identity::DirectoryPage> find(const identity::DirectoryQuery& query) override;
  Result<std::vector<identity::DirectoryLink>> members_of(std::string_view group) override;
  Result<std::vector<identity::DirectoryLink>> groups_of(std::string_view member) override;
  Result<std::uint64_t> read_changes(std::uint64_t since, identity::DirectoryReader& reader) override;
  std::uint64_t generation() const override { return generation_.load(); }
  Duration uncertain_for() const override;
  Result<void> catch_up() override;

 private:
  Result<std::vector<identity::DirectoryLink>> links(std::string_view sql, std::string_view id);

  const std::string node_;
  SharedConnection connection_;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::int64_t> seen_{-1};          // the counter in the database
  std::atomic<std::int64_t> certain_since_{0};  // the steady clock at the last catch_up(); 0: none yet
};

}  // namespace reeve::store
