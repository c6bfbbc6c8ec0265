#pragma once

// control::NotificationQueue on PostgreSQL: one queue of all nodes, so that each event is told once, by whichever node
// comes first.

#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

/// Inside a transaction. Whether it is new.
Result<bool> add_event(PostgresConnection& connection, const control::Event& event);

class PostgresNotificationQueue final : public control::NotificationQueue {
 public:
  /// The connection outlives it.
  PostgresNotificationQueue(SharedConnection& connection, std::string node)
      : node_(std::move(node)), connection_(connection) {}

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
  Result<std::size_t> run(std::string_view sql, const PostgresParameters& parameters);

  const std::string node_;
  SharedConnection& connection_;
};

}  // namespace reeve::store
