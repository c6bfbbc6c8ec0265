#pragma once

// identity::GrantStore on SQLite. One connection writes and one reads, each behind its own lock.

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "identity/identity.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteGrantStore final : public identity::GrantStore {
 public:
  /// The schema must be there.
  SqliteGrantStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("sign_in", std::move(generation)) {}

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
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<void> put(const identity::Grant& grant, bool is_new);
  Result<void> begin(const identity::SignInSession& session);
  Result<std::vector<std::string>> end(std::string_view column, std::string_view value, const identity::SignInEnd& end);
  Result<void> run_with(std::string_view sql, Instant before);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
