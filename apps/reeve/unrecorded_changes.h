#pragma once

// What commands did to the store, on its way into the ledger, each as one entry. Commands work while no server runs,
// too; what they left is recorded at the next start.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.h"
#include "store/store.h"

namespace reeve::app {

template <typename Change>
class UnrecordedChanges {
 public:
  /// Appends an entry and waits for it; its index, or nothing when it could not be written.
  using Record = std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)>;
  /// Where they wait.
  struct Place {
    std::string what;                                         // for the log: "keys"
    std::function<std::uint64_t()> generation;                // moves when there may be more
    std::function<Result<std::vector<Change>>()> unrecorded;  // some of them, in the order in which they came
    std::function<Result<void>(std::span<const Change>)> recorded;
    std::function<store::EntryText(const Change&)> told;
  };

  UnrecordedChanges(Place place, Record record) : place_(std::move(place)), record_(std::move(record)) {}

  /// Records what the ledger lacks, some of it when that is a lot. Costs next to nothing when nothing came since the
  /// last time. What cannot be recorded now is recorded by a later call.
  void look() {
    // Read before the changes: one that comes in between is found at the next look.
    const std::uint64_t generation = place_.generation();
    if (generation == seen_ || !mark_recorded()) return;
    auto changes = place_.unrecorded();
    if (!changes) return log_error(place_.what + " cannot be listed", {{"why", changes.error().message}});
    if (changes->empty()) seen_ = generation;
    for (Change& change : *changes) {
      const store::EntryText told = place_.told(change);
      const auto entry = record_(told.kind, told.detail);
      if (!entry) break;
      change.entry = *entry;
      recorded_.push_back(std::move(change));
    }
    mark_recorded();
  }

 private:
  /// Until the store has it, nothing more is recorded: each look would record the same again.
  bool mark_recorded() {
    if (recorded_.empty()) return true;
    const auto marked = place_.recorded(recorded_);
    if (!marked) log_error("recorded " + place_.what + " cannot be marked", {{"why", marked.error().message}});
    if (marked) recorded_.clear();
    return marked.ok();
  }

  const Place place_;
  const Record record_;
  std::optional<std::uint64_t> seen_;  // generation up to which all is recorded
  std::vector<Change> recorded_;       // in the ledger, but not marked so yet
};

/// Keys made and ended.
class KeyChanges : public UnrecordedChanges<store::KeyChange> {
 public:
  /// The store must outlive it.
  KeyChanges(store::Store& store, Record record);
};

/// Reports of named checks.
class CheckReports : public UnrecordedChanges<store::CheckReport> {
 public:
  /// The store must outlive it.
  CheckReports(store::Store& store, Record record);
};

}  // namespace reeve::app
