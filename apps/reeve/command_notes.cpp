#include "reeve/command_notes.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

bool CommandNotes::look() {
  if (!mark_recorded()) return false;
  auto notes = store_.unrecorded_notes();
  if (!notes) {
    log_error("notes of commands cannot be listed", {{"why", notes.error().message}});
    return false;
  }
  const std::size_t found = notes->size();
  for (const store::Note& note : *notes) {
    if (note.kind == "content.erased") forget_erased(note);
  }
  notes->resize(record(*notes));
  recorded_ = *std::move(notes);
  const bool all = recorded_.size() == found;
  return mark_recorded() && all && found == store::UnrecordedNotes::kNotesAtOnce;
}

bool CommandNotes::is_reading(const store::Note& note) const {
  return readings_ != nullptr && note.kind == kReadKind && read_reading(note.detail).has_value();
}

/// How many, from the first one on. Together as far as none of them may speak for another.
std::size_t CommandNotes::record(std::span<store::Note> notes) {
  std::size_t done = 0;
  while (done < notes.size()) {
    if (is_reading(notes[done])) {
      if (!record_reading(notes[done])) break;
      ++done;
      continue;
    }
    std::size_t end = done + 1;
    while (end < notes.size() && !is_reading(notes[end])) ++end;
    const std::size_t wanted = end - done;
    const std::size_t recorded = record_(notes.subspan(done, wanted));
    done += recorded;
    if (recorded < wanted) break;
  }
  return done;
}

/// Its entry is that of an earlier reading where that speaks for this one.
bool CommandNotes::record_reading(store::Note& note) {
  const auto reading = read_reading(note.detail);
  if (const auto earlier = readings_->find(*reading)) {
    note.entry = *earlier;
    return true;
  }
  if (record_(std::span(&note, 1)) == 0) return false;
  readings_->remember(*reading, note.entry);
  return true;
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
