#pragma once

// PostgreSQL behind RAII and Result. A PostgresConnection and what is made from it belong to one thread at a time;
// shared_connection.h is for those who share one. Every call ends after the options' time-outs, whatever the server or
// the network does.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/store.h"

struct pg_conn;
struct pg_result;

namespace reeve::store {

/// The parameters $1, $2, ... of a statement, in order, in PostgreSQL's binary form. The statement says each one's
/// type: "$1::bigint", "$2::text", "$3::bytea[]".
class PostgresParameters {
 public:
  PostgresParameters& integer(std::int64_t number);   // bigint
  PostgresParameters& truth(bool value);              // boolean
  PostgresParameters& bytes(std::string_view bytes);  // text (of valid UTF-8) or bytea
  PostgresParameters& null();
  PostgresParameters& integers(std::span<const std::int64_t> numbers);           // bigint[]
  PostgresParameters& byte_strings(std::span<const std::string_view> elements);  // bytea[]

 private:
  friend class PostgresConnection;
  std::vector<std::optional<std::string>> values_;
};

/// What a statement gave, all of it, in memory. Rows and columns count from 0.
class PostgresRows {
 public:
  std::size_t size() const;
  std::size_t changed() const;  // rows that an INSERT, UPDATE or DELETE touched
  bool is_null(std::size_t row, std::size_t column) const;
  std::int64_t integer(std::size_t row, std::size_t column) const;    // smallint, integer, bigint
  bool truth(std::size_t row, std::size_t column) const;              // boolean
  std::string_view bytes(std::size_t row, std::size_t column) const;  // text or bytea; lives as long as the rows

 private:
  friend class PostgresConnection;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  explicit PostgresRows(pg_result* result) : result_(result) {}
  std::unique_ptr<pg_result, Clear> result_;
};

class PostgresConnection {
 public:
  /// Connects to the server that takes changes, and sets: the schema `reeve`, READ COMMITTED, every commit durable when
  /// it returns, and time-outs after which the server ends a statement, or a transaction nobody goes on with.
  static Result<PostgresConnection> open(const PostgresOptions& options);

  /// One statement with parameters, in one round trip. It is prepared at its first use here, which takes one more, and
  /// kept by its text: texts are a fixed few.
  Result<PostgresRows> run(std::string_view sql, const PostgresParameters& parameters = {});
  /// One or several statements without parameters, in one round trip; outside a transaction all or none of them.
  Result<void> execute(const std::string& sql);

  /// Waits until the server tells of something that a LISTEN of this session asked for: true; or until `patience` is
  /// over, or `wake` (a descriptor; -1: none) has something to read: false. What came earlier counts, too, once.
  Result<bool> wait_for_notice(Duration patience, int wake);

  /// The server is gone, or an answer was not waited for: only a new connection helps.
  bool broken() const { return connection_ == nullptr; }
  /// Of this process: no two connections have the same.
  std::uint64_t number() const { return number_; }
  const std::string& where() const { return where_; }  // for messages
  /// Whether a transaction is open, and whether a statement of it has failed; false when broken.
  bool in_transaction() const;
  bool in_failed_transaction() const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  PostgresConnection() = default;
  Result<void> connect(Moment until);
  Result<void> set_up();
  Result<void> wait(bool for_writing, Moment until);
  Result<void> flush(Moment until);
  Result<PostgresRows> answer(Moment until);
  Result<std::string> prepared(std::string_view sql, std::size_t parameters, Moment until);
  Error lost();
  Error connection_error(std::string_view words) const;

  std::unique_ptr<pg_conn, Close> connection_;
  std::map<std::string, std::string, std::less<>> prepared_;  // text -> name
  std::string where_;
  std::function<std::string(std::string_view)> safe_;  // takes the password out of the server's words
  Duration call_timeout_{};
  std::uint64_t number_ = 0;
};

/// A transaction: is rolled back unless committed. Lives no longer than its connection.
class PostgresTransaction {
 public:
  static Result<PostgresTransaction> begin(PostgresConnection& connection);
  /// kUnavailable, kTimeout: it may have been committed all the same. kConflict: a statement of it had failed.
  Result<void> commit();

  PostgresTransaction(PostgresTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  PostgresTransaction& operator=(PostgresTransaction&&) = delete;
  ~PostgresTransaction();

 private:
  explicit PostgresTransaction(PostgresConnection& connection) : connection_(&connection) {}
  PostgresConnection* connection_;
};

}  // namespace reeve::store
