#include "reeve/key_changes.h"

#include "core/log.h"

namespace reeve::app {

void KeyChanges::look() {
  const std::uint64_t generation = store_.keys().generation();
  if (generation == seen_ || !mark_recorded()) return;
  auto changes = store_.unrecorded_key_changes();
  if (!changes) return log_error("keys cannot be listed", {{"why", changes.error().message}});
  const bool all = changes->empty();
  for (store::KeyChange& change : *changes) {
    const store::EntryText told = store::entry_of(change);
    const auto entry = record_(told.kind, told.detail);
    // What cannot be recorded now is found again at the next look.
    if (!entry) return;
    change.entry = *entry;
    recorded_.push_back(std::move(change));
  }
  if (mark_recorded() && all) seen_ = generation;
}

/// Until the store has it, nothing more is recorded: each look would record the same again.
bool KeyChanges::mark_recorded() {
  if (recorded_.empty()) return true;
  const auto marked = store_.key_changes_recorded(recorded_);
  if (!marked) log_error("recorded keys cannot be marked", {{"why", marked.error().message}});
  if (marked) recorded_.clear();
  return marked.ok();
}

}  // namespace reeve::app
