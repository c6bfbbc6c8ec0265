#include "store/postgres/governed_registers.h"

#include <algorithm>

#include "core/crypto.h"
#include "store/postgres/kept_answers.h"
#include "store/postgres/noted_change.h"
#include "store/postgres/notification_queue.h"
#include "store/register_changes.h"

namespace reeve::store {

using control::RegisterChange;
using control::RegisterRow;
using control::RowChange;
using control::RowHistory;
using control::Traffic;

namespace {

constexpr const char* kSubject = "registers of all nodes";
constexpr std::int64_t kHistoryMax = 500;
constexpr std::string_view kInsert =
    "INSERT INTO register_row (document, version, register, id) VALUES ($1::text, $2::bigint, $3::text, $4::text) ON "
    "CONFLICT DO NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE register_row SET document = $1::text, version = $2::bigint WHERE register = $3::text AND id = $4::text AND "
    "version = $2::bigint - 1";
constexpr std::string_view kHistory =
    "INSERT INTO register_history VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::text, $6::text, $7::text)";
constexpr std::string_view kList =
    "SELECT register, id, version, document, number FROM register_row WHERE register = $1::text AND ($2::bigint = 0 OR "
    "number < $2::bigint) ORDER BY number DESC LIMIT $3::bigint";
// Rows are never deleted, and each change adds one to a version.
constexpr std::string_view kChanges =
    "SELECT coalesce(sum(version), 0)::bigint FROM register_row WHERE register = $1::text";
constexpr std::string_view kFind =
    "SELECT register, id, version, document, number FROM register_row WHERE register = $1::text AND id = $2::text";
constexpr std::string_view kReadHistory =
    "SELECT version, at, by_whom, step, text FROM register_history WHERE register = $1::text AND id = $2::text ORDER "
    "BY version DESC LIMIT $3::bigint";
constexpr std::string_view kPutTraffic =
    "INSERT INTO register_traffic VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint, "
    "$7::text) ON CONFLICT (node, what) DO UPDATE SET first = EXCLUDED.first, last = EXCLUDED.last, calls = "
    "EXCLUDED.calls, cost_nanos = EXCLUDED.cost_nanos, people = EXCLUDED.people";
constexpr std::string_view kPutNext =
    "INSERT INTO register_traffic_next VALUES ($1::text, $2::bigint) ON CONFLICT (node) DO UPDATE SET entry = "
    "EXCLUDED.entry";
constexpr std::string_view kTrafficOf =
    "SELECT what, first, last, calls, cost_nanos, people FROM register_traffic WHERE node = $1::text ORDER BY what";
constexpr std::string_view kTraffic =
    "SELECT what, first, last, calls, cost_nanos, people FROM register_traffic ORDER BY what";
constexpr std::string_view kNext = "SELECT entry FROM register_traffic_next WHERE node = $1::text";

constexpr std::string_view kGiveWay =
    "UPDATE register_row SET document = $1::text, version = $2::bigint WHERE register = $3::text AND id = $4::text AND "
    "version = 1 AND $2::bigint > 1 AND id LIKE 'it-seen-%'";
constexpr std::string_view kForgetHistory = "DELETE FROM register_history WHERE register = $1::text AND id = $2::text";

Result<void> put_row(PostgresConnection& connection, const RowChange& change) {
  const RegisterRow& row = change.row;
  const auto version = static_cast<std::int64_t>(row.version);
  PostgresParameters put;
  put.bytes(row.document).integer(version).bytes(row.register_name).bytes(row.id);
  const auto rows = connection.run(version == 1 ? kInsert : kUpdate, put);
  if (!rows) return rows.error();
  if (rows->changed() != 1) return changed_meanwhile(row);
  PostgresParameters history;
  history.bytes(row.register_name).bytes(row.id).integer(version).integer(change.at.nanoseconds);
  history.bytes(change.by).bytes(change.step.kind).bytes(change.history);
  const auto kept = connection.run(kHistory, history);
  if (!kept) return kept.error();
  const auto event = event_of(change);
  if (!event) return {};
  const auto announced = add_event(connection, *event);
  return announced ? Result<void>() : Result<void>(announced.error());
}

struct RowWithHistory {
  RegisterRow row;
  std::vector<RowHistory> history;
};

/// Of another store, oldest first.
Result<std::vector<RowWithHistory>> all_rows(control::RegisterStore& own, std::string_view register_name) {
  constexpr std::size_t kPage = 500;
  std::vector<RowWithHistory> all;
  std::int64_t before = 0;
  while (true) {
    auto page = own.list(register_name, before, kPage);
    if (!page) return std::move(page).error();
    for (RegisterRow& row : *page) {
      auto history = own.history(register_name, row.id);
      if (!history) return std::move(history).error();
      before = row.number;
      all.push_back({std::move(row), *std::move(history)});
    }
    if (page->size() < kPage) break;
  }
  std::reverse(all.begin(), all.end());
  return all;
}

/// Whether it came.
Result<bool> take_over_row(PostgresConnection& connection, const RowWithHistory& one) {
  PostgresParameters put;
  put.bytes(one.row.document).integer(static_cast<std::int64_t>(one.row.version));
  put.bytes(one.row.register_name).bytes(one.row.id);
  auto rows = connection.run(kInsert, put);
  if (rows && rows->changed() == 0) rows = connection.run(kGiveWay, put);
  if (!rows) return rows.error();
  if (rows->changed() == 0) return false;
  const auto forgotten =
      connection.run(kForgetHistory, PostgresParameters().bytes(one.row.register_name).bytes(one.row.id));
  if (!forgotten) return forgotten.error();
  for (const RowHistory& step : one.history) {
    PostgresParameters history;
    history.bytes(one.row.register_name).bytes(one.row.id).integer(static_cast<std::int64_t>(step.version));
    history.integer(step.at.nanoseconds).bytes(step.by).bytes(step.step).bytes(step.text);
    const auto kept = connection.run(kHistory, history);
    if (!kept) return kept.error();
  }
  return true;
}

RegisterRow row_at(const PostgresRows& rows, std::size_t row) {
  return {std::string(rows.bytes(row, 0)), std::string(rows.bytes(row, 1)),
          static_cast<std::uint64_t>(rows.integer(row, 2)), std::string(rows.bytes(row, 3)), rows.integer(row, 4)};
}

Traffic traffic_at(const PostgresRows& rows, std::size_t row) {
  return {std::string(rows.bytes(row, 0)), {rows.integer(row, 1)},
          {rows.integer(row, 2)},          static_cast<std::uint64_t>(rows.integer(row, 3)),
          Money{rows.integer(row, 4)},     people_of_text(rows.bytes(row, 5))};
}

template <typename T>
Result<T> in_context(Result<T> result) {
  if (!result) return with_context(std::move(result).error(), kSubject);
  return result;
}

}  // namespace

Result<void> PostgresRegisterStore::change(const RegisterChange& change) {
  if (auto checked = check_change(change); !checked) return checked;
  const std::string further = to_hex(random_bytes(16));
  return in_context(
      write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
        for (std::size_t i = 0; i < change.rows.size(); ++i) {
          const RowChange& row = change.rows[i];
          if (auto put = put_row(connection, row); !put) return std::move(put).error();
          // The last one's is the note that the change is known by.
          if (i + 1 == change.rows.size()) break;
          const std::string number = further + ":" + std::to_string(i);
          auto noted = add_note(connection, number, node_, EntryText{row.step.kind, row.step.detail});
          if (!noted) return std::move(noted).error();
        }
        if (change.answer) {
          if (auto kept = keep_answer(connection, *change.answer); !kept) return std::move(kept).error();
        }
        const control::Step& last = change.rows.back().step;
        return std::optional(EntryText{last.kind, last.detail});
      }));
}

Result<std::vector<RegisterRow>> PostgresRegisterStore::list(std::string_view register_name, std::int64_t before,
                                                             std::size_t limit) {
  PostgresParameters asked;
  asked.bytes(register_name).integer(before).integer(static_cast<std::int64_t>(limit));
  return in_context(read_rows<RegisterRow>(
      connection_, kList, asked,
      [](const PostgresRows& rows, std::size_t row) -> Result<RegisterRow> { return row_at(rows, row); }));
}

Result<std::uint64_t> PostgresRegisterStore::changes_of(std::string_view register_name) {
  auto found =
      in_context(read_rows<std::uint64_t>(connection_, kChanges, PostgresParameters().bytes(register_name),
                                          [](const PostgresRows& rows, std::size_t row) -> Result<std::uint64_t> {
                                            return static_cast<std::uint64_t>(rows.integer(row, 0));
                                          }));
  if (!found) return std::move(found).error();
  return found->empty() ? 0 : found->front();
}

Result<std::optional<RegisterRow>> PostgresRegisterStore::find(std::string_view register_name, std::string_view id) {
  auto found = in_context(read_rows<RegisterRow>(
      connection_, kFind, PostgresParameters().bytes(register_name).bytes(id),
      [](const PostgresRows& rows, std::size_t row) -> Result<RegisterRow> { return row_at(rows, row); }));
  if (!found) return std::move(found).error();
  return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

Result<std::vector<RowHistory>> PostgresRegisterStore::history(std::string_view register_name, std::string_view id) {
  const auto asked = PostgresParameters().bytes(register_name).bytes(id).integer(kHistoryMax);
  return in_context(read_rows<RowHistory>(connection_, kReadHistory, asked,
                                          [](const PostgresRows& rows, std::size_t row) -> Result<RowHistory> {
                                            return RowHistory{static_cast<std::uint64_t>(rows.integer(row, 0)),
                                                              {rows.integer(row, 1)},
                                                              std::string(rows.bytes(row, 2)),
                                                              std::string(rows.bytes(row, 3)),
                                                              std::string(rows.bytes(row, 4))};
                                          }));
}

Result<std::optional<spend::KeptAnswer>> PostgresRegisterStore::answer_of(std::string_view who, std::string_view key,
                                                                          Instant now) {
  return in_context(kept_answer_of(connection_, who, key, now));
}

/// Harmless to repeat: it says what is, not what is added.
Result<void> PostgresRegisterStore::put_traffic(std::string_view node, std::span<const Traffic> traffic,
                                                std::uint64_t next) {
  return in_context(connection_.use([&](PostgresConnection& connection) -> Result<void> {
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    for (const Traffic& one : traffic) {
      PostgresParameters row;
      row.bytes(node).bytes(one.what).integer(one.first.nanoseconds).integer(one.last.nanoseconds);
      row.integer(static_cast<std::int64_t>(one.calls)).integer(one.cost.nanos).bytes(people_text(one.people));
      const auto put = connection.run(kPutTraffic, row);
      if (!put) return put.error();
    }
    const auto put =
        connection.run(kPutNext, PostgresParameters().bytes(node).integer(static_cast<std::int64_t>(next)));
    if (!put) return put.error();
    return transaction->commit();
  }));
}

Result<std::pair<std::vector<Traffic>, std::uint64_t>> PostgresRegisterStore::traffic_of(std::string_view node) {
  const auto asked = PostgresParameters().bytes(node);
  auto traffic = in_context(read_rows<Traffic>(
      connection_, kTrafficOf, asked,
      [](const PostgresRows& rows, std::size_t row) -> Result<Traffic> { return traffic_at(rows, row); }));
  if (!traffic) return std::move(traffic).error();
  auto next = in_context(read_rows<std::int64_t>(
      connection_, kNext, asked,
      [](const PostgresRows& rows, std::size_t row) -> Result<std::int64_t> { return rows.integer(row, 0); }));
  if (!next) return std::move(next).error();
  return std::pair(*std::move(traffic), next->empty() ? std::uint64_t{0} : static_cast<std::uint64_t>(next->front()));
}

Result<std::size_t> PostgresRegisterStore::take_over(control::RegisterStore& own, std::string_view register_name) {
  const auto all = all_rows(own, register_name);
  if (!all) return all.error();
  std::size_t taken = 0;
  const auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    taken = 0;
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    for (const RowWithHistory& one : *all) {
      const auto came = take_over_row(connection, one);
      if (!came) return came.error();
      taken += *came ? 1U : 0U;
    }
    return transaction->commit();
  });
  if (!done) return with_context(done.error(), kSubject);
  return taken;
}

Result<void> PostgresRegisterStore::take_over_traffic(control::RegisterStore& own) {
  const auto told = own.traffic_of(node_);
  if (!told) return told.error();
  const auto here = traffic_of(node_);
  if (!here) return here.error();
  if (told->second == 0 || here->second != 0 || !here->first.empty()) return {};
  return put_traffic(node_, told->first, told->second);
}

Result<std::vector<Traffic>> PostgresRegisterStore::traffic() {
  auto rows = in_context(read_rows<Traffic>(
      connection_, kTraffic, {},
      [](const PostgresRows& rows, std::size_t row) -> Result<Traffic> { return traffic_at(rows, row); }));
  if (!rows) return rows;
  return summed(*rows);
}

}  // namespace reeve::store
