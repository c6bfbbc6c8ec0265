#include "content/fingerprint.h"

// Inlined: the hash of a gram, whose length is known here, is then a few instructions.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>

#include "content/fingerprint_steps.h"

namespace reeve::content {

namespace {

constexpr std::size_t kBlock = 2048;  // characters at a time: all arrays together stay in the nearest cache
constexpr std::size_t kFull = 64;     // a block with less room than this is full
constexpr std::size_t kBefore = kWindow - 1;

}  // namespace

Fingerprinter::Fingerprinter() : Fingerprinter(fingerprint_steps().back()) {}

Fingerprinter::Fingerprinter(const FingerprintSteps& steps)
    : steps_(steps),
      characters_(kBlock + kStepRoom),
      places_(kBlock + kStepRoom),
      hashes_(kBefore + kBlock + kStepRoom),  // the first stay 0, see FingerprintSteps::choose
      chosen_(kBlock + kStepRoom) {}

void Fingerprinter::fill(std::string_view text) {
  // One byte of the text gives at most one character, so that no step needs to look whether there is room.
  while (count_ + kFull < kBlock && read_ < text.size()) {
    const std::size_t end = read_ + std::min(kBlock - count_, text.size() - read_);
    count_ = steps_.normalise(text, read_, end, characters_.data(), places_.data(), count_);
    read_ = end;
  }
}

void Fingerprinter::keep(const std::uint32_t* grams, std::size_t count, std::vector<Fingerprint>& found) const {
  std::size_t kept = found.size();
  found.resize(kept + count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t gram = grams[i];
    const std::uint64_t key = XXH3_64bits(characters_.data() + gram, kGram);
    const std::uint32_t end = places_[gram + kGram - 1] + 1;
    if (kept != 0 && found[kept - 1].key == key) {  // a run of the same character, say
      found[kept - 1].end = end;
    } else {
      found[kept++] = {key, places_[gram], end};
    }
  }
  found.resize(kept);
}

void Fingerprinter::choose(bool first, bool last, std::vector<Fingerprint>& found) {
  const std::size_t grams = count_ - kGram + 1;
  std::uint32_t* const hashes = hashes_.data() + kBefore;
  steps_.hash(characters_.data(), grams, hashes);
  if (first && last && grams < kWindow) {  // shorter than a window: it still has its smallest hash
    const auto smallest = static_cast<std::uint32_t>(std::min_element(hashes, hashes + grams) - hashes);
    keep(&smallest, 1, found);
    return;
  }
  std::fill_n(hashes + grams, kBefore, 0U);
  // Grams near a border that is not the text's own are decided with the block that has their neighbours.
  const std::size_t begin = first ? 0 : kBefore;
  const std::size_t end = last ? grams : grams - kBefore;
  const std::size_t count = steps_.choose(hashes, begin, end, chosen_.data());
  keep(chosen_.data(), count, found);
}

void Fingerprinter::extract(std::string_view text, std::vector<Fingerprint>& found) {
  found.clear();
  text = text.substr(0, std::numeric_limits<std::uint32_t>::max());
  count_ = read_ = 0;
  for (bool first = true;; first = false) {
    fill(text);
    const bool last = read_ == text.size();
    if (count_ >= kGram) choose(first, last, found);
    if (last) return;
    // The next block begins so early that its first decided gram follows the last one that was decided here.
    constexpr std::size_t kCarried = 2 * kBefore + kGram - 1;
    std::copy_n(characters_.begin() + static_cast<long>(count_ - kCarried), kCarried, characters_.begin());
    std::copy_n(places_.begin() + static_cast<long>(count_ - kCarried), kCarried, places_.begin());
    count_ = kCarried;
  }
}

}  // namespace reeve::content
