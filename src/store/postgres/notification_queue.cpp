#include "store/postgres/notification_queue.h"

#include <algorithm>

#include "core/crypto.h"
#include "store/note_detail.h"
#include "store/postgres/noted_change.h"
#include "store/register_checks.h"

namespace reeve::store {

using control::Delivery;
using control::Event;

namespace {

constexpr const char* kSubject = "notifications of all nodes";
#define DELIVERY_COLUMNS                                                                                 \
  "d.number, d.destination, d.state, d.attempts, d.next, d.last_error, e.key, e.kind, e.time, e.detail " \
  "FROM notification_delivery d JOIN notification_event e ON e.number = d.event "

constexpr std::string_view kAddEvent =
    "INSERT INTO notification_event (key, kind, time, detail) VALUES ($1::text, $2::text, $3::bigint, $4::text) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kUnrouted =
    "SELECT key, kind, time, detail FROM notification_event WHERE NOT routed ORDER BY number LIMIT 100";
// The row is locked, so that of two nodes the second finds it routed.
constexpr std::string_view kLockEvent =
    "SELECT number FROM notification_event WHERE key = $1::text AND NOT routed FOR UPDATE";
constexpr std::string_view kDeliver =
    "INSERT INTO notification_delivery (event, destination, next) VALUES ($1::bigint, $2::text, $3::bigint) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kRouted = "UPDATE notification_event SET routed = true WHERE number = $1::bigint";
// What another node takes at this moment is left to it.
constexpr std::string_view kClaim =
    "WITH due AS (SELECT number FROM notification_delivery WHERE number IN "
    "(SELECT min(number) FROM notification_delivery WHERE state = 0 GROUP BY destination) "
    "AND state = 0 AND next <= $1::bigint FOR UPDATE SKIP LOCKED) "
    "UPDATE notification_delivery d SET next = $2::bigint FROM due, notification_event e "
    "WHERE d.number = due.number AND e.number = d.event RETURNING "
    "d.number, d.destination, d.state, d.attempts, $1::bigint, d.last_error, e.key, e.kind, e.time, e.detail";
constexpr std::string_view kDelivered =
    "UPDATE notification_delivery SET state = 1, attempts = attempts + 1, next = $2::bigint, last_error = '' "
    "WHERE number = $1::bigint AND state = 0";
constexpr std::string_view kFailed =
    "UPDATE notification_delivery SET state = $2::bigint, attempts = attempts + 1, next = $3::bigint, last_error = "
    "$4::text WHERE number = $1::bigint AND state = 0";
constexpr std::string_view kRetry =
    "UPDATE notification_delivery SET state = 0, attempts = 0, next = $2::bigint WHERE number = $1::bigint AND "
    "(state = 2 OR (state = 0 AND attempts = 0 AND next = $2::bigint))";
constexpr std::string_view kList = "SELECT " DELIVERY_COLUMNS
                                   "WHERE d.state = coalesce($1::bigint, d.state) ORDER BY d.number DESC "
                                   "LIMIT $2::bigint";
constexpr std::string_view kForgetDelivered = "DELETE FROM notification_delivery WHERE state = 1 AND next < $1::bigint";
constexpr std::string_view kForgetEvents =
    "DELETE FROM notification_event WHERE routed AND time < $1::bigint "
    "AND NOT EXISTS (SELECT FROM notification_delivery d WHERE d.event = notification_event.number)";
#undef DELIVERY_COLUMNS

Result<Delivery> read_delivery(const PostgresRows& rows, std::size_t row) {
  Delivery delivery;
  delivery.number = rows.integer(row, 0);
  delivery.destination = rows.bytes(row, 1);
  delivery.state = static_cast<Delivery::State>(rows.integer(row, 2));
  delivery.attempts = static_cast<int>(rows.integer(row, 3));
  delivery.next = Instant{rows.integer(row, 4)};
  delivery.last_error = rows.bytes(row, 5);
  delivery.event = {std::string(rows.bytes(row, 6)), std::string(rows.bytes(row, 7)), Instant{rows.integer(row, 8)},
                    std::string(rows.bytes(row, 9))};
  return delivery;
}

}  // namespace

Result<bool> add_event(PostgresConnection& connection, const Event& event) {
  if (auto checked = check_event(event); !checked) return std::move(checked).error();
  PostgresParameters row;
  row.bytes(event.key).bytes(event.kind).integer(event.time.nanoseconds).bytes(event.detail);
  const auto rows = connection.run(kAddEvent, row);
  if (!rows) return rows.error();
  return rows->changed() == 1;
}

Result<std::size_t> PostgresNotificationQueue::run(std::string_view sql, const PostgresParameters& parameters) {
  std::size_t changed = 0;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(sql, parameters);
    if (!rows) return rows.error();
    changed = rows->changed();
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return changed;
}

Result<void> PostgresNotificationQueue::announce(const Event& event) {
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto added = add_event(connection, event);
    return added ? Result<void>() : Result<void>(added.error());
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<void> PostgresNotificationQueue::announce_and_note(std::span<const Event> events) {
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    for (const Event& event : events) {
      const auto is_new = add_event(connection, event);
      if (!is_new) return is_new.error();
      if (!*is_new) continue;
      // The event has all of it; a note that is too long would keep every event behind it from being told.
      const EntryText entry{event.entry.empty() ? event.kind : event.entry,
                            shortened_detail(event.detail, kNoteDetailBytesMax)};
      if (auto noted = add_note(connection, to_hex(random_bytes(16)), node_, entry); !noted) return noted;
    }
    return transaction->commit();
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<std::vector<Event>> PostgresNotificationQueue::unrouted() {
  auto events =
      read_rows<Event>(connection_, kUnrouted, {}, [](const PostgresRows& rows, std::size_t row) -> Result<Event> {
        return Event{std::string(rows.bytes(row, 0)), std::string(rows.bytes(row, 1)), Instant{rows.integer(row, 2)},
                     std::string(rows.bytes(row, 3))};
      });
  if (!events) return with_context(std::move(events).error(), kSubject);
  return events;
}

Result<void> PostgresNotificationQueue::route(std::string_view key, std::span<const std::string> destinations,
                                              Instant now) {
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    const auto event = connection.run(kLockEvent, PostgresParameters().bytes(key));
    if (!event) return event.error();
    if (event->size() == 0) return {};
    const std::int64_t number = event->integer(0, 0);
    for (const std::string& destination : destinations) {
      PostgresParameters row;
      row.integer(number).bytes(destination).integer(now.nanoseconds);
      if (const auto made = connection.run(kDeliver, row); !made) return made.error();
    }
    if (const auto routed = connection.run(kRouted, PostgresParameters().integer(number)); !routed) {
      return routed.error();
    }
    return transaction->commit();
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<std::vector<Delivery>> PostgresNotificationQueue::claim(Instant now, Duration lease) {
  PostgresParameters parameters;
  parameters.integer(now.nanoseconds).integer((now + lease).nanoseconds);
  auto due = read_rows<Delivery>(connection_, kClaim, parameters, read_delivery);
  if (!due) return with_context(std::move(due).error(), kSubject);
  std::sort(due->begin(), due->end(), [](const auto& left, const auto& right) { return left.number < right.number; });
  return due;
}

Result<void> PostgresNotificationQueue::delivered(std::int64_t number, Instant now) {
  const auto done = run(kDelivered, PostgresParameters().integer(number).integer(now.nanoseconds));
  return done ? Result<void>() : Result<void>(done.error());
}

Result<void> PostgresNotificationQueue::failed(std::int64_t number, std::string_view error, std::optional<Instant> next,
                                               Instant now) {
  const auto state = static_cast<std::int64_t>(next ? Delivery::State::kWaiting : Delivery::State::kDead);
  PostgresParameters row;
  row.integer(number).integer(state).integer(next.value_or(now).nanoseconds).bytes(error);
  const auto done = run(kFailed, row);
  return done ? Result<void>() : Result<void>(done.error());
}

Result<void> PostgresNotificationQueue::retry(std::int64_t number, Instant now) {
  const auto changed = run(kRetry, PostgresParameters().integer(number).integer(now.nanoseconds));
  if (!changed) return changed.error();
  return *changed == 1 ? Result<void>() : nothing_given_up(number);
}

Result<std::vector<Delivery>> PostgresNotificationQueue::list(std::optional<Delivery::State> state, std::size_t limit) {
  PostgresParameters parameters;
  state ? parameters.integer(static_cast<std::int64_t>(*state)) : parameters.null();
  parameters.integer(static_cast<std::int64_t>(limit));
  auto all = read_rows<Delivery>(connection_, kList, parameters, read_delivery);
  if (!all) return with_context(std::move(all).error(), kSubject);
  return all;
}

Result<void> PostgresNotificationQueue::forget(Instant before) {
  for (const std::string_view sql : {kForgetDelivered, kForgetEvents}) {
    if (const auto done = run(sql, PostgresParameters().integer(before.nanoseconds)); !done) return done.error();
  }
  return {};
}

}  // namespace reeve::store
