#pragma once

// What could not be written since the last ledger.gap entry: how much, and which numbers of which producers. Private to
// the committer, which guards it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "ledger/producer.h"

namespace reeve::ledger {

class Losses {
 public:
  /// One record. `waited`: somebody was told that it was refused, and did not do what it would have told.
  void add(Producer* producer, std::uint64_t number, bool waited, Instant at, std::string_view why);
  /// What an entry that could not be written itself stood for. Leaves `others` empty.
  void take_back(Losses& others);

  /// Nothing has to be told: a record that nobody numbers and whose maker knows is nobody's loss.
  bool empty() const { return lost_ == 0 && spans_.empty(); }
  std::uint64_t lost() const { return lost_; }
  void clear();
  /// The `detail` of a ledger.gap.
  std::string detail() const;

 private:
  /// `count` of the numbers from `from` to `to`; all of them unless there were too many spans to tell apart.
  struct Span {
    Producer* producer = nullptr;
    std::uint64_t from = 0, to = 0, count = 0;
    Instant since;
    std::string why;
  };
  void add_span(Span span);

  std::uint64_t lost_ = 0;     // that nobody waited for
  std::uint64_t refused_ = 0;  // that somebody waited for, of those that are numbered
  Instant since_;
  std::vector<Span> spans_;
};

}  // namespace reeve::ledger
