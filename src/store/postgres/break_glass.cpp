#include "store/postgres/break_glass.h"

#include "core/crypto.h"
#include "store/postgres/noted_change.h"
#include "store/postgres/notification_queue.h"
#include "store/register_checks.h"

namespace reeve::store {

using identity::BreakGlassEvent;
using identity::BreakGlassSeal;

namespace {

constexpr const char* kSubject = "the sealed code of all nodes";
constexpr std::string_view kSeal =
    "INSERT INTO break_glass (salt, code_hash, sealed_by, sealed_at) VALUES ($1::bytea, $2::bytea, $3::text, "
    "$4::bigint)";
constexpr std::string_view kNewest =
    "SELECT number, salt, code_hash, sealed_by, sealed_at, failures, opened_at, opened_by, reason, expires "
    "FROM break_glass ORDER BY number DESC LIMIT 1";
constexpr std::string_view kOpen =
    "UPDATE break_glass SET opened_at = $2::bigint, opened_by = $3::text, reason = $4::text, expires = $5::bigint "
    "WHERE number = $1::bigint AND opened_at IS NULL AND number = (SELECT max(number) FROM break_glass)";
constexpr std::string_view kFailure = "UPDATE break_glass SET failures = failures + 1 WHERE number = $1::bigint";
// Two seals at once would be two that are the newest.
constexpr std::string_view kOneAtATime = "LOCK TABLE break_glass IN SHARE ROW EXCLUSIVE MODE";
constexpr std::string_view kTakeOver =
    "INSERT INTO break_glass (salt, code_hash, sealed_by, sealed_at, failures, opened_by, opened_at, reason, expires) "
    "SELECT $1::bytea, $2::bytea, $3::text, $4::bigint, $5::bigint, $6::text, $7::bigint, $8::text, $9::bigint "
    "WHERE NOT EXISTS (SELECT FROM break_glass WHERE sealed_at >= $4::bigint)";

/// Inside a transaction: nothing happens that is not told.
Result<std::optional<EntryText>> tell(PostgresConnection& connection, const BreakGlassEvent& event) {
  const std::string unique = event.kind + ":" + to_hex(random_bytes(16));
  const auto added = add_event(connection, {unique, event.kind, system_clock().now(), event.detail});
  if (!added) return added.error();
  return std::optional(EntryText{event.kind, event.detail});
}

}  // namespace

Result<void> PostgresBreakGlass::seal(const BreakGlassSeal& seal, const BreakGlassEvent& event) {
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    if (const auto locked = connection.run(kOneAtATime); !locked) return locked.error();
    PostgresParameters row;
    row.bytes(seal.salt).bytes(seal.code_hash).bytes(seal.sealed_by).integer(seal.sealed_at.nanoseconds);
    if (const auto made = connection.run(kSeal, row); !made) return made.error();
    return tell(connection, event);
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<std::optional<BreakGlassSeal>> PostgresBreakGlass::newest() {
  const auto read = [](const PostgresRows& rows, std::size_t row) -> Result<BreakGlassSeal> {
    BreakGlassSeal seal;
    seal.number = rows.integer(row, 0);
    seal.salt = rows.bytes(row, 1);
    seal.code_hash = rows.bytes(row, 2);
    seal.sealed_by = rows.bytes(row, 3);
    seal.sealed_at = Instant{rows.integer(row, 4)};
    seal.failures = static_cast<int>(rows.integer(row, 5));
    seal.opened_at = time_at(rows, row, 6);
    if (!rows.is_null(row, 7)) seal.opened_by = rows.bytes(row, 7);
    if (!rows.is_null(row, 8)) seal.reason = rows.bytes(row, 8);
    seal.expires = time_at(rows, row, 9);
    return seal;
  };
  auto seals = read_rows<BreakGlassSeal>(connection_, kNewest, {}, read);
  if (!seals) return with_context(std::move(seals).error(), kSubject);
  return seals->empty() ? std::optional<BreakGlassSeal>() : std::optional(std::move(seals->front()));
}

Result<void> PostgresBreakGlass::open(const BreakGlassSeal& seal, const BreakGlassEvent& event) {
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    PostgresParameters row;
    row.integer(seal.number).integer(seal.opened_at->nanoseconds).bytes(seal.opened_by).bytes(seal.reason);
    row.integer(seal.expires->nanoseconds);
    const auto opened = connection.run(kOpen, row);
    if (!opened) return opened.error();
    if (opened->changed() != 1) return seal_is_broken();
    return tell(connection, event);
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<void> PostgresBreakGlass::count_failure(std::int64_t number, const BreakGlassEvent& event) {
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto counted = connection.run(kFailure, PostgresParameters().integer(number));
    if (!counted) return counted.error();
    return tell(connection, event);
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

Result<bool> PostgresBreakGlass::take_over(const BreakGlassSeal& seal) {
  bool taken = false;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    PostgresParameters row;
    row.bytes(seal.salt).bytes(seal.code_hash).bytes(seal.sealed_by).integer(seal.sealed_at.nanoseconds);
    row.integer(seal.failures).bytes(seal.opened_by);
    bind_time(row, seal.opened_at).bytes(seal.reason);
    bind_time(row, seal.expires);
    const auto rows = connection.run(kTakeOver, row);
    if (!rows) return rows.error();
    taken = rows->changed() == 1;
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return taken;
}

}  // namespace reeve::store
