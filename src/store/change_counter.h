#pragma once

// How a change of one kind of stored thing becomes visible in every process at once: commit, then announce(), then
// return to the caller. Readers compare generation() with the one they saw last.
//
// Triggers in the schema keep a counter of changes in the database. When a process dies between its commit and its
// announcement, catch_up() sees there that something moved without the generation.

#include <mutex>
#include <string>

#include "store/generation_file.h"
#include "store/sqlite.h"

namespace reeve::store {

class ChangeCounter {
 public:
  /// `subject`: its row in the table change_counter.
  ChangeCounter(std::string subject, GenerationFile generation)
      : subject_(std::move(subject)), generation_(std::move(generation)) {}

  std::uint64_t generation() const { return generation_.value(); }  // thread-safe, no system call

  /// After the commit. The change stands by then, so this cannot fail it any more; catch_up() makes good for it.
  void announce();

  /// Bumps the generation when the counter in the database is not the one seen here last. Thread-safe; `reader` is used
  /// under `reading` only.
  Result<void> catch_up(Database& reader, std::mutex& reading);

 private:
  const std::string subject_;
  GenerationFile generation_;
  std::mutex catching_up_;
  std::int64_t seen_data_version_ = -1;  // of the reader
  std::int64_t seen_counter_ = -1;
};

}  // namespace reeve::store
