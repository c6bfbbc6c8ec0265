#pragma once

// Notes of commands on their way from the store into the ledger, each as one entry. A command leaves one while no
// server runs, too: it is recorded at the next start.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "reeve/recent_readings.h"
#include "store/store.h"

namespace reeve::app {

class CommandNotes {
 public:
  /// Appends an entry and waits for it; its index, or nothing when it could not be written.
  using Record = std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)>;

  /// The store must outlive it, and the vault, which may be null. Whose content a command erased, the vault forgets.
  /// `readings`, which may be null: what an entry speaks for already gets no second one.
  CommandNotes(store::UnrecordedNotes& store, content::Vault* vault, Record record, RecentReadings* readings = nullptr)
      : store_(store), vault_(vault), record_(std::move(record)), readings_(readings) {}

  /// Records what the ledger lacks, at most 100 notes. What cannot be recorded now is recorded by a later call.
  void look();

 private:
  void forget_erased(const store::Note& note);
  std::optional<std::uint64_t> record(const store::Note& note);
  bool mark_recorded();

  store::UnrecordedNotes& store_;
  content::Vault* vault_;
  Record record_;
  RecentReadings* readings_;
  std::vector<store::Note> recorded_;  // in the ledger, but not marked so yet
};

}  // namespace reeve::app
