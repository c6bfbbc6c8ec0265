#pragma once

// Entries as rows of the index's tables.

#include <string>

#include "core/result.h"
#include "ledger/index_appender.h"
#include "ledger/index_schema.h"
#include "ledger/index_spend.h"

namespace reeve::ledger {

/// Where the entries of a call stand.
struct CallPlace {
  std::uint64_t seq = 0;
  std::int64_t time = 0;  // microseconds since 1970
};

/// Fills the tables of one catalog.
class IndexTables {
 public:
  explicit IndexTables(const duckdb::Library& library);
  /// Appends to CATALOG.main.PREFIXcalls and so on, through the thread if there is one (RowAppender::open()).
  Result<void> open(duckdb::Connection connection, const std::string& catalog, const std::string& prefix,
                    AppendThread* thread = nullptr);
  /// Appends to one table with the columns of calls; there is no other.
  Result<void> open_calls(duckdb::Connection connection, const std::string& catalog, const std::string& table) {
    return calls_.open(connection, catalog, table, nullptr);
  }
  /// At least one of the two is there. Both are regular.
  Result<void> add_call(const EntryFields* intent, CallPlace intent_place, const EntryFields* outcome,
                        CallPlace outcome_place);
  Result<void> add_event(std::uint64_t seq, const EntryFields& fields);
  Result<void> add_place(std::uint64_t seq, std::uint32_t segment, std::uint64_t offset);
  Result<void> close();

 private:
  struct Call;
  void put_call_column(std::size_t number, const Call& call);
  void put_field(std::size_t number, const EntryFields* fields, Field field);
  void put_unless_same(std::size_t number, const EntryFields* fields, Field field, Field other);
  void put_event_detail(std::string_view detail);

  RowAppender calls_, events_, places_;
  SpendSums spend_;
};

}  // namespace reeve::ledger
