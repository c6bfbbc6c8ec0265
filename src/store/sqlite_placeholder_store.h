#pragma once

// content::PlaceholderStore on SQLite. What it holds is sealed already; what is removed is overwritten, not only
// forgotten.

#include <mutex>
#include <vector>

#include "content/content.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqlitePlaceholderStore final : public content::PlaceholderStore {
 public:
  /// The schema must be there.
  static Result<std::unique_ptr<SqlitePlaceholderStore>> open(Database writer, Database reader);

  Result<void> put(const std::vector<Row>& rows) override;
  Result<std::optional<Row>> get(std::string_view scope, std::string_view placeholder) override;
  Result<std::uint64_t> remove_expired(Instant now) override;
  Result<std::uint64_t> remove_scope(std::string_view scope) override;

 private:
  SqlitePlaceholderStore(Database writer, Database reader) : writer_(std::move(writer)), reader_(std::move(reader)) {}

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
};

}  // namespace reeve::store
