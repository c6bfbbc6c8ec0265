#include "store/sqlite_check_register.h"

#include "store/check_reports.h"

namespace reeve::store {

using policy::CheckState;

namespace {

constexpr std::string_view kSelectStates =
    "SELECT number, name, green, reason, reported_by, reported_at, until FROM check_report "
    "WHERE number IN (SELECT max(number) FROM check_report GROUP BY name) ORDER BY name";
// Bounded: a job may have reported every minute while no server ran.
constexpr std::string_view kSelectUnrecorded =
    "SELECT number, name, green, reason, reported_by, reported_at, until FROM check_report "
    "WHERE entry IS NULL ORDER BY number LIMIT 100";

}  // namespace

Result<void> SqliteCheckRegister::report(const CheckState& state) {
  if (auto valid = check_report(state); !valid) return valid;
  {
    const std::lock_guard lock(writing_);
    auto transaction = Transaction::begin(writer_);
    if (!transaction) return std::move(transaction).error();
    auto superseded = writer_.prepare("DELETE FROM check_report WHERE name = ? AND entry IS NOT NULL");
    if (!superseded) return std::move(superseded).error();
    if (auto gone = superseded->bind(1, std::string_view(state.name)).run(); !gone) return gone;
    auto inserted = writer_.prepare(
        "INSERT INTO check_report (name, green, reason, reported_by, reported_at, until) VALUES (?, ?, ?, ?, ?, ?)");
    if (!inserted) return std::move(inserted).error();
    inserted->bind(1, std::string_view(state.name))
        .bind(2, std::int64_t{state.green})
        .bind(3, std::string_view(state.reason))
        .bind(4, std::string_view(state.reported_by))
        .bind(5, state.reported_at.nanoseconds)
        .bind(6, state.until.nanoseconds);
    if (auto done = inserted->run(); !done) return done;
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  changes_.announce();
  return {};
}

Result<std::vector<CheckReport>> SqliteCheckRegister::select(std::string_view sql) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(sql);
  if (!rows) return std::move(rows).error();
  std::vector<CheckReport> reports;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return reports;
    reports.push_back({.number = rows->integer(0),
                       .state = {.name = std::string(rows->bytes(1)),
                                 .green = rows->integer(2) != 0,
                                 .reason = std::string(rows->bytes(3)),
                                 .reported_by = std::string(rows->bytes(4)),
                                 .reported_at = Instant{rows->integer(5)},
                                 .until = Instant{rows->integer(6)}}});
  }
}

Result<std::vector<CheckState>> SqliteCheckRegister::list() {
  auto reports = select(kSelectStates);
  if (!reports) return std::move(reports).error();
  std::vector<CheckState> states;
  states.reserve(reports->size());
  for (CheckReport& report : *reports) states.push_back(std::move(report.state));
  return states;
}

Result<std::vector<CheckReport>> SqliteCheckRegister::unrecorded() { return select(kSelectUnrecorded); }

Result<void> SqliteCheckRegister::recorded(std::span<const CheckReport> reports) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const CheckReport& report : reports) {
    auto statement = writer_.prepare("UPDATE check_report SET entry = ? WHERE number = ?");
    if (!statement) return std::move(statement).error();
    statement->bind(1, static_cast<std::int64_t>(report.entry)).bind(2, report.number);
    if (auto ran = statement->run(); !ran) return ran;
  }
  return transaction->commit();
}

Result<void> SqliteCheckRegister::forget_entries_from(std::uint64_t entry) {
  const std::lock_guard lock(writing_);
  auto statement = writer_.prepare("UPDATE check_report SET entry = NULL WHERE entry >= ?");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, static_cast<std::int64_t>(entry)).run();
}

}  // namespace reeve::store
