#include "store/sqlite_notification_queue.h"

#include "core/bytes.h"
#include "store/note_detail.h"
#include "store/sqlite_notes.h"

namespace reeve::store {

using control::Delivery;
using control::Event;

namespace {

#define DELIVERY_COLUMNS                                                                                 \
  "d.number, d.destination, d.state, d.attempts, d.next, d.last_error, e.key, e.kind, e.time, e.detail " \
  "FROM notification_delivery d JOIN notification_event e ON e.number = d.event "

Delivery read_delivery(const Statement& row) {
  Delivery delivery;
  delivery.number = row.integer(0);
  delivery.destination = row.bytes(1);
  delivery.state = static_cast<Delivery::State>(row.integer(2));
  delivery.attempts = static_cast<int>(row.integer(3));
  delivery.next = Instant{row.integer(4)};
  delivery.last_error = row.bytes(5);
  delivery.event = {std::string(row.bytes(6)), std::string(row.bytes(7)), Instant{row.integer(8)},
                    std::string(row.bytes(9))};
  return delivery;
}

Result<std::vector<Delivery>> read_deliveries(Statement& rows) {
  std::vector<Delivery> deliveries;
  while (true) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return deliveries;
    deliveries.push_back(read_delivery(rows));
  }
}

}  // namespace

Result<void> add_event(Database& database, const Event& event) {
  if (auto checked = check_event(event); !checked) return checked;
  auto statement = database.prepare(
      "INSERT INTO notification_event (key, kind, time, detail) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, std::string_view(event.key))
      .bind(2, std::string_view(event.kind))
      .bind(3, event.time.nanoseconds)
      .bind(4, std::string_view(event.detail))
      .run();
}

Result<void> SqliteNotificationQueue::announce(const Event& event) {
  const std::lock_guard lock(mutex_);
  return add_event(database_, event);
}

Result<void> SqliteNotificationQueue::announce_and_note(std::span<const Event> events) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  for (const Event& event : events) {
    if (auto added = add_event(database_, event); !added) return added;
    if (database_.changes() == 0) continue;  // known
    const std::string& entry = event.entry.empty() ? event.kind : event.entry;
    // The event has all of it; a note that is too long would keep every event behind it from being told.
    if (auto noted = add_note(database_, entry, shortened_detail(event.detail, kNoteDetailBytesMax)); !noted) {
      return noted;
    }
  }
  return transaction->commit();
}

Result<std::vector<Event>> SqliteNotificationQueue::unrouted() {
  const std::lock_guard lock(mutex_);
  auto rows = database_.prepare(
      "SELECT key, kind, time, detail FROM notification_event WHERE routed = 0 ORDER BY number LIMIT 100");
  if (!rows) return std::move(rows).error();
  std::vector<Event> events;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return events;
    events.push_back({std::string(rows->bytes(0)), std::string(rows->bytes(1)), Instant{rows->integer(2)},
                      std::string(rows->bytes(3))});
  }
}

Result<void> SqliteNotificationQueue::route(std::string_view key, std::span<const std::string> destinations,
                                            Instant now) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  for (const std::string& destination : destinations) {
    // Only while it is not routed: another server may have been faster.
    auto statement = database_.prepare(
        "INSERT INTO notification_delivery (event, destination, next) "
        "SELECT number, ?, ? FROM notification_event WHERE key = ? AND routed = 0 ON CONFLICT DO NOTHING");
    if (!statement) return std::move(statement).error();
    statement->bind(1, std::string_view(destination)).bind(2, now.nanoseconds).bind(3, key);
    if (auto made = statement->run(); !made) return made;
  }
  auto routed = database_.prepare("UPDATE notification_event SET routed = 1 WHERE key = ?");
  if (!routed) return std::move(routed).error();
  if (auto done = routed->bind(1, key).run(); !done) return done;
  return transaction->commit();
}

Result<std::vector<Delivery>> SqliteNotificationQueue::claim(Instant now, Duration lease) {
  const std::lock_guard lock(mutex_);
  {
    // Most of the time there is nothing: then nothing is locked.
    auto any = database_.prepare("SELECT 1 FROM notification_delivery WHERE state = 0 AND next <= ? LIMIT 1");
    if (!any) return std::move(any).error();
    const auto row = any->bind(1, now.nanoseconds).step();
    if (!row) return row.error();
    if (!*row) return std::vector<Delivery>();
  }
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto rows = database_.prepare("SELECT " DELIVERY_COLUMNS
                                "WHERE d.number IN (SELECT min(number) FROM notification_delivery WHERE state = 0 "
                                "GROUP BY destination) AND d.next <= ? ORDER BY d.number");
  if (!rows) return std::move(rows).error();
  auto due = read_deliveries(rows->bind(1, now.nanoseconds));
  if (!due) return due;
  for (const Delivery& delivery : *due) {
    auto taken = database_.prepare("UPDATE notification_delivery SET next = ? WHERE number = ?");
    if (!taken) return std::move(taken).error();
    if (auto done = taken->bind(1, (now + lease).nanoseconds).bind(2, delivery.number).run(); !done) {
      return std::move(done).error();
    }
  }
  if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
  return due;
}

Result<void> SqliteNotificationQueue::delivered(std::int64_t number, Instant now) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(
      "UPDATE notification_delivery SET state = 1, attempts = attempts + 1, next = ?, last_error = '' "
      "WHERE number = ? AND state = 0");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, now.nanoseconds).bind(2, number).run();
}

Result<void> SqliteNotificationQueue::failed(std::int64_t number, std::string_view error, std::optional<Instant> next,
                                             Instant now) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(
      "UPDATE notification_delivery SET state = ?, attempts = attempts + 1, next = ?, last_error = ? "
      "WHERE number = ? AND state = 0");
  if (!statement) return std::move(statement).error();
  const auto state = static_cast<std::int64_t>(next ? Delivery::State::kWaiting : Delivery::State::kDead);
  return statement->bind(1, state).bind(2, next.value_or(now).nanoseconds).bind(3, error).bind(4, number).run();
}

Result<void> SqliteNotificationQueue::retry(std::int64_t number, Instant now) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(
      "UPDATE notification_delivery SET state = 0, attempts = 0, next = ? WHERE number = ? AND state = 2");
  if (!statement) return std::move(statement).error();
  if (auto done = statement->bind(1, now.nanoseconds).bind(2, number).run(); !done) return done;
  return database_.changes() == 1 ? Result<void>() : nothing_given_up(number);
}

Result<std::vector<Delivery>> SqliteNotificationQueue::list(std::optional<Delivery::State> state, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  auto rows = database_.prepare("SELECT " DELIVERY_COLUMNS
                                "WHERE d.state = coalesce(?, d.state) ORDER BY d.number DESC LIMIT ?");
  if (!rows) return std::move(rows).error();
  const auto wanted = state ? std::optional(static_cast<std::int64_t>(*state)) : std::nullopt;
  return read_deliveries(rows->bind(1, wanted).bind(2, static_cast<std::int64_t>(limit)));
}

Result<void> SqliteNotificationQueue::forget(Instant before) {
  const std::lock_guard lock(mutex_);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto old = database_.prepare("DELETE FROM notification_delivery WHERE state = 1 AND next < ?");
  if (!old) return std::move(old).error();
  if (auto gone = old->bind(1, before.nanoseconds).run(); !gone) return gone;
  auto events = database_.prepare(
      "DELETE FROM notification_event WHERE routed = 1 AND time < ? "
      "AND NOT EXISTS (SELECT 1 FROM notification_delivery d WHERE d.event = notification_event.number)");
  if (!events) return std::move(events).error();
  if (auto gone = events->bind(1, before.nanoseconds).run(); !gone) return gone;
  return transaction->commit();
}

#undef DELIVERY_COLUMNS

}  // namespace reeve::store
