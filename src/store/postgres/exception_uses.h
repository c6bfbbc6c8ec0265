#pragma once

// policy::SharedUses on PostgreSQL.

#include <map>
#include <string>
#include <string_view>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresExceptionUses final : public policy::SharedUses {
 public:
  /// The schema is up to date already.
  PostgresExceptionUses(PostgresOptions options, std::string node)
      : connection_(std::move(options)), node_(std::move(node)) {}

  Result<bool> take(std::string_view exception, std::uint64_t limit, std::string_view once) override;
  Result<void> restore(const std::map<std::string, std::uint64_t>& uses) override;

 private:
  SharedConnection connection_;  // its own: a call waits for it
  const std::string node_;
};

}  // namespace reeve::store
