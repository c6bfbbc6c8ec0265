#include "store/postgres/noted_change.h"

#include "core/crypto.h"
#include "store/register_checks.h"

namespace reeve::store {

namespace {

constexpr std::string_view kIsDone = "SELECT FROM budget_note WHERE change = $1::text";
// A first try whose connection was lost may still be under way: its repetition waits for its end.
constexpr std::string_view kOneTryAtATime = "SELECT FROM pg_advisory_xact_lock(hashtextextended($1::text, 0))";
constexpr std::string_view kNote =
    "INSERT INTO budget_note (change, node, kind, detail, taken) "
    "VALUES ($1::text, $2::text, $3::text, $4::text, clock_timestamp())";
constexpr std::string_view kCounter = "SELECT value FROM change_counter WHERE subject = $1::text";

}  // namespace

Result<void> add_note(PostgresConnection& connection, std::string_view change, std::string_view node,
                      const EntryText& entry) {
  if (auto checked = check_note(entry.kind, entry.detail); !checked) return checked;
  const auto noted =
      connection.run(kNote, PostgresParameters().bytes(change).bytes(node).bytes(entry.kind).bytes(entry.detail));
  return noted ? Result<void>() : Result<void>(noted.error());
}

Result<void> write_once(SharedConnection& connection, std::string_view node, const NotedWork& work) {
  const std::string number = to_hex(random_bytes(16));
  return connection.use([&](PostgresConnection& session) -> Result<void> {
    auto transaction = PostgresTransaction::begin(session);
    if (!transaction) return std::move(transaction).error();
    const auto turn = session.run(kOneTryAtATime, PostgresParameters().bytes(number));
    if (!turn) return turn.error();
    const auto done = session.run(kIsDone, PostgresParameters().bytes(number));
    if (!done) return done.error();
    if (done->size() > 0) return {};
    auto told = work(session);
    if (!told) return std::move(told).error();
    if (!*told) return {};
    if (auto noted = add_note(session, number, node, **told); !noted) return noted;
    return transaction->commit();
  });
}

Result<std::int64_t> read_counter(PostgresConnection& connection, std::string_view subject) {
  const auto rows = connection.run(kCounter, PostgresParameters().bytes(subject));
  if (!rows) return rows.error();
  if (rows->size() == 1) return rows->integer(0, 0);
  return Error{ErrorCode::kCorrupt, connection.where() + " lacks its count of changes; restore it from a backup"};
}

Result<std::int64_t> read_counter(SharedConnection& connection, std::string_view subject) {
  std::int64_t value = 0;
  auto done = connection.use([&](PostgresConnection& session) -> Result<void> {
    const auto read = read_counter(session, subject);
    if (!read) return read.error();
    value = *read;
    return {};
  });
  if (!done) return std::move(done).error();
  return value;
}

Result<void> each_row(SharedConnection& connection, std::string_view sql, const PostgresParameters& parameters,
                      const std::function<void()>& begin,
                      const std::function<Result<void>(const PostgresRows&, std::size_t row)>& take) {
  return connection.use([&](PostgresConnection& session) -> Result<void> {
    const auto rows = session.run(sql, parameters);
    if (!rows) return rows.error();
    begin();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      if (auto taken = take(*rows, row); !taken) return taken;
    }
    return {};
  });
}

PostgresParameters& bind_time(PostgresParameters& parameters, const std::optional<Instant>& at) {
  return at ? parameters.integer(at->nanoseconds) : parameters.null();
}

std::optional<Instant> time_at(const PostgresRows& rows, std::size_t row, std::size_t column) {
  return rows.is_null(row, column) ? std::nullopt : std::optional(Instant{rows.integer(row, column)});
}

}  // namespace reeve::store
