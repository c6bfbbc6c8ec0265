#pragma once

// The first stage: one pass that finds where patterns may match. Private to the room.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "content/detector_set.h"
#include "content/literal_matcher.h"
#include "content/word_patterns.h"

namespace reeve::content {

/// What one thread needs for a set, and what it found last.
struct FirstStage {
  explicit FirstStage(const DetectorSet& set);

  /// Where literals stand in a layer's texts, and where the patterns without any end.
  void look(const DetectorSet& set, std::string_view texts);
  /// Where the patterns of long words end; `words` says where that is in `text`.
  void look_at_words(const DetectorSet& set, std::string_view text, const TextMasks& masks,
                     const DecodeMasks& decode_masks);

  std::vector<LiteralHit> hits;  // by start
  std::span<const MatchRun> runs() const { return block_->runs; }
  std::span<const MatchRun> word_runs() const { return word_scratch_->runs; }
  LongWords words;
  bool overflowed = false;  // by the last look: not all were taken down

 private:
  std::unique_ptr<PatternScratch> block_, word_scratch_;
};

}  // namespace reeve::content
