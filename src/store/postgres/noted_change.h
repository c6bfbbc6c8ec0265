#pragma once

// What every register that nodes share does alike: a change with what a ledger is to tell of it, done once however
// often it is tried; the counters by which others see it; rows into a list.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

/// Inside a transaction: what the ledger of `node`, or of one that takes it over, has to tell. `change` is the note's
/// own for ever. kInvalid for a note that no ledger would take.
Result<void> add_note(PostgresConnection& connection, std::string_view change, std::string_view node,
                      const EntryText& entry);

/// One transaction, done once also when its answer was lost and it is tried again. `work` says what is to be told of
/// it; nothing: it is rolled back, and that is no error.
using NotedWork = std::function<Result<std::optional<EntryText>>(PostgresConnection&)>;
Result<void> write_once(SharedConnection& connection, std::string_view node, const NotedWork& work);

/// The counter of changes of `subject`.
Result<std::int64_t> read_counter(PostgresConnection& connection, std::string_view subject);
Result<std::int64_t> read_counter(SharedConnection& connection, std::string_view subject);

/// Each row of a statement; `begin` is called before the first one, again when the statement is repeated.
Result<void> each_row(SharedConnection& connection, std::string_view sql, const PostgresParameters& parameters,
                      const std::function<void()>& begin,
                      const std::function<Result<void>(const PostgresRows&, std::size_t row)>& take);

template <typename Row>
Result<std::vector<Row>> read_rows(SharedConnection& connection, std::string_view sql,
                                   const PostgresParameters& parameters,
                                   const std::function<Result<Row>(const PostgresRows&, std::size_t row)>& read) {
  std::vector<Row> list;
  auto done = each_row(
      connection, sql, parameters, [&] { list.clear(); },
      [&](const PostgresRows& rows, std::size_t row) -> Result<void> {
        auto item = read(rows, row);
        if (!item) return std::move(item).error();
        list.push_back(*std::move(item));
        return {};
      });
  if (!done) return std::move(done).error();
  return list;
}

/// A time that may be none.
PostgresParameters& bind_time(PostgresParameters& parameters, const std::optional<Instant>& at);
std::optional<Instant> time_at(const PostgresRows& rows, std::size_t row, std::size_t column);

}  // namespace reeve::store
