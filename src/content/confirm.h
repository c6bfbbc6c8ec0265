#pragma once

// The second stage for patterns: where a match begins, which part of it is the value, and whether that value stands up
// to its detector's checks, fixed values, rarity and words near by. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "content/detector_set.h"

namespace reeve::content {

/// Told of each candidate that was looked at; `why` is for people and without the value.
class CandidateWatcher {
 public:
  virtual ~CandidateWatcher() = default;
  virtual void looked_at(std::uint32_t detector, std::size_t start, std::size_t end, bool kept,
                         std::string_view why) = 0;
};

/// The surest that a detector has said of a whole piece, and where.
struct WholeFound {
  std::uint32_t detector = 0;
  std::uint32_t start = 0;
  float confidence = 0;
};

/// How much work one scan may spend on confirming: bytes that expressions walk over, and bytes that weighers read
/// around places.
struct ConfirmBudget {
  std::uint64_t bytes = 0;
  std::uint64_t weighed_bytes = 0;
  bool exhausted = false;
  std::vector<WholeFound> whole{};  // in the piece in hand
  bool take_weighing(std::uint64_t count) {
    if (count > weighed_bytes) exhausted = true;
    weighed_bytes -= exhausted ? 0 : count;
    return !exhausted;
  }
};

/// Whether the value at [start, end) of `text` is kept, and how sure. `watcher` may be null.
bool judge_value(const Detector& detector, std::string_view text, std::size_t start, std::size_t end, float& confidence,
                 std::string_view& why);

/// Appends what a pattern gives around one of its required literals that stands at `hit`, whose places are those in
/// `text`. `last_end` as below.
void confirm_literal(const DetectorSet& set, const RequiredAt& required, const LiteralHit& hit, std::string_view text,
                     std::uint32_t& last_end, ConfirmBudget& budget, std::vector<Candidate>& found,
                     CandidateWatcher* watcher);

/// Appends what one run of ends gives in `text`; ends count from the text's start. `last_end` is where this pattern's
/// last match in this text ended, and is moved on.
void confirm_run(const DetectorSet& set, const MatchRun& run, std::string_view text, std::uint32_t& last_end,
                 ConfirmBudget& budget, std::vector<Candidate>& found, CandidateWatcher* watcher);

}  // namespace reeve::content
