#include "store/change_counter.h"

#include "core/log.h"

namespace reeve::store {

void ChangeCounter::announce() {
  if (auto bumped = generation_.bump(); !bumped) {
    log_warning("a change in the store takes effect in a second instead of at once",
                {{"what", subject_}, {"error", bumped.error().message}});
  }
}

Result<void> ChangeCounter::catch_up(Database& reader, std::mutex& reading) {
  const std::lock_guard one_at_a_time(catching_up_);
  std::int64_t data_version = 0;
  std::int64_t counter = 0;
  {
    const std::lock_guard lock(reading);
    const auto version = reader.integer("PRAGMA data_version");
    if (!version) return version.error();
    if (*version == seen_data_version_) return {};
    auto row = reader.prepare("SELECT value FROM change_counter WHERE subject = ?");
    if (!row) return std::move(row).error();
    const auto found = row->bind(1, std::string_view(subject_)).step();
    if (!found) return found.error();
    if (!*found) {
      return Error{ErrorCode::kCorrupt,
                   "the database " + reader.path() + " lacks its count of changes; restore it from a backup"};
    }
    data_version = *version;
    counter = row->integer(0);
  }
  // What was seen is kept only once it is announced: otherwise the next call tries again.
  if (counter != seen_counter_) {
    if (auto bumped = generation_.bump(); !bumped) return bumped;
  }
  seen_data_version_ = data_version;
  seen_counter_ = counter;
  return {};
}

}  // namespace reeve::store
