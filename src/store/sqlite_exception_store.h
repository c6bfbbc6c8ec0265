#pragma once

// control::ExceptionStore on SQLite. A row is the request as canonical JSON, with its id and version beside it: so the
// schema does not follow every member, and a change is one compare-and-swap.

#include <mutex>
#include <vector>

#include "control/control.h"
#include "store/change_counter.h"
#include "store/sqlite.h"

namespace reeve::store {

class SqliteExceptionStore final : public control::ExceptionStore {
 public:
  /// The schema must be there.
  SqliteExceptionStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("exception_request", std::move(generation)) {}

  Result<void> insert(const control::ExceptionRequest& request, const control::Step& step) override;
  Result<void> update(const control::ExceptionRequest& request, const control::Step& step) override;
  Result<std::vector<control::ExceptionRequest>> list() override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: catch_up().
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  Result<void> write(const control::ExceptionRequest& request, const control::Step& step, bool is_new);

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
