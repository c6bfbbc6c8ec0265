#pragma once

// One connection that the threads of a process take turns with: made at its first use, and again after the server was
// restarted or the network was away.

#include <functional>
#include <mutex>
#include <optional>

#include "core/result.h"
#include "core/time.h"
#include "store/postgres/connection.h"

namespace reeve::store {

class SharedConnection {
 public:
  explicit SharedConnection(PostgresOptions options) : options_(std::move(options)) {}

  /// Runs `work` with the connection, alone. When the connection turns out to be lost, `work` runs once more on a new
  /// one: it has to be harmless to repeat, also when the first time did all of it and only the answer was lost. Whoever
  /// keeps something in a session compares the connection's number.
  ///
  /// While the server cannot be reached, most calls fail at once with the error of the last try: tries are a tenth of a
  /// second apart at first, two seconds later. kTimeout when others keep the connection for longer than a call takes.
  Result<void> use(const std::function<Result<void>(PostgresConnection&)>& work);

 private:
  Result<void> ensure_connected();
  Result<void> attempt(const std::function<Result<void>(PostgresConnection&)>& work);

  const PostgresOptions options_;
  std::timed_mutex taking_turns_;  // guards what follows
  std::optional<PostgresConnection> connection_;
  std::optional<Error> unreachable_;  // why the last try failed
  Moment next_try_{};
  Duration pause_{};
};

}  // namespace reeve::store
