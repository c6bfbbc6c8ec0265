#include "store/postgres/shared_connection.h"

#include <algorithm>

#include "core/log.h"

namespace reeve::store {

namespace {

constexpr Duration kShortestPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(2);

}  // namespace

Result<void> SharedConnection::use(const std::function<Result<void>(PostgresConnection&)>& work) {
  std::unique_lock turn(taking_turns_, options_.call_timeout);
  if (!turn) {
    return Error{ErrorCode::kTimeout, "the database connection was busy for too long; look at the database's load"};
  }
  const bool had_one = connection_.has_value();
  auto done = attempt(work);
  // The server may have been restarted since the last call. What just connected and failed will fail again.
  if (!done && had_one && !connection_ && done.error().code != ErrorCode::kTimeout) {
    log_info("the database connection was lost; connecting again", {{"why", done.error().message}});
    done = attempt(work);
  }
  return done;
}

Result<void> SharedConnection::attempt(const std::function<Result<void>(PostgresConnection&)>& work) {
  if (auto connected = ensure_connected(); !connected) return connected;
  auto done = work(*connection_);
  // A transaction that is still open would swallow the next caller's work.
  if (connection_->broken() || connection_->in_transaction()) connection_.reset();
  return done;
}

Result<void> SharedConnection::ensure_connected() {
  if (connection_) return {};
  const Moment now = system_clock().steady();
  if (unreachable_ && now < next_try_) return *unreachable_;
  auto connection = PostgresConnection::open(options_);
  if (connection) {
    connection_.emplace(*std::move(connection));
    unreachable_.reset();
    pause_ = Duration::zero();
    return {};
  }
  pause_ = std::clamp(pause_ * 2, kShortestPause, kLongestPause);
  next_try_ = system_clock().steady() + pause_;
  unreachable_ = connection.error();
  return std::move(connection).error();
}

}  // namespace reeve::store
