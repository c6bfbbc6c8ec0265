#pragma once

// SQLite behind RAII and Result. A Database and what is made from it belong to one thread at a time; who shares one
// brings the lock.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace reeve::store {

/// A prepared statement. Parameters count from 1, columns from 0, as SQLite has it.
class Statement {
 public:
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind(int parameter, std::optional<std::int64_t> number);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);

  /// Goes to the next row; false at the end.
  Result<bool> step();
  /// For statements that give no rows.
  Result<void> run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view bytes(int column) const;  // text or blob; valid until the next step

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, const std::string* path) : statement_(statement), path_(path) {}
  void note(int code) {
    if (bind_error_ == 0) bind_error_ = code;
  }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_;  // the database's, for messages
  int bind_error_ = 0;
};

class Database {
 public:
  /// Opens or makes the file, in WAL mode, with every commit durable when it returns (synchronous FULL). A lock that
  /// another connection holds is waited for up to five seconds.
  static Result<Database> open(const std::filesystem::path& file);

  Result<Statement> prepare(std::string_view sql);
  /// One or several statements without parameters.
  Result<void> execute(const std::string& sql);
  /// The first column of the first row.
  Result<std::int64_t> integer(std::string_view sql);
  /// Copies the whole database into a new file, as it is at one moment, while others read and write it (SQLite's online
  /// backup). The copy is checked before this returns.
  Result<void> copy_to(const std::filesystem::path& file);
  /// Rows changed by the last statement.
  std::int64_t changes() const;
  const std::string& path() const { return *path_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  Database(std::unique_ptr<sqlite3, Close> connection, std::string path);
  Result<void> configure();

  std::unique_ptr<std::string> path_;  // pointed at by statements
  std::unique_ptr<sqlite3, Close> connection_;
};

/// A write transaction: takes the write lock at once, is rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Result<void> commit();

  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace reeve::store
