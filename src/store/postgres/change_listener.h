#pragma once

// A session that waits until the database tells that something changed. One thread waits; any may end that.

#include <functional>
#include <optional>
#include <string>

#include "store/postgres/connection.h"

namespace reeve::store {

class ChangeListener {
 public:
  /// `channel`: what to LISTEN for. Connects when it first waits, with less patience than a call has: whoever follows
  /// others must not hang for long on a network that swallows everything.
  ChangeListener(PostgresOptions options, std::string channel);
  ~ChangeListener();
  ChangeListener(const ChangeListener&) = delete;
  ChangeListener& operator=(const ChangeListener&) = delete;

  /// Returns what `look` makes of the database after something changed, or after `patience`; at once after connecting,
  /// for what came before. An error: nothing is known; the next wait connects again.
  Result<void> wait(Duration patience, const std::function<Result<void>(PostgresConnection&)>& look);
  /// Ends a wait() that is under way, and later ones, at once. From any thread.
  void stop();

 private:
  const PostgresOptions options_;
  const std::string channel_;
  std::optional<PostgresConnection> session_;  // of the thread that waits
  int wake_ = -1;                              // an eventfd, readable once nobody is to wait any more
};

}  // namespace reeve::store
