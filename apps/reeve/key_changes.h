#pragma once

// Keys made and ended, on their way from the store into the ledger. Commands change keys while no server runs, too.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace reeve::app {

class KeyChanges {
 public:
  /// Appends an entry and waits for it; its index, or nothing when it could not be written.
  using Record = std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)>;

  /// The store must outlive it.
  KeyChanges(store::Store& store, Record record) : store_(store), record_(std::move(record)) {}

  /// Records what the ledger lacks, some of it when that is a lot. Costs next to nothing when no key changed since the
  /// last time. What cannot be recorded now is recorded by a later call.
  void look();

 private:
  bool mark_recorded();

  store::Store& store_;
  Record record_;
  std::optional<std::uint64_t> seen_;       // generation up to which all is recorded
  std::vector<store::KeyChange> recorded_;  // in the ledger, but not marked so yet
};

}  // namespace reeve::app
