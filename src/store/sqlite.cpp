#include "store/sqlite.h"

#include <sqlite3.h>

#include "core/log.h"

namespace reeve::store {

namespace {

constexpr int kBusyMilliseconds = 5000;

/// What a person can do about a SQLite error. The texts of SQLite name tables and columns, never values.
Error database_error(int code, const char* detail, const std::string& path) {
  const std::string where = "the database " + path;
  const std::string because = std::string(" (SQLite: ") + detail + ")";
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return {ErrorCode::kUnavailable,
              "the disk is full, so " + where + " cannot be written; free some space" + because};
    case SQLITE_READONLY:
      return {ErrorCode::kUnavailable, where + " is read-only; make its file and directory writable" + because};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorCode::kUnavailable,
              where + " cannot be opened; check that the directory exists and belongs to this user" + because};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, where + " is held by another process; try again when it is done" + because};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              where + " is damaged or is no database; move it aside and restore it from a backup" + because};
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return {ErrorCode::kConflict, "an entry like this is there already" + because};
      }
      return {ErrorCode::kInvalid, where + " refuses this entry" + because};
    case SQLITE_IOERR:
    case SQLITE_NOMEM: return {ErrorCode::kUnavailable, where + " cannot be read or written" + because};
    default: return {ErrorCode::kInternal, where + " gave an unexpected error" + because};
  }
}

Error last_error(sqlite3* connection, const std::string& path) {
  return database_error(sqlite3_extended_errcode(connection), sqlite3_errmsg(connection), path);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int parameter, std::int64_t number) {
  note(sqlite3_bind_int64(statement_.get(), parameter, number));
  return *this;
}

Statement& Statement::bind(int parameter, std::optional<std::int64_t> number) {
  if (number) return bind(parameter, *number);
  note(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  note(sqlite3_bind_text64(statement_.get(), parameter, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  note(sqlite3_bind_blob64(statement_.get(), parameter, bytes.empty() ? "" : bytes.data(), bytes.size(),
                           SQLITE_TRANSIENT));
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != 0) return database_error(bind_error_, sqlite3_errstr(bind_error_), *path_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return last_error(sqlite3_db_handle(statement_.get()), *path_);
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return std::move(row).error();
  return {};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Database::Database(std::unique_ptr<sqlite3, Close> connection, std::string path)
    : path_(std::make_unique<std::string>(std::move(path))), connection_(std::move(connection)) {}

Result<Database> Database::open(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  std::unique_ptr<sqlite3, Close> connection(raw);
  if (code != SQLITE_OK) return database_error(code, sqlite3_errstr(code), file.string());
  Database database(std::move(connection), file.string());
  if (auto configured = database.configure(); !configured) return std::move(configured).error();
  return database;
}

Result<void> Database::configure() {
  sqlite3_busy_timeout(connection_.get(), kBusyMilliseconds);
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  auto mode = prepare("PRAGMA journal_mode = WAL");
  if (!mode) return std::move(mode).error();
  auto row = mode->step();
  if (!row) return std::move(row).error();
  if (!*row || mode->bytes(0) != "wal") {
    return Error{ErrorCode::kUnavailable, "the database " + *path_ +
                                              " cannot use a write-ahead log here; put the data directory on a local "
                                              "disk that can be written"};
  }
  return execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &raw, /*pzTail=*/nullptr);
  if (code != SQLITE_OK) return last_error(connection_.get(), *path_);
  return Statement(raw, path_.get());
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return last_error(connection_.get(), *path_);
  }
  return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->step();
  if (!row) return std::move(row).error();
  if (!*row) return Error{ErrorCode::kCorrupt, "the database " + *path_ + " lacks a row that every one of ours has"};
  return statement->integer(0);
}

Result<void> Database::copy_to(const std::filesystem::path& file) {
  auto copy = open(file);
  if (!copy) return std::move(copy).error();
  sqlite3_backup* const backup = sqlite3_backup_init(copy->connection_.get(), "main", connection_.get(), "main");
  if (backup == nullptr) return last_error(copy->connection_.get(), copy->path());
  // In one step: a reader of a write-ahead log holds nobody up, and sees one moment.
  const int code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return database_error(code, sqlite3_errstr(code), copy->path());
  auto check = copy->prepare("PRAGMA integrity_check");
  if (!check) return std::move(check).error();
  auto row = check->step();
  if (!row) return std::move(row).error();
  if (!*row || check->bytes(0) != "ok") return database_error(SQLITE_CORRUPT, "integrity check", *path_);
  return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(connection_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  return Transaction(database);
}

Result<void> Transaction::commit() {
  CHECK(database_ != nullptr);
  auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;  // otherwise the destructor rolls back
  return committed;
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // Fails when SQLite has rolled back by itself already, as it does for a full disk.
  if (auto rolled_back = database_->execute("ROLLBACK"); !rolled_back) {
    log_debug("rollback had nothing to do", {{"error", rolled_back.error().message}});
  }
}

}  // namespace reeve::store
