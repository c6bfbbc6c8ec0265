#include "content/fingerprint_steps.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "content/fingerprint.h"

namespace reeve::content {

namespace {

/// Letters and digits as their lower-case selves, everything else 0.
constexpr std::array<std::uint8_t, 256> kNormal = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = static_cast<std::uint8_t>(c);
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = static_cast<std::uint8_t>(c);
  return table;
}();

std::size_t normalise(std::string_view text, std::size_t begin, std::size_t end, std::uint8_t* characters,
                      std::uint32_t* places, std::size_t count) {
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint8_t normal = kNormal[static_cast<unsigned char>(text[i])];
    characters[count] = normal;
    places[count] = static_cast<std::uint32_t>(i);
    count += normal != 0 ? 1 : 0;
  }
  return count;
}

// The functions below are plain loops that the compiler turns into vector instructions. They are compiled twice on
// x86-64: for every machine, and for those with AVX2. They go a chunk at a time, so that the arrays between two loops
// stay in the nearest cache.
#define REEVE_INLINE [[gnu::always_inline]] inline

constexpr std::size_t kChunk = 512;
constexpr std::size_t kBorder = 64;  // more than a gram and a window need behind a chunk
using Array = std::array<std::uint32_t, kChunk + kBorder>;

REEVE_INLINE std::uint32_t join(std::uint32_t left, std::uint32_t right) {
  return (left ^ std::rotl(right, 13)) * 0x9E3779B1U + right;
}

/// Hash of every gram: pairs of pairs, so that no hash waits for its neighbour.
REEVE_INLINE void hash_chunk(const std::uint8_t* characters, std::size_t count, std::uint32_t* __restrict hashes) {
  alignas(64) Array first, second, quarter;
  for (std::size_t i = 0; i < count + 20; ++i) first[i] = (characters[i] + 0x51U) * 0x85EBCA6BU;
  for (std::size_t i = 0; i < count + 19; ++i) second[i] = join(first[i], first[i + 1]);     // 2
  for (std::size_t i = 0; i < count + 16; ++i) quarter[i] = join(second[i], second[i + 2]);  // 4
  for (std::size_t i = 0; i < count + 8; ++i) first[i] = join(quarter[i], quarter[i + 4]);   // 8
  for (std::size_t i = 0; i < count; ++i) second[i] = join(first[i], first[i + 8]);          // 16
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t hash = join(second[i], quarter[i + 16]);  // 20
    hash = (hash ^ (hash >> 15U)) * 0x2C1B3C6DU;
    hashes[i] = hash ^ (hash >> 16U);
  }
}
static_assert(kGram == 20);

REEVE_INLINE void hash_all(const std::uint8_t* characters, std::size_t grams, std::uint32_t* hashes) {
  for (std::size_t i = 0; i < grams; i += kChunk) hash_chunk(characters + i, std::min(kChunk, grams - i), hashes + i);
}

/// Minimum over each window, then the greatest of the minima of all windows that hold a place: where that is the hash
/// itself, it is the smallest of some window.
REEVE_INLINE void greatest_minima(const std::uint32_t* hashes, std::size_t count, std::uint32_t* __restrict greatest) {
  constexpr std::size_t kBefore = kWindow - 1;
  alignas(64) std::array<std::uint32_t, kChunk + 2 * kBorder> two, four;
  const std::uint32_t* const before = hashes - kBefore;
  const std::size_t n = count + kBefore;  // windows that hold one of these hashes
  for (std::size_t i = 0; i < n + 22; ++i) two[i] = std::min(before[i], before[i + 1]);
  for (std::size_t i = 0; i < n + 20; ++i) four[i] = std::min(two[i], two[i + 2]);
  for (std::size_t i = 0; i < n + 16; ++i) two[i] = std::min(four[i], four[i + 4]);
  for (std::size_t i = 0; i < n; ++i) four[i] = std::min({two[i], two[i + 8], two[i + 16]});
  for (std::size_t i = 0; i < count + 22; ++i) two[i] = std::max(four[i], four[i + 1]);
  for (std::size_t i = 0; i < count + 20; ++i) four[i] = std::max(two[i], two[i + 2]);
  for (std::size_t i = 0; i < count + 16; ++i) two[i] = std::max(four[i], four[i + 4]);
  for (std::size_t i = 0; i < count; ++i) greatest[i] = std::max({two[i], two[i + 8], two[i + 16]});
}
static_assert(kWindow == 24);

REEVE_INLINE std::size_t choose_all(const std::uint32_t* hashes, std::size_t begin, std::size_t end,
                                    std::uint32_t* chosen) {
  Array greatest;
  std::size_t count = 0;
  for (std::size_t at = begin; at < end; at += kChunk) {
    const std::size_t here = std::min(kChunk, end - at);
    greatest_minima(hashes + at, here, greatest.data());
    for (std::size_t i = 0; i < here; ++i) {
      chosen[count] = static_cast<std::uint32_t>(at + i);
      count += hashes[at + i] == greatest[i] ? 1 : 0;
    }
  }
  return count;
}

void hash_plain(const std::uint8_t* characters, std::size_t grams, std::uint32_t* hashes) {
  hash_all(characters, grams, hashes);
}
std::size_t choose_plain(const std::uint32_t* hashes, std::size_t begin, std::size_t end, std::uint32_t* chosen) {
  return choose_all(hashes, begin, end, chosen);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void hash_avx2(const std::uint8_t* characters, std::size_t grams, std::uint32_t* hashes) {
  hash_all(characters, grams, hashes);
}
[[gnu::target("avx2")]] std::size_t choose_avx2(const std::uint32_t* hashes, std::size_t begin, std::size_t end,
                                                std::uint32_t* chosen) {
  return choose_all(hashes, begin, end, chosen);
}
#endif

std::vector<FingerprintSteps> all_steps() {
  std::vector<FingerprintSteps> all = {{normalise, hash_plain, choose_plain}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) all.push_back({normalise, hash_avx2, choose_avx2});
  if (const FingerprintSteps* steps = fingerprint_steps_avx512()) all.push_back(*steps);
#endif
  return all;
}

}  // namespace

const std::vector<FingerprintSteps>& fingerprint_steps() {
  static const std::vector<FingerprintSteps> kAll = all_steps();
  return kAll;
}

}  // namespace reeve::content
