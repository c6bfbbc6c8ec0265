#pragma once

// identity::DirectoryStore on SQLite. Triggers log which entries and memberships a change touched, so that whoever
// holds them in memory reads what is new and no more.

#include <mutex>

#include "identity/identity.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteDirectoryStore final : public identity::DirectoryStore {
 public:
  /// The schema must be there.
  SqliteDirectoryStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("directory", std::move(generation)) {}

  Result<identity::ChangeOutcome> change(const identity::DirectoryChange& change) override;
  Result<std::optional<identity::DirectoryEntry>> entry(identity::EntryKind kind, std::string_view id) override;
  Result<identity::DirectoryPage> find(const identity::DirectoryQuery& query) override;
  Result<std::vector<identity::DirectoryLink>> members_of(std::string_view group) override;
  Result<std::vector<identity::DirectoryLink>> groups_of(std::string_view member) override;
  Result<std::uint64_t> read_changes(std::uint64_t since, identity::DirectoryReader& reader) override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<identity::ChangeOutcome> write(const identity::DirectoryChange& change);
  Result<std::vector<identity::DirectoryLink>> links(std::string_view sql, std::string_view id);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
