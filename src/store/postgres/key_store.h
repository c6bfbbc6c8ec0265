#pragma once

// identity::KeyStore on PostgreSQL: keys that nodes share.

#include <atomic>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresKeyStore final : public identity::KeyStore {
 public:
  /// Connects when it is first asked. Reading a million keys takes seconds, so nobody else waits for its connection.
  PostgresKeyStore(PostgresOptions options, std::string node)
      : node_(std::move(node)), connection_(std::move(options)) {}

  Result<void> insert(const identity::VirtualKey& key) override;
  Result<std::vector<identity::VirtualKey>> list() override;
  Result<void> revoke(std::string_view id, Instant when) override;
  Result<std::uint64_t> read_changes(std::uint64_t since, identity::KeyReader& reader) override;
  std::uint64_t generation() const override { return generation_.load(); }
  Duration uncertain_for() const override;

  /// The counter in the database was `value` when it was asked at `asked_at`.
  void saw(std::int64_t value, Moment asked_at);
  /// Takes over keys of a node's own storage: those that are not here yet, and that others ended there. How many.
  Result<std::size_t> take_over(const std::vector<identity::VirtualKey>& keys);

 private:
  const std::string node_;
  SharedConnection connection_;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::int64_t> seen_{-1};          // the counter in the database
  std::atomic<std::int64_t> certain_since_{0};  // of the steady clock; 0: never yet
};

}  // namespace reeve::store
