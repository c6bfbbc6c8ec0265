#include "store/postgres/kill_switch.h"

#include "store/kill_switch_changes.h"
#include "store/postgres/migrations.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using identity::Cutoff;
using identity::Drill;
using identity::DrillReport;

namespace {

constexpr const char* kSubject = "cutoffs of all nodes";
constexpr std::string_view kInsert =
    "INSERT INTO cutoff (document, ended, until, id) VALUES ($1::text, $2::bigint, $3::bigint, $4::text) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kEnd =
    "UPDATE cutoff SET document = $1::text, ended = $2::bigint, until = $3::bigint WHERE id = $4::text AND ended IS "
    "NULL";
constexpr std::string_view kOn =
    "SELECT count(*) FROM cutoff WHERE ended IS NULL AND (until IS NULL OR until > $1::bigint)";
constexpr std::string_view kList =
    "SELECT document FROM cutoff WHERE ended IS NULL AND (until IS NULL OR until > $1::bigint) ORDER BY number";
constexpr std::string_view kHistory = "SELECT document FROM cutoff ORDER BY number DESC LIMIT $1::bigint";
constexpr std::string_view kFind = "SELECT document FROM cutoff WHERE id = $1::text";
constexpr std::string_view kAnnounceDrill =
    "INSERT INTO kill_drill VALUES ($1::text, $2::bigint, $3::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kDrills = "SELECT document FROM kill_drill WHERE at > $1::bigint ORDER BY at, id";
constexpr std::string_view kReport =
    "INSERT INTO kill_drill_report VALUES ($1::text, $2::text, $3::boolean, $4::text) "
    "ON CONFLICT (drill, node) DO UPDATE SET done = excluded.done, detail = excluded.detail";
constexpr std::string_view kReports =
    "SELECT node, done, detail FROM kill_drill_report WHERE drill = $1::text ORDER BY node COLLATE \"C\"";
}  // namespace

PostgresKillSwitch::PostgresKillSwitch(PostgresOptions options, std::string node)
    : node_(std::move(node)), connection_(options), listener_(std::move(options), "reeve_cutoff") {}

Result<void> PostgresKillSwitch::change(const Cutoff& cutoff, bool is_new) {
  const std::string document = identity::cutoff_to_json(cutoff);
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    if (is_new) {
      PostgresParameters now;
      bind_time(now, cutoff.at);
      const auto on = connection.run(kOn, now);
      if (!on) return on.error();
      if (auto room = check_room(on->integer(0, 0), cutoff); !room) return std::move(room).error();
    }
    PostgresParameters row;
    row.bytes(document);
    bind_time(row, cutoff.ended);
    bind_time(row, cutoff.until).bytes(cutoff.id);
    const auto put = connection.run(is_new ? kInsert : kEnd, row);
    if (!put) return put.error();
    if (put->changed() != 1) return switched_meanwhile(cutoff);
    return std::optional(EntryText{std::string(kSwitchedKind), document});
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  ++generation_;
  return {};
}

Result<void> PostgresKillSwitch::put(const Cutoff& cutoff) { return change(cutoff, true); }

Result<void> PostgresKillSwitch::end(std::string_view id, Instant when, std::string_view by, std::string_view reason) {
  auto found = find(id);
  if (!found) return found.error();
  if (!*found) return no_such_cutoff(id);
  Cutoff cutoff = **std::move(found);
  if (cutoff.ended) return {};
  set_end(cutoff, when, by, reason);
  auto written = change(cutoff, false);
  // Somebody else ended it meanwhile.
  if (!written && written.error().code == ErrorCode::kConflict) return {};
  return written;
}

Result<std::vector<Cutoff>> PostgresKillSwitch::read(std::string_view sql, const PostgresParameters& parameters) {
  std::vector<Cutoff> list;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(sql, parameters);
    if (!rows) return rows.error();
    list.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      auto cutoff = identity::cutoff_from_json(rows->bytes(row, 0));
      if (!cutoff) return cutoff.error();
      list.push_back(*std::move(cutoff));
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return list;
}

Result<std::vector<Cutoff>> PostgresKillSwitch::list(Instant now) {
  return read(kList, PostgresParameters().integer(now.nanoseconds));
}

Result<std::vector<Cutoff>> PostgresKillSwitch::history(std::size_t limit) {
  return read(kHistory, PostgresParameters().integer(static_cast<std::int64_t>(limit)));
}

Result<std::optional<Cutoff>> PostgresKillSwitch::find(std::string_view id) {
  auto list = read(kFind, PostgresParameters().bytes(id));
  if (!list) return list.error();
  return list->empty() ? std::optional<Cutoff>() : std::optional(std::move(list->front()));
}

Result<void> PostgresKillSwitch::announce_drill(const Drill& drill) {
  const std::string document = identity::drill_to_json(drill);
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    PostgresParameters row;
    row.bytes(drill.id).integer(drill.at.nanoseconds).bytes(document);
    const auto put = connection.run(kAnnounceDrill, row);
    return put ? Result<void>() : Result<void>(put.error());
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  ++generation_;
  return {};
}

Result<std::vector<Drill>> PostgresKillSwitch::drills(Instant now) {
  std::vector<Drill> list;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kDrills, PostgresParameters().integer((now - kDrillLasts).nanoseconds));
    if (!rows) return rows.error();
    list.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      auto drill = identity::drill_from_json(rows->bytes(row, 0));
      if (!drill) return drill.error();
      list.push_back(*std::move(drill));
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return list;
}

Result<void> PostgresKillSwitch::report_drill(std::string_view drill, const DrillReport& report) {
  return connection_.use([&](PostgresConnection& connection) -> Result<void> {
    PostgresParameters row;
    row.bytes(drill).bytes(report.node).truth(report.done).bytes(report.detail);
    const auto put = connection.run(kReport, row);
    return put ? Result<void>() : Result<void>(put.error());
  });
}

Result<std::vector<DrillReport>> PostgresKillSwitch::drill_reports(std::string_view drill) {
  std::vector<DrillReport> list;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kReports, PostgresParameters().bytes(drill));
    if (!rows) return rows.error();
    list.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      list.push_back({std::string(rows->bytes(row, 0)), rows->truth(row, 1), std::string(rows->bytes(row, 2))});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return list;
}

Result<void> PostgresKillSwitch::wait_for_change(Duration patience) {
  auto waited = listener_.wait(patience, [&](PostgresConnection& connection) -> Result<void> {
    const auto counter = read_counter(connection, "cutoff");
    if (!counter) return counter.error();
    if (std::exchange(seen_, *counter) != *counter) ++generation_;
    return {};
  });
  if (!waited) return with_context(std::move(waited).error(), kSubject);
  return {};
}

void PostgresKillSwitch::stop_waiting() { listener_.stop(); }

Result<std::unique_ptr<SharedKillSwitch>> open_shared_kill_switch(const PostgresOptions& options, std::string node) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<SharedKillSwitch>(std::make_unique<PostgresKillSwitch>(options, std::move(node)));
}

}  // namespace reeve::store
