#include "content/place_list.h"

#include <bit>

namespace reeve::content {

namespace {

std::size_t gather_plainly(std::span<const std::uint64_t> words, std::uint32_t base, std::uint32_t* places) {
  std::uint32_t* to = places;
  for (const std::uint64_t word : words) {
    for (std::uint64_t bits = word; bits != 0; bits &= bits - 1) {
      *to++ = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    base += 64;
  }
  return static_cast<std::size_t>(to - places);
}

#if defined(__x86_64__)

/// Four places a word are written always: what is written too much, the next word overwrites.
[[gnu::target("popcnt,bmi")]] std::size_t gather_by_four(std::span<const std::uint64_t> words, std::uint32_t base,
                                                         std::uint32_t* places) {
  static_assert(kPlacesOver >= 4);
  std::uint32_t* to = places;
  for (const std::uint64_t word : words) {
    const int count = std::popcount(word);
    std::uint64_t bits = word;
    for (int i = 0; i < 4; ++i, bits &= bits - 1) to[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    for (int i = 4; i < count; ++i, bits &= bits - 1) to[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
    to += count;
    base += 64;
  }
  return static_cast<std::size_t>(to - places);
}

using Gather = std::size_t (*)(std::span<const std::uint64_t>, std::uint32_t, std::uint32_t*);
const Gather kGather =
    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") ? gather_by_four : gather_plainly;

#endif

}  // namespace

std::size_t gather_places(std::span<const std::uint64_t> words, std::uint32_t base, std::uint32_t* places) {
#if defined(__x86_64__)
  return kGather(words, base, places);
#else
  return gather_plainly(words, base, places);
#endif
}

}  // namespace reeve::content
