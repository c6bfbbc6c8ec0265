#include "reeve/command_notes.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

void CommandNotes::look() {
  if (!mark_recorded()) return;
  auto notes = store_.unrecorded_notes();
  if (!notes) return log_error("notes of commands cannot be listed", {{"why", notes.error().message}});
  for (store::Note& note : *notes) {
    if (note.kind == "content.erased") forget_erased(note);
    const auto entry = record(note);
    if (!entry) break;
    note.entry = *entry;
    recorded_.push_back(std::move(note));
  }
  mark_recorded();
}

/// Its entry; that of an earlier reading where that speaks for this one.
std::optional<std::uint64_t> CommandNotes::record(const store::Note& note) {
  const auto reading = readings_ != nullptr && note.kind == kReadKind ? read_reading(note.detail) : std::nullopt;
  if (!reading) return record_(note.kind, note.detail);
  if (const auto earlier = readings_->find(*reading)) return earlier;
  const auto entry = record_(note.kind, note.detail);
  if (entry) readings_->remember(*reading, *entry);
  return entry;
}

/// The command removed what the store has; what this process has in memory goes, too.
void CommandNotes::forget_erased(const store::Note& note) {
  const auto detail = JsonDocument::parse(note.detail);
  const std::string_view subject = detail ? detail->root()["subject"].string_or("") : std::string_view();
  if (vault_ == nullptr || subject.empty()) return;
  if (auto forgotten = vault_->forget(subject); !forgotten) {
    log_error("placeholders cannot be forgotten", {{"why", forgotten.error().message}});
  }
}

/// Until the store has it, nothing more is recorded: each look would record the same again.
bool CommandNotes::mark_recorded() {
  if (recorded_.empty()) return true;
  const auto marked = store_.notes_recorded(recorded_);
  if (!marked) log_error("recorded notes of commands cannot be marked", {{"why", marked.error().message}});
  if (marked) recorded_.clear();
  return marked.ok();
}

}  // namespace reeve::app
