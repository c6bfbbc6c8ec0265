#pragma once

// The first stage: one pass that finds where patterns may match. Private to the room.

#include <string_view>

#include "content/detector_set.h"
#include "content/word_patterns.h"

namespace reeve::content {

/// What one thread needs for a set, and what it found last.
struct FirstStage {
  explicit FirstStage(const DetectorSet& set)
      : texts(set.text_patterns().make_found()), words(set.word_patterns().make_found()) {}

  /// Where patterns may match in the texts of a layer.
  void look(const DetectorSet& set, std::string_view layer) { set.text_patterns().find(layer, texts); }
  /// Where those of long words may in the words that were collected since `long_words` was cleared, of as many texts.
  void look_at_words(const DetectorSet& set, std::size_t count = 1) {
    long_words.joined.finish();
    const PatternIndex& patterns = set.word_patterns();
    patterns.find(long_words.joined.view(), words, long_words.stretch_of(patterns.least_without()), count);
  }
  PatternIndex::Found texts, words;
  LongWords long_words;
};

}  // namespace reeve::content
