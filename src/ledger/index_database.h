#pragma once

// A DuckDB database in memory, with the index file attached to it, and statements run on it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "ledger/duckdb_library.h"
#include "ledger/index.h"

namespace reeve::ledger {

/// One connection; one thread at a time.
class IndexConnection {
 public:
  IndexConnection(const duckdb::Library& library, duckdb::Connection connection)
      : library_(library), connection_(connection) {}
  ~IndexConnection() { library_.disconnect(&connection_); }
  IndexConnection(const IndexConnection&) = delete;
  IndexConnection& operator=(const IndexConnection&) = delete;

  /// Statements of our own; what they give is not looked at.
  Result<void> run(const std::string& sql);
  /// A statement of our own, with rows of few columns.
  Result<IndexRows> rows(const std::string& sql);
  /// Anybody's: exactly one SELECT.
  Result<IndexRows> select(std::string_view sql, const std::vector<std::string>& parameters, std::uint64_t rows_max,
                           Duration time_max);

  duckdb::Connection handle() const { return connection_; }

 private:
  Result<void> check_statement(const std::string& sql);
  Result<IndexRows> execute(const std::string& sql, const std::vector<std::string>& parameters, std::uint64_t rows_max);
  Result<IndexRows> fetch(duckdb::QueryResult& result, std::uint64_t rows_max);

  const duckdb::Library& library_;
  duckdb::Connection connection_;
};

class IndexDatabase {
 public:
  /// In memory, with the function request_text() and nothing else.
  static Result<std::unique_ptr<IndexDatabase>> open(const duckdb::Library& library, const IndexOptions& options);
  ~IndexDatabase();
  IndexDatabase(const IndexDatabase&) = delete;
  IndexDatabase& operator=(const IndexDatabase&) = delete;

  Result<std::unique_ptr<IndexConnection>> connect();
  const duckdb::Library& library() const { return library_; }

 private:
  IndexDatabase(const duckdb::Library& library, duckdb::Database database) : library_(library), database_(database) {}
  Result<void> add_functions();

  const duckdb::Library& library_;
  duckdb::Database database_;
};

}  // namespace reeve::ledger
