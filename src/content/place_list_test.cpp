#include "content/place_list.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace reeve::content {
namespace {

bool is_set(const std::vector<std::uint64_t>& mask, std::size_t i) { return (mask[i / 64] >> i % 64 & 1U) != 0; }

/// A set bit, three behind it another, one before it none. Likely: the next but four is not set.
struct Shape {
  MaskView mask;
  template <bool kFirst>
  std::uint64_t bits(std::size_t word) const {
    return mask.at(word) & mask.behind(word, 3) & ~mask.before<kFirst>(word, 1);
  }
  bool is_likely(std::size_t at) const { return (mask.from(at) & 0b10000U) == 0; }
};

std::vector<std::size_t> read_plainly(const std::vector<std::uint64_t>& mask, std::size_t size, bool likely) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < size; ++i) {
    const auto set = [&](std::size_t at) { return at < size && is_set(mask, at); };
    if (set(i) && set(i + 3) && !(i > 0 && set(i - 1)) && !(likely && set(i + 4))) places.push_back(i);
  }
  return places;
}

TEST(PlaceList, TellsThePlacesThatABitAfterTheOtherTells) {
  std::mt19937_64 random(5);
  for (std::size_t size = 1; size < 6000; size += 1 + size / 40) {
    for (const int density : {1, 4, 40}) {
      std::vector<std::uint64_t> mask((size + 63) / 64 + 1);
      for (std::size_t i = 0; i < size; ++i) {
        if (random() % static_cast<unsigned>(density) == 0 && random() % 5 != 0) mask[i / 64] |= 1ULL << i % 64;
      }
      std::vector<std::size_t> likely, rare;
      look_at_likely(size, Shape{MaskView(mask)}, [&](std::size_t at) {
        likely.push_back(at);
        return true;
      });
      look_at_rare(size, Shape{MaskView(mask)}, [&](std::size_t at) { rare.push_back(at); });
      ASSERT_EQ(likely, read_plainly(mask, size, true)) << size;
      ASSERT_EQ(rare, read_plainly(mask, size, false)) << size;
      const std::size_t count = std::min<std::size_t>(kPlaceWords, (size + 63) / 64);
      PlaceList plain, quick;
      const std::size_t kept = place_list::gather_plainly(Shape{MaskView(mask)}, 0, count, plain.data());
#if defined(__x86_64__)
      if (place_list::can_gather_quickly()) {
        ASSERT_EQ(place_list::gather_quickly(Shape{MaskView(mask)}, 0, count, quick.data()), kept);
        for (std::size_t i = 0; i < kept; ++i) ASSERT_EQ(plain[i], quick[i]);
      }
#if REEVE_BYTE_BLOCKS
      if (fastest_instructions() == InstructionSet::kAvx512) {
        ASSERT_EQ(place_list::gather_widely(Shape{MaskView(mask)}, 0, count, quick.data()), kept);
        for (std::size_t i = 0; i < kept; ++i) ASSERT_EQ(plain[i], quick[i]);
      }
#endif
#endif
    }
  }
}

TEST(PlaceList, StopsWhenTold) {
  std::vector<std::uint64_t> mask(100, 0b1001U);
  std::size_t looked = 0;
  look_at_likely(99 * 64, Shape{MaskView(mask)}, [&](std::size_t) { return ++looked < 5; });
  EXPECT_EQ(looked, 5U);
}

}  // namespace
}  // namespace reeve::content
