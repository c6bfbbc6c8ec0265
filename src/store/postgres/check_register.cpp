#include "store/postgres/check_register.h"

#include "core/log.h"
#include "store/check_reports.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using policy::CheckState;

namespace {

constexpr const char* kSubject = "checks of all nodes";
constexpr std::string_view kReport =
    "INSERT INTO check_state (name, green, reason, reported_by, reported_at, until) VALUES ($1::text, $2::boolean, "
    "$3::text, $4::text, $5::bigint, $6::bigint) ON CONFLICT (name) DO UPDATE SET green = excluded.green, reason = "
    "excluded.reason, reported_by = excluded.reported_by, reported_at = excluded.reported_at, until = excluded.until";
constexpr std::string_view kList =
    "SELECT name, green, reason, reported_by, reported_at, until FROM check_state ORDER BY name";

Result<CheckState> read_state(const PostgresRows& rows, std::size_t row) {
  return CheckState{.name = std::string(rows.bytes(row, 0)),
                    .green = rows.truth(row, 1),
                    .reason = std::string(rows.bytes(row, 2)),
                    .reported_by = std::string(rows.bytes(row, 3)),
                    .reported_at = Instant{rows.integer(row, 4)},
                    .until = Instant{rows.integer(row, 5)}};
}

}  // namespace

Result<void> PostgresCheckRegister::report(const CheckState& state) {
  if (auto valid = check_report(state); !valid) return valid;
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    PostgresParameters row;
    row.bytes(state.name).truth(state.green).bytes(state.reason).bytes(state.reported_by);
    row.integer(state.reported_at.nanoseconds).integer(state.until.nanoseconds);
    if (const auto put = connection.run(kReport, row); !put) return put.error();
    return std::optional(entry_of(state));
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  // It stands, so a look that fails now is made good for by the next one.
  if (auto read_again = read(); !read_again) {
    log_warning("a report of a check takes effect a moment later", {{"why", read_again.error().message}});
  }
  return {};
}

Result<std::vector<CheckState>> PostgresCheckRegister::list() {
  const std::lock_guard lock(mutex_);
  return states_;
}

Result<void> PostgresCheckRegister::read() {
  const std::lock_guard looking(looking_);
  auto states = read_rows<CheckState>(connection_, kList, {}, read_state);
  if (!states) return with_context(std::move(states).error(), kSubject);
  const std::lock_guard lock(mutex_);
  states_ = *std::move(states);
  ++generation_;
  return {};
}

Result<void> PostgresCheckRegister::look(std::int64_t value) {
  if (seen_ == value) return {};
  auto done = read();
  if (done) seen_ = value;
  return done;
}

}  // namespace reeve::store
