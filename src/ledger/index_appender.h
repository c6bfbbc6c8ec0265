#pragma once

// Rows on their way into one table of DuckDB: chunks of columns, filled row by row.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "ledger/duckdb_library.h"
#include "ledger/index_append_thread.h"

namespace reeve::ledger {

/// Rows, column by column, as many as a vector of DuckDB holds. Texts that a vector cannot hold in place lie in blocks
/// of its own, so that no call is made for a value; they live until clear().
class RowChunk {
 public:
  RowChunk(const duckdb::Library& library, const std::vector<duckdb::TypeId>& types);
  ~RowChunk();
  RowChunk(const RowChunk&) = delete;
  RowChunk& operator=(const RowChunk&) = delete;

  /// No rows, and every column null.
  void clear();
  void put_text(std::size_t column, std::string_view text);  // not empty, UTF-8
  template <typename Number>
  void put(std::size_t column, Number number) {
    static_cast<Number*>(columns_[column].data)[row_] = number;
    set_valid(column);
  }
  /// True when it is full.
  bool end_row();
  bool is_empty() const { return row_ == 0; }
  /// Tells DuckDB how many rows there are.
  duckdb::Chunk finished();

  std::uint64_t ticket = 0;  // of the append thread: it has this chunk until then

 private:
  struct Column {
    void* data = nullptr;
    std::uint64_t* validity = nullptr;
  };
  void set_valid(std::size_t column) { columns_[column].validity[row_ / 64] |= std::uint64_t{1} << (row_ % 64); }
  char* room_for(std::size_t bytes);

  const duckdb::Library& library_;
  duckdb::Chunk chunk_ = nullptr;
  std::vector<Column> columns_;
  std::size_t row_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;  // all of one size
  std::size_t block_ = 0;                        // that is being filled
  std::size_t filled_ = 0;                       // of it
};

/// Appends to one table. Rows are in the table after close(); what was put before a failure may not be. One thread.
class RowAppender {
 public:
  RowAppender(const duckdb::Library& library, std::vector<duckdb::TypeId> types);
  ~RowAppender();
  RowAppender(const RowAppender&) = delete;
  RowAppender& operator=(const RowAppender&) = delete;

  /// Begins appending to a table whose columns have the types. With a thread, which must outlive close(), that one
  /// hands the rows over, and nobody else may use the connection meanwhile.
  Result<void> open(duckdb::Connection connection, const std::string& catalog, const std::string& table,
                    AppendThread* thread);
  /// The row that is being filled: every column is null until it is put. A text that is empty or no UTF-8 stays null.
  void put_text(std::size_t column, std::string_view text);
  void put_number(std::size_t column, std::int64_t number) { chunk().put(column, number); }
  void put_unsigned(std::size_t column, std::uint64_t number) { chunk().put(column, number); }
  void put_flag(std::size_t column, bool flag) { chunk().put(column, flag); }
  Result<void> end_row();
  /// Writes what is left and ends appending.
  Result<void> close();

 private:
  RowChunk& chunk() { return *chunks_[at_]; }
  Result<void> hand_over();
  Result<void> append(RowChunk& chunk);
  Error failure() const;

  const duckdb::Library& library_;
  const std::vector<duckdb::TypeId> types_;
  duckdb::Appender appender_ = nullptr;
  AppendThread* thread_ = nullptr;
  std::vector<std::unique_ptr<RowChunk>> chunks_;  // in turn, where a thread takes them
  std::size_t at_ = 0;
};

}  // namespace reeve::ledger
