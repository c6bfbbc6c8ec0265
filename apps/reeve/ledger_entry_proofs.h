#pragma once

// Entries with the proof of their place in the signed tree, for whoever is shown some and need not believe who shows
// them.

#include <chrono>
#include <filesystem>
#include <string>

#include "core/json.h"
#include "ledger/ledger.h"

namespace reeve::app {

/// Makes proofs against one checkpoint for as long as that covers what is asked for: the cosigned one where it does,
/// else the newest. One thread.
class EntryProofs {
 public:
  /// `ledger`: the log's directory, beside a live writer or none.
  explicit EntryProofs(std::filesystem::path ledger) : ledger_(std::move(ledger)), tiles_(ledger_) {}

  /// c2sp.org/tlog-proof with the entry in it, as `reeve ledger check-proof` takes it. An entry that was just written
  /// is signed in a moment, for which this waits; kNotFound when it is not.
  Result<std::string> proof_of(const ledger::StoredEntry& entry);
  /// An object of `index`, `entry` and `proof`, or `unproven` with the reason.
  void write(JsonWriter& json, const ledger::StoredEntry& entry);

 private:
  Result<void> look_for_checkpoint(std::uint64_t index);
  Result<void> read_checkpoint(std::uint64_t index);

  const std::filesystem::path ledger_;
  ledger::TileReader tiles_;
  std::string note_;
  ledger::Checkpoint checkpoint_;
};

}  // namespace reeve::app
