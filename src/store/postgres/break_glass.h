#pragma once

// identity::BreakGlassStore on PostgreSQL: one sealed code of all nodes.

#include <string>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresBreakGlass final : public identity::BreakGlassStore {
 public:
  /// The connection outlives it.
  PostgresBreakGlass(SharedConnection& connection, std::string node)
      : node_(std::move(node)), connection_(connection) {}

  Result<void> seal(const identity::BreakGlassSeal& seal, const identity::BreakGlassEvent& event) override;
  Result<std::optional<identity::BreakGlassSeal>> newest() override;
  Result<void> open(const identity::BreakGlassSeal& seal, const identity::BreakGlassEvent& event) override;
  Result<void> count_failure(std::int64_t number, const identity::BreakGlassEvent& event) override;

  /// Takes over the seal of a node's own storage where there is none here, or an older one. Whether it did.
  Result<bool> take_over(const identity::BreakGlassSeal& seal);

 private:
  const std::string node_;
  SharedConnection& connection_;
};

}  // namespace reeve::store
