#include "reeve/unrecorded_changes.h"

namespace reeve::app {

KeyChanges::KeyChanges(store::Store& store, Record record)
    : UnrecordedChanges({.what = "keys",
                         .generation = [&store] { return store.keys().generation(); },
                         .unrecorded = [&store] { return store.unrecorded_key_changes(); },
                         .recorded = [&store](auto changes) { return store.key_changes_recorded(changes); },
                         .told = [](const store::KeyChange& change) { return store::entry_of(change); }},
                        std::move(record)) {}

CheckReports::CheckReports(store::Store& store, Record record)
    : UnrecordedChanges({.what = "reports of checks",
                         .generation = [&store] { return store.checks().generation(); },
                         .unrecorded = [&store] { return store.unrecorded_check_reports(); },
                         .recorded = [&store](auto reports) { return store.check_reports_recorded(reports); },
                         .told = [](const store::CheckReport& report) { return store::entry_of(report.state); }},
                        std::move(record)) {}

}  // namespace reeve::app
