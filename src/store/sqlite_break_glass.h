#pragma once

// identity::BreakGlassStore on SQLite.

#include <mutex>

#include "identity/identity.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteBreakGlass final : public identity::BreakGlassStore {
 public:
  /// The schema must be there.
  explicit SqliteBreakGlass(Database database) : database_(std::move(database)) {}

  Result<void> seal(const identity::BreakGlassSeal& seal, const identity::BreakGlassEvent& event) override;
  Result<std::optional<identity::BreakGlassSeal>> newest() override;
  Result<void> open(const identity::BreakGlassSeal& seal, const identity::BreakGlassEvent& event) override;
  Result<void> count_failure(std::int64_t number, const identity::BreakGlassEvent& event) override;

 private:
  Result<void> tell(const identity::BreakGlassEvent& event, std::string_view key);

  std::mutex mutex_;
  Database database_;
};

}  // namespace reeve::store
