#include "reeve/check_reports.h"

#include "core/log.h"

namespace reeve::app {

void CheckReports::look() {
  // Read before the reports: one that comes in between is found at the next look.
  const std::uint64_t generation = store_.checks().generation();
  if (generation == seen_ || !mark_recorded()) return;
  auto reports = store_.unrecorded_check_reports();
  if (!reports) return log_error("reports of checks cannot be listed", {{"why", reports.error().message}});
  if (reports->empty()) seen_ = generation;
  for (store::CheckReport& report : *reports) {
    const store::EntryText told = store::entry_of(report.state);
    const auto entry = record_(told.kind, told.detail);
    if (!entry) break;
    report.entry = *entry;
    recorded_.push_back(std::move(report));
  }
  mark_recorded();
}

/// Until the store has it, nothing more is recorded: each look would record the same again.
bool CheckReports::mark_recorded() {
  if (recorded_.empty()) return true;
  const auto marked = store_.check_reports_recorded(recorded_);
  if (!marked) log_error("recorded reports of checks cannot be marked", {{"why", marked.error().message}});
  if (marked) recorded_.clear();
  return marked.ok();
}

}  // namespace reeve::app
