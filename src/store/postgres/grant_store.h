#pragma once

// store::SharedGrants on PostgreSQL.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresGrantStore final : public SharedGrants {
 public:
  /// Connects when it is first asked. The schema is up to date already: open_shared_grants() sees to that.
  PostgresGrantStore(PostgresOptions options, std::string node)
      : connection_(std::move(options)), node_(std::move(node)) {}

  Result<void> apply(const identity::GrantChange& change) override;
  Result<std::optional<identity::Grant>> find(identity::GrantKind kind, const Sha256& hash) override;
  Result<std::optional<identity::SignInSession>> session(std::string_view id) override;
  Result<std::vector<identity::SignInSession>> sessions(std::string_view person) override;
  Result<bool> end_session(std::string_view id, const identity::SignInEnd& end) override;
  Result<std::vector<std::string>> end_sessions_of(std::string_view person, const identity::SignInEnd& end) override;
  Result<std::vector<std::string>> ended_since(Instant since) override;
  Result<void> publish_key(const identity::TokenKey& key) override;
  Result<std::vector<identity::TokenKey>> keys() override;
  Result<void> forget_expired(Instant before) override;
  std::uint64_t generation() const override { return generation_.load(); }
  Result<void> catch_up() override;

 private:
  /// What tokens are verified with, as of the last look.
  struct Seen {
    std::vector<identity::TokenKey> keys;
    std::vector<std::pair<std::string, Instant>> ended;
  };
  /// One statement that is harmless to repeat; how many rows it changed.
  Result<std::size_t> run(std::string_view sql, const PostgresParameters& parameters);
  Result<std::vector<identity::SignInSession>> select_sessions(std::string_view sql, std::string_view parameter);
  Result<Seen> look();
  Result<std::vector<std::string>> end(std::string_view sql, std::string_view whose, const identity::SignInEnd& end);

  SharedConnection connection_;
  const std::string node_;  // whose ledger tells of what is ended here
  std::mutex looking_;
  std::int64_t counter_ = -1;  // in the database, at the last look; guarded by looking_
  std::mutex mutex_;
  Seen seen_;  // guarded by mutex_
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace reeve::store
