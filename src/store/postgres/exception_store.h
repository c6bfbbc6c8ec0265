#pragma once

// control::ExceptionStore on PostgreSQL. What list() gives is in memory, as of the last look, so that nobody waits for
// a database who only asks what is granted.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "store/postgres/shared_connection.h"
#include "store/store.h"

namespace reeve::store {

class PostgresExceptionStore final : public control::ExceptionStore {
 public:
  /// The connection outlives it.
  PostgresExceptionStore(SharedConnection& connection, std::string node)
      : node_(std::move(node)), connection_(connection) {}

  Result<void> insert(const control::ExceptionRequest& request, const control::Step& step) override;
  Result<void> update(const control::ExceptionRequest& request, const control::Step& step) override;
  Result<std::vector<control::ExceptionRequest>> list() override;
  std::uint64_t generation() const override { return generation_.load(); }

  /// Reads all when the counter in the database, `value`, is another than that of the last time.
  Result<void> look(std::int64_t value);
  /// Takes over what a node's own storage has and this lacks. How many.
  Result<std::size_t> take_over(const std::vector<control::ExceptionRequest>& requests);

 private:
  Result<void> write(const control::ExceptionRequest& request, const control::Step& step, bool is_new);
  Result<void> read();

  const std::string node_;
  SharedConnection& connection_;
  std::atomic<std::uint64_t> generation_{1};
  std::mutex looking_;  // one look at a time, so that none puts back what a later one has seen
  std::int64_t seen_ = -1;
  std::mutex mutex_;  // guards requests_
  std::vector<control::ExceptionRequest> requests_;
};

}  // namespace reeve::store
