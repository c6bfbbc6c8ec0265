#pragma once

// control::RegisterStore on PostgreSQL. Nothing of it is kept in memory: who asks may wait for the database.

#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresRegisterStore final : public control::RegisterStore {
 public:
  /// The connection outlives it.
  PostgresRegisterStore(SharedConnection& connection, std::string node)
      : node_(std::move(node)), connection_(connection) {}

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

  /// As SharedRegisters::take_over() has it, of one register: how many rows came. Their order among themselves stays.
  Result<std::size_t> take_over(control::RegisterStore& own, std::string_view register_name);
  /// What this node told of traffic in its own storage, where it told nothing here.
  Result<void> take_over_traffic(control::RegisterStore& own);

 private:
  const std::string node_;
  SharedConnection& connection_;
};

}  // namespace reeve::store
