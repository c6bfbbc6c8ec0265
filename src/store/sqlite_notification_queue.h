#pragma once

// control::NotificationQueue on SQLite.

#include <mutex>
#include <vector>

#include "control/control.h"
#include "store/sqlite.h"

namespace reeve::store {

/// Inside a transaction of the caller's, or by itself. Does nothing when the key is known.
Result<void> add_event(Database& database, const control::Event& event);

class SqliteNotificationQueue final : public control::NotificationQueue {
 public:
  /// The schema must be there.
  explicit SqliteNotificationQueue(Database database) : database_(std::move(database)) {}

  Result<void> announce(const control::Event& event) override;
  Result<void> announce_and_note(std::span<const control::Event> events) override;
  Result<std::vector<control::Event>> unrouted() override;
  Result<void> route(std::string_view key, std::span<const std::string> destinations, Instant now) override;
  Result<std::vector<control::Delivery>> claim(Instant now, Duration lease) override;
  Result<void> delivered(std::int64_t number, Instant now) override;
  Result<void> failed(std::int64_t number, std::string_view error, std::optional<Instant> next, Instant now) override;
  Result<void> retry(std::int64_t number, Instant now) override;
  Result<std::vector<control::Delivery>> list(std::optional<control::Delivery::State> state,
                                              std::size_t limit) override;
  Result<void> forget(Instant before) override;

 private:
  std::mutex mutex_;
  Database database_;
};

}  // namespace reeve::store
