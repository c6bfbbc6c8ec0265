#include "core/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace reeve {
namespace {

TEST(NearestName, IsTheFewestEditsAway) {
  constexpr std::array<std::string_view, 3> kKnown = {"groups", "models", "model"};
  EXPECT_EQ(nearest_name("group", kKnown), "groups");
  EXPECT_EQ(nearest_name("modle", kKnown), "models");
  EXPECT_EQ(nearest_name("model", kKnown), "model");
  EXPECT_EQ(nearest_name("elephant", kKnown), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), kKnown), "");
  EXPECT_EQ(nearest_name("mo", std::array<std::string_view, 1>{"at"}), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace reeve
