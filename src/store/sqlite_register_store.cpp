#include "store/sqlite_register_store.h"

#include "store/register_changes.h"
#include "store/sqlite_kept_answers.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"

namespace reeve::store {

using control::RegisterChange;
using control::RegisterRow;
using control::RowChange;
using control::RowHistory;
using control::Traffic;

namespace {

constexpr std::int64_t kHistoryMax = 500;

Result<void> put_row(Database& database, const RegisterRow& row) {
  auto statement = database.prepare(
      row.version == 1
          ? "INSERT INTO register_row (document, version, register, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
          : "UPDATE register_row SET document = ?, version = ? WHERE register = ? AND id = ? AND version = ?");
  if (!statement) return std::move(statement).error();
  const auto version = static_cast<std::int64_t>(row.version);
  statement->bind(1, std::string_view(row.document)).bind(2, version);
  statement->bind(3, std::string_view(row.register_name)).bind(4, std::string_view(row.id));
  if (row.version > 1) statement->bind(5, version - 1);
  if (auto done = statement->run(); !done) return done;
  return database.changes() == 1 ? Result<void>() : changed_meanwhile(row);
}

Result<void> put_history(Database& database, const RowChange& change) {
  auto statement = database.prepare("INSERT INTO register_history VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return std::move(statement).error();
  statement->bind(1, std::string_view(change.row.register_name)).bind(2, std::string_view(change.row.id));
  statement->bind(3, static_cast<std::int64_t>(change.row.version)).bind(4, change.at.nanoseconds);
  statement->bind(5, std::string_view(change.by)).bind(6, std::string_view(change.step.kind));
  return statement->bind(7, std::string_view(change.history)).run();
}

RegisterRow row_at(const Statement& rows) {
  return {std::string(rows.bytes(0)), std::string(rows.bytes(1)), static_cast<std::uint64_t>(rows.integer(2)),
          std::string(rows.bytes(3)), rows.integer(4)};
}

}  // namespace

Result<void> SqliteRegisterStore::write_row(const RowChange& change) {
  if (auto put = put_row(writer_, change.row); !put) return put;
  if (auto kept = put_history(writer_, change); !kept) return kept;
  if (auto noted = add_note(writer_, change.step.kind, change.step.detail); !noted) return noted;
  const auto event = event_of(change);
  return event ? add_event(writer_, *event) : Result<void>();
}

Result<void> SqliteRegisterStore::change(const RegisterChange& change) {
  if (auto checked = check_change(change); !checked) return checked;
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const RowChange& row : change.rows) {
    if (auto written = write_row(row); !written) return written;
  }
  if (change.answer) {
    if (auto kept = keep_answer(writer_, *change.answer); !kept) return kept;
  }
  return transaction->commit();
}

Result<std::vector<RegisterRow>> SqliteRegisterStore::list(std::string_view register_name, std::int64_t before,
                                                           std::size_t limit) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(
      "SELECT register, id, version, document, number FROM register_row WHERE register = ? AND (? = 0 OR number < ?) "
      "ORDER BY number DESC LIMIT ?");
  if (!rows) return std::move(rows).error();
  rows->bind(1, register_name).bind(2, before).bind(3, before).bind(4, static_cast<std::int64_t>(limit));
  std::vector<RegisterRow> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back(row_at(*rows));
  }
}

Result<std::uint64_t> SqliteRegisterStore::changes_of(std::string_view register_name) {
  const std::lock_guard lock(reading_);
  // Rows are never deleted, and each change adds one to a version.
  auto rows = reader_.prepare("SELECT coalesce(sum(version), 0) FROM register_row WHERE register = ?");
  if (!rows) return std::move(rows).error();
  const auto row = rows->bind(1, register_name).step();
  if (!row) return row.error();
  return static_cast<std::uint64_t>(rows->integer(0));
}

Result<std::optional<RegisterRow>> SqliteRegisterStore::find(std::string_view register_name, std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows =
      reader_.prepare("SELECT register, id, version, document, number FROM register_row WHERE register = ? AND id = ?");
  if (!rows) return std::move(rows).error();
  const auto row = rows->bind(1, register_name).bind(2, id).step();
  if (!row) return row.error();
  return *row ? std::optional(row_at(*rows)) : std::nullopt;
}

Result<std::vector<RowHistory>> SqliteRegisterStore::history(std::string_view register_name, std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(
      "SELECT version, at, by_whom, step, text FROM register_history WHERE register = ? AND id = ? "
      "ORDER BY version DESC LIMIT ?");
  if (!rows) return std::move(rows).error();
  rows->bind(1, register_name).bind(2, id).bind(3, kHistoryMax);
  std::vector<RowHistory> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back({static_cast<std::uint64_t>(rows->integer(0)),
                    {rows->integer(1)},
                    std::string(rows->bytes(2)),
                    std::string(rows->bytes(3)),
                    std::string(rows->bytes(4))});
  }
}

Result<std::optional<spend::KeptAnswer>> SqliteRegisterStore::answer_of(std::string_view who, std::string_view key,
                                                                        Instant now) {
  const std::lock_guard lock(reading_);
  return kept_answer_of(reader_, who, key, now);
}

Result<void> SqliteRegisterStore::put_traffic(std::string_view node, std::span<const Traffic> traffic,
                                              std::uint64_t next) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  for (const Traffic& one : traffic) {
    auto statement = writer_.prepare("INSERT OR REPLACE INTO register_traffic VALUES (?, ?, ?, ?, ?, ?, ?)");
    if (!statement) return std::move(statement).error();
    const std::string people = people_text(one.people);
    statement->bind(1, node).bind(2, std::string_view(one.what)).bind(3, one.first.nanoseconds);
    statement->bind(4, one.last.nanoseconds).bind(5, static_cast<std::int64_t>(one.calls)).bind(6, one.cost.nanos);
    if (auto put = statement->bind(7, std::string_view(people)).run(); !put) return put;
  }
  auto statement = writer_.prepare("INSERT OR REPLACE INTO register_traffic_next VALUES (?, ?)");
  if (!statement) return std::move(statement).error();
  if (auto put = statement->bind(1, node).bind(2, static_cast<std::int64_t>(next)).run(); !put) return put;
  return transaction->commit();
}

Result<std::vector<Traffic>> SqliteRegisterStore::read_traffic(std::optional<std::string_view> node) {
  auto rows = reader_.prepare(
      "SELECT what, first, last, calls, cost_nanos, people FROM register_traffic WHERE ? OR node = ? ORDER BY what");
  if (!rows) return std::move(rows).error();
  rows->bind(1, std::int64_t{node ? 0 : 1}).bind(2, node.value_or(""));
  std::vector<Traffic> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back({std::string(rows->bytes(0)),
                    {rows->integer(1)},
                    {rows->integer(2)},
                    static_cast<std::uint64_t>(rows->integer(3)),
                    Money{rows->integer(4)},
                    people_of_text(rows->bytes(5))});
  }
}

Result<std::pair<std::vector<Traffic>, std::uint64_t>> SqliteRegisterStore::traffic_of(std::string_view node) {
  const std::lock_guard lock(reading_);
  auto traffic = read_traffic(node);
  if (!traffic) return std::move(traffic).error();
  auto rows = reader_.prepare("SELECT entry FROM register_traffic_next WHERE node = ?");
  if (!rows) return std::move(rows).error();
  const auto row = rows->bind(1, node).step();
  if (!row) return row.error();
  return std::pair(*std::move(traffic), *row ? static_cast<std::uint64_t>(rows->integer(0)) : std::uint64_t{0});
}

Result<std::vector<Traffic>> SqliteRegisterStore::traffic() {
  const std::lock_guard lock(reading_);
  auto rows = read_traffic(std::nullopt);
  if (!rows) return rows;
  return summed(*rows);
}

}  // namespace reeve::store
