#include "content/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace reeve::content {

namespace {

constexpr std::size_t kBlock = 4096;  // characters at a time: all arrays together stay in the nearest caches
constexpr std::size_t kBorder = 64;   // room behind the last value, read but never used
constexpr std::size_t kFull = 64;     // a block with less room than this is full
constexpr std::size_t kArray = kBlock + 2 * kBorder;

/// Letters and digits as their lower-case selves, everything else 0.
constexpr std::array<std::uint8_t, 256> kNormal = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = static_cast<std::uint8_t>(c);
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = static_cast<std::uint8_t>(c);
  return table;
}();

// The functions below are plain loops that the compiler turns into vector instructions. They are compiled twice on
// x86-64: for every machine, and for those with AVX2.
#define REEVE_INLINE [[gnu::always_inline]] inline

REEVE_INLINE std::uint32_t join(std::uint32_t left, std::uint32_t right) {
  return (left ^ std::rotl(right, 13)) * 0x9E3779B1U + right;
}

/// Hash of every gram: pairs of pairs, so that no hash waits for its neighbour.
REEVE_INLINE void hash_all(const std::uint8_t* characters, std::size_t count, std::uint32_t* __restrict first,
                           std::uint32_t* __restrict second, std::uint32_t* __restrict quarter,
                           std::uint32_t* __restrict hashes) {
  const std::size_t n = count + kBorder / 2;
  for (std::size_t i = 0; i < n; ++i) first[i] = (characters[i] + 0x51U) * 0x85EBCA6BU;
  for (std::size_t i = 0; i < n; ++i) second[i] = join(first[i], first[i + 1]);     // 2
  for (std::size_t i = 0; i < n; ++i) quarter[i] = join(second[i], second[i + 2]);  // 4
  for (std::size_t i = 0; i < n; ++i) first[i] = join(quarter[i], quarter[i + 4]);  // 8
  for (std::size_t i = 0; i < n; ++i) second[i] = join(first[i], first[i + 8]);     // 16
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t hash = join(second[i], quarter[i + 16]);  // 20
    hash = (hash ^ (hash >> 15U)) * 0x2C1B3C6DU;
    hashes[i] = hash ^ (hash >> 16U);
  }
}
static_assert(kGram == 20);

/// Minimum over each window, then the greatest of the minima of all windows that hold a place: where that is the hash
/// itself, it is the smallest of some window. `minima` has kWindow - 1 values before its first, which the caller sets.
REEVE_INLINE void window_minima(const std::uint32_t* hashes, std::size_t count, std::uint32_t* __restrict scratch,
                                std::uint32_t* __restrict minima) {
  const std::size_t n = count + kBorder / 2;
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::min(hashes[i], hashes[i + 1]);
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::min(scratch[i], scratch[i + 2]);
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::min(scratch[i], scratch[i + 4]);
  for (std::size_t i = 0; i < n; ++i) minima[i] = std::min({scratch[i], scratch[i + 8], scratch[i + 16]});
}
REEVE_INLINE void window_maxima(const std::uint32_t* minima, std::size_t count, std::uint32_t* __restrict scratch,
                                std::uint32_t* __restrict maxima) {
  const std::size_t n = count + kBorder / 2;
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::max(minima[i], minima[i + 1]);
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::max(scratch[i], scratch[i + 2]);
  for (std::size_t i = 0; i < n; ++i) scratch[i] = std::max(scratch[i], scratch[i + 4]);
  for (std::size_t i = 0; i < n; ++i) maxima[i] = std::max({scratch[i], scratch[i + 8], scratch[i + 16]});
}
static_assert(kWindow == 24);

struct Loops {
  void (*hash)(const std::uint8_t*, std::size_t, std::uint32_t*, std::uint32_t*, std::uint32_t*, std::uint32_t*);
  void (*minima)(const std::uint32_t*, std::size_t, std::uint32_t*, std::uint32_t*);
  void (*maxima)(const std::uint32_t*, std::size_t, std::uint32_t*, std::uint32_t*);
};

void hash_plain(const std::uint8_t* c, std::size_t n, std::uint32_t* a, std::uint32_t* b, std::uint32_t* q,
                std::uint32_t* h) {
  hash_all(c, n, a, b, q, h);
}
void minima_plain(const std::uint32_t* h, std::size_t n, std::uint32_t* s, std::uint32_t* m) {
  window_minima(h, n, s, m);
}
void maxima_plain(const std::uint32_t* h, std::size_t n, std::uint32_t* s, std::uint32_t* m) {
  window_maxima(h, n, s, m);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void hash_avx2(const std::uint8_t* c, std::size_t n, std::uint32_t* a, std::uint32_t* b,
                                       std::uint32_t* q, std::uint32_t* h) {
  hash_all(c, n, a, b, q, h);
}
[[gnu::target("avx2")]] void minima_avx2(const std::uint32_t* h, std::size_t n, std::uint32_t* s, std::uint32_t* m) {
  window_minima(h, n, s, m);
}
[[gnu::target("avx2")]] void maxima_avx2(const std::uint32_t* h, std::size_t n, std::uint32_t* s, std::uint32_t* m) {
  window_maxima(h, n, s, m);
}
#endif

const Loops& loops() {
#if defined(__x86_64__)
  static const Loops kLoops = __builtin_cpu_supports("avx2") ? Loops{hash_avx2, minima_avx2, maxima_avx2}
                                                             : Loops{hash_plain, minima_plain, maxima_plain};
#else
  static const Loops kLoops = {hash_plain, minima_plain, maxima_plain};
#endif
  return kLoops;
}

}  // namespace

Fingerprinter::Fingerprinter()
    : characters_(kArray), places_(kArray), hashes_(kArray), first_(kArray), second_(kArray), quarter_(kArray) {}

void Fingerprinter::fill(std::string_view text) {
  // One byte of the text gives at most one character, so that no step needs to look whether there is room.
  while (count_ + kFull < kBlock && read_ < text.size()) {
    const std::size_t step = std::min(kBlock - count_, text.size() - read_);
    std::uint8_t* characters = characters_.data();
    std::uint32_t* places = places_.data();
    std::size_t count = count_;
    for (std::size_t i = read_; i < read_ + step; ++i) {
      const std::uint8_t normal = kNormal[static_cast<unsigned char>(text[i])];
      characters[count] = normal;
      places[count] = static_cast<std::uint32_t>(i);
      count += normal != 0 ? 1 : 0;
    }
    count_ = count;
    read_ += step;
  }
}

void Fingerprinter::keep(std::size_t gram, std::vector<Fingerprint>& found) {
  const std::uint8_t* characters = characters_.data() + gram;
  const std::uint64_t key = XXH3_64bits(characters, kGram);
  if (!found.empty() && found.back().key == key) {  // a run of the same character, say
    found.back().end = places_[gram + kGram - 1] + 1;
    return;
  }
  found.push_back({key, places_[gram], places_[gram + kGram - 1] + 1});
}

void Fingerprinter::choose(bool first, bool last, std::vector<Fingerprint>& found) {
  const std::size_t grams = count_ - kGram + 1;
  if (first && last && grams < kWindow) {  // shorter than a window: it still has its smallest hash
    loops().hash(characters_.data(), count_, first_.data(), second_.data(), quarter_.data(), hashes_.data());
    keep(static_cast<std::size_t>(std::min_element(hashes_.begin(), hashes_.begin() + static_cast<long>(grams)) -
                                  hashes_.begin()),
         found);
    return;
  }
  loops().hash(characters_.data(), count_, first_.data(), second_.data(), quarter_.data(), hashes_.data());
  // Windows that reach beyond the text do not count: their minimum is set to 0, which no maximum is decided by.
  constexpr std::size_t kBefore = kWindow - 1;
  std::uint32_t* minima = quarter_.data() + kBefore;
  std::fill(quarter_.begin(), quarter_.begin() + kBefore, 0U);
  loops().minima(hashes_.data(), grams, first_.data(), minima);
  const std::size_t windows = grams - kWindow + 1;
  std::fill(minima + windows, minima + windows + kBefore + 1, 0U);
  loops().maxima(quarter_.data(), grams, first_.data(), second_.data());
  // Grams near a border that is not the text's own are decided with the block that has their neighbours.
  const std::size_t begin = first ? 0 : kBefore;
  const std::size_t end = last ? grams : grams - kBefore;
  std::uint32_t* chosen = first_.data();
  std::size_t count = 0;
  for (std::size_t i = begin; i < end; ++i) {
    chosen[count] = static_cast<std::uint32_t>(i);
    count += hashes_[i] == second_[i] ? 1 : 0;
  }
  for (std::size_t i = 0; i < count; ++i) keep(chosen[i], found);
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
    constexpr std::size_t kCarried = 2 * (kWindow - 1) + kGram - 1;
    std::copy(characters_.begin() + static_cast<long>(count_ - kCarried),
              characters_.begin() + static_cast<long>(count_), characters_.begin());
    std::copy(places_.begin() + static_cast<long>(count_ - kCarried), places_.begin() + static_cast<long>(count_),
              places_.begin());
    count_ = kCarried;
  }
}

}  // namespace reeve::content
