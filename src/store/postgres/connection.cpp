#include "store/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>

#include "core/log.h"
#include "store/postgres/connection_settings.h"
#include "store/postgres/errors.h"

namespace reeve::store {

namespace {

constexpr int kOldestServer = 140000;  // 14: client_connection_check_interval

/// What every session of ours has; $CALL is the time-out of a call in milliseconds. Durable commits, because a grant
/// that a crash forgets is granted twice. A statement whose asker has gone must end, because it may hold locks.
constexpr std::string_view kSetUp = R"sql(
SET search_path = reeve;
SET default_transaction_isolation = 'read committed';
SET statement_timeout = '$CALL';
SET idle_in_transaction_session_timeout = '$CALL';
SET client_connection_check_interval = '1s';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
)sql";

std::string set_up_statements(Duration call_timeout) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(call_timeout).count();
  std::string text(kSetUp);
  constexpr std::string_view kHole = "$CALL";
  for (std::size_t at = 0; (at = text.find(kHole, at)) != std::string::npos;) {
    text.replace(at, kHole.size(), std::to_string(milliseconds));
  }
  return text;
}

/// The five characters in "FATAL:  28P01: password authentication failed", and what follows them on the line.
struct ServerWords {
  std::string_view sqlstate, text;
};
ServerWords words_of_server(std::string_view message) {
  for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const std::string_view state = message.substr(at + 3, 5);
    const auto is_state_character = [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; };
    if (state.size() < 5 || !std::all_of(state.begin(), state.end(), is_state_character)) continue;
    std::string_view rest = message.substr(at + 8);
    if (!rest.starts_with(": ")) continue;
    rest.remove_prefix(2);
    return {state, rest.substr(0, rest.find('\n'))};
  }
  return {{}, message};
}

const char* field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

bool is_failure(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

}  // namespace

void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Error PostgresConnection::connection_error(std::string_view words) const {
  const ServerWords said = words_of_server(words);
  return postgres_error(said.sqlstate, safe_(said.text), where_);
}

Error PostgresConnection::lost() {
  Error error = connection_error(PQerrorMessage(connection_.get()));
  connection_.reset();
  return error;
}

Result<void> PostgresConnection::wait(bool for_writing, Moment until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - system_clock().steady()).count();
    pollfd watched{PQsocket(connection_.get()), static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = left <= 0 ? 0 : ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && left > 0) continue;  // the longest poll is over, the time is not
    connection_.reset();                   // what comes later would be taken for the answer to another question
    return Error{ErrorCode::kTimeout, where_ + " did not answer in time; check the network and the server's load"};
  }
}

Result<PostgresConnection> PostgresConnection::open(const PostgresOptions& options) {
  auto settings = connection_settings(options);
  if (!settings) return std::move(settings).error();
  static std::atomic<std::uint64_t> opened{0};
  PostgresConnection made;
  made.number_ = ++opened;
  made.where_ = settings->where;
  made.call_timeout_ = options.call_timeout;
  std::vector<const char*> names, values;
  for (const auto& [name, value] : settings->parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  const Moment until = system_clock().steady() + options.connect_timeout;
  made.connection_.reset(PQconnectStartParams(names.data(), values.data(), /*expand_dbname=*/0));
  CHECK(made.connection_ != nullptr);  // out of memory
  made.safe_ = [kept = *std::move(settings)](std::string_view text) { return kept.safe(text); };
  if (auto connected = made.connect(until); !connected) return std::move(connected).error();
  if (auto set_up = made.set_up(); !set_up) return std::move(set_up).error();
  return made;
}

Result<void> PostgresConnection::connect(Moment until) {
  // libpq would write notices to standard error. Those that matter come as errors, too.
  PQsetNoticeReceiver(connection_.get(), [](void*, const PGresult*) {}, nullptr);
  // So that failures to connect tell their SQLSTATE.
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(connection_.get()) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    if (auto ready = wait(status == PGRES_POLLING_WRITING, until); !ready) return ready;
    status = PQconnectPoll(connection_.get());
    if (status == PGRES_POLLING_FAILED) return lost();
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) return lost();
  return {};
}

Result<void> PostgresConnection::set_up() {
  const int version = PQserverVersion(connection_.get());
  if (version < kOldestServer) {
    return Error{ErrorCode::kInvalid,
                 where_ + " is version " + std::to_string(version / 10000) + "; Reeve needs PostgreSQL 14 or newer"};
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_TERSE);
  if (PQsetnonblocking(connection_.get(), 1) != 0) return lost();
  return execute(set_up_statements(call_timeout_));
}

Result<void> PostgresConnection::flush(Moment until) {
  while (true) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return lost();
    if (auto ready = wait(/*for_writing=*/true, until); !ready) return ready;
    // The server may have to get rid of its words before it takes more of ours.
    if (PQconsumeInput(connection_.get()) == 0) return lost();
  }
}

/// The last result of what was sent, or the first failure; everything is read.
Result<PostgresRows> PostgresConnection::answer(Moment until) {
  if (auto flushed = flush(until); !flushed) return std::move(flushed).error();
  PostgresRows last(nullptr);
  std::optional<Error> failure;
  while (true) {
    while (PQisBusy(connection_.get()) != 0) {
      if (auto ready = wait(/*for_writing=*/false, until); !ready) return std::move(ready).error();
      if (PQconsumeInput(connection_.get()) == 0) return failure ? *failure : lost();
    }
    PostgresRows next(PQgetResult(connection_.get()));
    if (next.result_ == nullptr) break;
    if (is_failure(next.result_.get()) && !failure) {
      const std::string_view state = field_of(next.result_.get(), PG_DIAG_SQLSTATE);
      const std::string_view words = field_of(next.result_.get(), PG_DIAG_MESSAGE_PRIMARY);
      failure = words.empty() ? connection_error(PQerrorMessage(connection_.get()))
                              : postgres_error(state, safe_(words), where_);
    }
    last = std::move(next);
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    Error error = lost();
    return failure ? *failure : std::move(error);
  }
  if (failure) return *std::move(failure);
  if (last.result_ == nullptr) return Error{ErrorCode::kInternal, where_ + " gave no answer"};
  return last;
}

Result<std::string> PostgresConnection::prepared(std::string_view sql, std::size_t parameters, Moment until) {
  if (const auto known = prepared_.find(sql); known != prepared_.end()) return known->second;
  std::string name = "s" + std::to_string(prepared_.size());
  const std::string text(sql);
  if (PQsendPrepare(connection_.get(), name.c_str(), text.c_str(), static_cast<int>(parameters), nullptr) == 0) {
    return lost();
  }
  if (auto done = answer(until); !done) return std::move(done).error();
  prepared_.emplace(text, name);
  return name;
}

Result<PostgresRows> PostgresConnection::run(std::string_view sql, const PostgresParameters& parameters) {
  CHECK(!broken());
  const Moment until = system_clock().steady() + call_timeout_;
  const std::size_t count = parameters.values_.size();
  const auto name = prepared(sql, count, until);
  if (!name) return name.error();
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::optional<std::string>& value : parameters.values_) {
    values.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
  }
  const std::vector<int> formats(count, 1);  // all binary
  if (PQsendQueryPrepared(connection_.get(), name->c_str(), static_cast<int>(count), values.data(), lengths.data(),
                          formats.data(), /*resultFormat=*/1) == 0) {
    return lost();
  }
  return answer(until);
}

Result<void> PostgresConnection::execute(const std::string& sql) {
  CHECK(!broken());
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return lost();
  auto done = answer(system_clock().steady() + call_timeout_);
  if (!done) return std::move(done).error();
  return {};
}

Result<bool> PostgresConnection::wait_for_notice(Duration patience, int wake) {
  CHECK(!broken());
  const auto taken = [this] {
    bool any = false;
    while (PGnotify* notice = PQnotifies(connection_.get())) {
      any = true;
      PQfreemem(notice);
    }
    return any;
  };
  if (taken()) return true;
  std::array<pollfd, 2> watched{{{PQsocket(connection_.get()), POLLIN, 0}, {wake, POLLIN, 0}}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  const int ready =
      ::poll(watched.data(), wake < 0 ? 1 : 2, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
  if (ready <= 0 || watched[0].revents == 0) return false;
  if (PQconsumeInput(connection_.get()) == 0) return lost();
  return taken();
}

bool PostgresConnection::in_transaction() const {
  return !broken() && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
}

bool PostgresConnection::in_failed_transaction() const {
  return !broken() && PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
}

Result<PostgresTransaction> PostgresTransaction::begin(PostgresConnection& connection) {
  if (auto begun = connection.execute("BEGIN"); !begun) return std::move(begun).error();
  return PostgresTransaction(connection);
}

Result<void> PostgresTransaction::commit() {
  CHECK(connection_ != nullptr);
  // PostgreSQL would answer such a COMMIT with success, and roll back.
  if (connection_->in_failed_transaction()) {
    return Error{ErrorCode::kConflict, "a statement of this transaction failed, so nothing of it can be kept"};
  }
  if (connection_->broken()) {
    return Error{ErrorCode::kUnavailable, "the connection was lost, and the transaction with it"};
  }
  auto committed = connection_->execute("COMMIT");
  if (committed) connection_ = nullptr;  // otherwise the destructor rolls back
  return committed;
}

PostgresTransaction::~PostgresTransaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  if (auto rolled_back = connection_->execute("ROLLBACK"); !rolled_back) {
    log_debug("a transaction ended with its connection", {{"error", rolled_back.error().message}});
  }
}

}  // namespace reeve::store
