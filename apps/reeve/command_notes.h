#pragma once

// Notes of commands on their way from the store into the ledger, each as one entry. A command leaves one while no
// server runs, too: it is recorded at the next start.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "content/content.h"
#include "reeve/recent_readings.h"
#include "store/store.h"

namespace reeve::app {

class CommandNotes {
 public:
  /// Appends an entry for each of them, in their order, waits until these are durable and says which they are in
  /// `entry`. How many, from the first one on: fewer when the ledger cannot be written.
  using Record = std::function<std::size_t(std::span<store::Note> notes)>;

  /// The store must outlive it, and the vault, which may be null. Whose content a command erased, the vault forgets.
  /// `readings`, which may be null: what an entry speaks for already gets no second one.
  CommandNotes(store::UnrecordedNotes& store, content::Vault* vault, Record record, RecentReadings* readings = nullptr)
      : store_(store), vault_(vault), record_(std::move(record)), readings_(readings) {}

  /// Records what the ledger lacks, at most kNotesAtOnce notes. What cannot be recorded now is recorded by a later
  /// call. True: it went well, and there may be more.
  bool look();

 private:
  void forget_erased(const store::Note& note);
  bool is_reading(const store::Note& note) const;
  std::size_t record(std::span<store::Note> notes);
  bool record_reading(store::Note& note);
  bool mark_recorded();

  store::UnrecordedNotes& store_;
  content::Vault* vault_;
  Record record_;
  RecentReadings* readings_;
  std::vector<store::Note> recorded_;  // in the ledger, but not marked so yet
};

}  // namespace reeve::app
