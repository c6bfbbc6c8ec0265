#include "content/first_stage.h"

namespace reeve::content {

namespace {

/// So many are looked at further in a text of this size.
std::size_t possible_values_max(std::size_t bytes) { return 4096 + bytes / 4; }

}  // namespace

FirstStage::FirstStage(const DetectorSet& set)
    : block_(set.block().make_scratch()), word_scratch_(set.words().make_scratch()) {}

void FirstStage::look(const DetectorSet& set, std::string_view texts) {
  overflowed = !set.literals().find(texts, hits, possible_values_max(texts.size()));
  block_->runs_max = possible_values_max(texts.size());
  set.block().scan(texts, *block_);
  overflowed = overflowed || block_->overflowed;
}

void FirstStage::look_at_words(const DetectorSet& set, std::string_view text, const TextMasks& masks,
                               const DecodeMasks& decode_masks) {
  words.collect(text, masks, decode_masks);
  words.joined.finish();
  word_scratch_->runs_max = possible_values_max(words.joined.size());
  set.words().scan(words.joined.view(), *word_scratch_);
  overflowed = word_scratch_->overflowed;
}

}  // namespace reeve::content
