#pragma once

// control::RegisterStore on SQLite. A row is a document with its id and version beside it: so the schema does not
// follow every member, and a change is one compare-and-swap.

#include <mutex>
#include <vector>

#include "control/control.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteRegisterStore final : public control::RegisterStore {
 public:
  /// The schema must be there.
  SqliteRegisterStore(Database writer, Database reader) : writer_(std::move(writer)), reader_(std::move(reader)) {}

  Result<void> change(const control::RegisterChange& change) override;
  Result<std::vector<control::RegisterRow>> list(std::string_view register_name, std::int64_t before,
                                                 std::size_t limit) override;
  Result<std::uint64_t> changes_of(std::string_view register_name) override;
  Result<std::optional<control::RegisterRow>> find(std::string_view register_name, std::string_view id) override;
  Result<std::vector<control::RowHistory>> history(std::string_view register_name, std::string_view id) override;
  Result<std::optional<spend::KeptAnswer>> answer_of(std::string_view who, std::string_view key, Instant now) override;
  Result<void> put_traffic(std::string_view node, std::span<const control::Traffic> traffic,
                           std::uint64_t next) override;
  Result<std::pair<std::vector<control::Traffic>, std::uint64_t>> traffic_of(std::string_view node) override;
  Result<std::vector<control::Traffic>> traffic() override;

 private:
  Result<void> write_row(const control::RowChange& change);
  Result<std::vector<control::Traffic>> read_traffic(std::optional<std::string_view> node);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
};

}  // namespace reeve::store
