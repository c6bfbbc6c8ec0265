#include "store/sqlite_kill_switch_store.h"

#include "store/kill_switch_changes.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"

namespace reeve::store {

using identity::Cutoff;
using identity::Drill;
using identity::DrillReport;

namespace {

constexpr std::string_view kInsert =
    "INSERT INTO cutoff (document, ended, until, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
constexpr std::string_view kEnd = "UPDATE cutoff SET document = ?, ended = ?, until = ? WHERE id = ? AND ended IS NULL";

std::optional<std::int64_t> to_integer(const std::optional<Instant>& at) {
  return at ? std::optional(at->nanoseconds) : std::nullopt;
}

Result<void> put_row(Database& database, const Cutoff& cutoff, bool is_new) {
  auto statement = database.prepare(is_new ? kInsert : kEnd);
  if (!statement) return std::move(statement).error();
  const std::string document = identity::cutoff_to_json(cutoff);
  statement->bind(1, std::string_view(document)).bind(2, to_integer(cutoff.ended));
  auto done = statement->bind(3, to_integer(cutoff.until)).bind(4, std::string_view(cutoff.id)).run();
  if (!done) return done;
  return database.changes() == 1 ? Result<void>() : Result<void>(switched_meanwhile(cutoff));
}

Result<std::vector<Cutoff>> read_cutoffs(Statement& rows) {
  std::vector<Cutoff> list;
  while (true) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return list;
    auto cutoff = identity::cutoff_from_json(rows.bytes(0));
    if (!cutoff) return cutoff.error();
    list.push_back(*std::move(cutoff));
  }
}

}  // namespace

Result<void> SqliteKillSwitchStore::write(const Cutoff& cutoff, bool is_new) {
  {
    const std::lock_guard lock(writing_);
    auto transaction = Transaction::begin(writer_);
    if (!transaction) return std::move(transaction).error();
    if (is_new) {
      const auto on = writer_.integer("SELECT count(*) FROM cutoff WHERE ended IS NULL AND (until IS NULL OR until > " +
                                      std::to_string(cutoff.at.nanoseconds) + ")");
      if (!on) return on.error();
      if (auto room = check_room(*on, cutoff); !room) return room;
    }
    if (auto put = put_row(writer_, cutoff, is_new); !put) return put;
    const control::Event event = event_of_switch(cutoff);
    if (auto noted = add_note(writer_, kSwitchedKind, event.detail); !noted) return noted;
    if (auto announced = cutoff.practice ? Result<void>() : add_event(writer_, event); !announced) return announced;
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  changes_.announce();
  return {};
}

Result<void> SqliteKillSwitchStore::put(const Cutoff& cutoff) { return write(cutoff, true); }

Result<void> SqliteKillSwitchStore::end(std::string_view id, Instant when, std::string_view by,
                                        std::string_view reason) {
  auto found = find(id);
  if (!found) return found.error();
  if (!*found) return no_such_cutoff(id);
  Cutoff cutoff = **std::move(found);
  if (cutoff.ended) return {};
  set_end(cutoff, when, by, reason);
  auto written = write(cutoff, false);
  // Somebody else ended it meanwhile.
  if (!written && written.error().code == ErrorCode::kConflict) return {};
  return written;
}

Result<std::vector<Cutoff>> SqliteKillSwitchStore::list(Instant now) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(
      "SELECT document FROM cutoff WHERE ended IS NULL AND (until IS NULL OR until > ?) ORDER BY number");
  if (!rows) return std::move(rows).error();
  rows->bind(1, now.nanoseconds);
  return read_cutoffs(*rows);
}

Result<std::vector<Cutoff>> SqliteKillSwitchStore::history(std::size_t limit) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document FROM cutoff ORDER BY number DESC LIMIT ?");
  if (!rows) return std::move(rows).error();
  rows->bind(1, static_cast<std::int64_t>(limit));
  return read_cutoffs(*rows);
}

Result<std::optional<Cutoff>> SqliteKillSwitchStore::find(std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document FROM cutoff WHERE id = ?");
  if (!rows) return std::move(rows).error();
  auto list = read_cutoffs(rows->bind(1, id));
  if (!list) return list.error();
  return list->empty() ? std::optional<Cutoff>() : std::optional(std::move(list->front()));
}

Result<void> SqliteKillSwitchStore::announce_drill(const Drill& drill) {
  {
    const std::lock_guard lock(writing_);
    auto statement = writer_.prepare("INSERT INTO kill_drill (id, at, document) VALUES (?, ?, ?)");
    if (!statement) return std::move(statement).error();
    const std::string document = identity::drill_to_json(drill);
    statement->bind(1, std::string_view(drill.id)).bind(2, drill.at.nanoseconds);
    if (auto done = statement->bind(3, std::string_view(document)).run(); !done) return done;
  }
  changes_.announce();
  return {};
}

Result<std::vector<Drill>> SqliteKillSwitchStore::drills(Instant now) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document FROM kill_drill WHERE at > ? ORDER BY at, id");
  if (!rows) return std::move(rows).error();
  rows->bind(1, (now - kDrillLasts).nanoseconds);
  std::vector<Drill> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    auto drill = identity::drill_from_json(rows->bytes(0));
    if (!drill) return drill.error();
    list.push_back(*std::move(drill));
  }
}

Result<void> SqliteKillSwitchStore::report_drill(std::string_view drill, const DrillReport& report) {
  const std::lock_guard lock(writing_);
  auto statement = writer_.prepare(
      "INSERT INTO kill_drill_report (drill, node, done, detail) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (drill, node) DO UPDATE SET done = excluded.done, detail = excluded.detail");
  if (!statement) return std::move(statement).error();
  statement->bind(1, drill).bind(2, std::string_view(report.node));
  return statement->bind(3, std::int64_t{report.done}).bind(4, std::string_view(report.detail)).run();
}

Result<std::vector<DrillReport>> SqliteKillSwitchStore::drill_reports(std::string_view drill) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT node, done, detail FROM kill_drill_report WHERE drill = ? ORDER BY node");
  if (!rows) return std::move(rows).error();
  rows->bind(1, drill);
  std::vector<DrillReport> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back({std::string(rows->bytes(0)), rows->integer(1) != 0, std::string(rows->bytes(2))});
  }
}

}  // namespace reeve::store
