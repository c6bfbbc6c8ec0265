#pragma once

// Whether the keys of a ledger follow from each other, and are those that its entries tell of. Private to verify().

#include <string>
#include <vector>

#include "ledger/key_rotation.h"

namespace reeve::ledger {

class KeyHistory {
 public:
  /// `trusted_key`: the vkey that somebody was given once; empty: none.
  KeyHistory(FileSystem& system, std::string directory, std::string_view trusted_key);
  /// An entry about a rotation.
  void see(std::uint64_t index, std::string_view entry);
  /// A rotation to this key is under way, or was cut short: opening finishes it.
  bool changing_to(std::string_view vkey) const;
  /// After the last entry: what is wrong, a sentence each.
  std::vector<std::string> finish();

 private:
  FileSystem& system_;
  const std::string directory_;
  const std::string trusted_key_;
  std::vector<std::string> problems_;
  std::vector<std::pair<std::uint64_t, std::string>> recorded_;  // entry, statement
};

}  // namespace reeve::ledger
