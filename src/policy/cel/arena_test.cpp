#include "policy/cel/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace reeve::policy::cel {
namespace {

TEST(Arena, GivesAlignedMemoryThatDoesNotOverlap) {
  Arena arena(64);
  char* first = static_cast<char*>(arena.allocate(3, 1));
  auto* second = static_cast<std::uint64_t*>(arena.allocate(sizeof(std::uint64_t), alignof(std::uint64_t)));
  std::memset(first, 'x', 3);
  *second = 7;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % alignof(std::uint64_t), 0U);
  EXPECT_EQ(std::string_view(first, 3), "xxx");
  EXPECT_EQ(*second, 7U);
  EXPECT_EQ(arena.used(), 11U);
}

TEST(Arena, GrowsBeyondItsFirstBlock) {
  Arena arena(16);
  const std::string text(1000, 'a');
  const std::string_view copy = arena.copy(text);
  EXPECT_EQ(copy, text);
  EXPECT_NE(copy.data(), text.data());
  EXPECT_EQ(arena.make_array<int>(100)[99], 0);
}

TEST(Arena, UsesTheSameMemoryAfterReset) {
  Arena arena(1024);
  void* first = arena.allocate(100);
  arena.reset();
  EXPECT_EQ(arena.used(), 0U);
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(Arena, KeepsNoMoreThanItsLimit) {
  Arena arena(1024);
  void* small = arena.allocate(100);
  arena.allocate(Arena::kKeepBytes * 4);
  arena.reset();
  EXPECT_EQ(arena.allocate(100), small);
  for (int i = 0; i < 50; ++i) {
    arena.reset();
    for (int j = 0; j < 100; ++j) arena.allocate(1000);
  }
  EXPECT_EQ(arena.used(), 100'000U);
}

TEST(Arena, CopyOfNothingIsEmpty) {
  Arena arena;
  EXPECT_TRUE(arena.copy("").empty());
  EXPECT_EQ(arena.used(), 0U);
}

}  // namespace
}  // namespace reeve::policy::cel
