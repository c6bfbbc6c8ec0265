#pragma once

// Entries on their way into rows: an intent waits for its outcome, so that one row stands for both.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ledger/index_rows.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

class IndexIntake {
 public:
  /// Entries below `end` have their rows already: they only tell which intents wait.
  void rows_exist_below(std::uint64_t end) { rows_exist_below_ = end; }
  std::uint64_t rows_exist_below() const { return rows_exist_below_; }

  Result<void> take(const StoredEntry& entry, IndexTables& tables);
  /// Intents that have waited for more than so many entries get rows of their own, and so do the oldest when too many
  /// wait: what is read again at the next start stays bounded, and so does memory.
  Result<void> give_up_waiting(std::uint64_t next, IndexTables& tables);
  /// Rows for the intents that wait, into a table of just these columns.
  Result<void> add_waiting(IndexTables& tables) const;

  /// Reading has to begin here to see every intent that waits. `next`: the entry after the last one taken.
  std::uint64_t low_water(std::uint64_t next) const { return order_.empty() ? next : order_.front().seq; }
  bool waiting_changed() const { return waiting_changed_; }
  void waiting_was_written() { waiting_changed_ = false; }

 private:
  struct Waiting {
    CallPlace place;
    std::string bytes;
    EntryFields fields;  // views into `bytes`
  };
  struct Key {
    std::string_view request;  // a view into the bytes of whoever waits
    std::int64_t attempt = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  using Map = std::unordered_map<Key, std::unique_ptr<Waiting>, KeyHash>;
  struct Place {
    std::uint64_t seq = 0;
    const Waiting* waiting = nullptr;  // null: not any more
  };

  static Key key_of(const EntryFields& fields);
  Result<void> take_intent(CallPlace place, IndexTables& tables);
  Result<void> take_outcome(CallPlace place, IndexTables& tables);
  /// `writes`: its row is not there yet.
  Result<void> give_up(Map::iterator waiting, bool writes, IndexTables& tables);
  std::unique_ptr<Waiting> remove(Map::iterator waiting);
  /// So that order_ begins with one who waits.
  void drop_gone();

  Map waiting_;
  std::deque<Place> order_;        // of those who wait, by seq
  std::unique_ptr<Waiting> read_;  // the entry that is being taken
  std::uint64_t rows_exist_below_ = 0;
  bool waiting_changed_ = false;
};

}  // namespace reeve::ledger
