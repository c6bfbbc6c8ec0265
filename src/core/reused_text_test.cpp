#include "core/reused_text.h"

#include <gtest/gtest.h>

#include <utility>

namespace reeve {
namespace {

TEST(ReusedText, BeginsEmptyWhateverItHeldBefore) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{1000}, std::size_t{1} << 20U}) {
    {
      ReusedText text;
      text->assign(size, 'x');
    }
    const ReusedText next;
    EXPECT_TRUE((*next).empty());
  }
}

TEST(ReusedText, TwoAtOnceHoldTextsOfTheirOwn) {
  {
    const ReusedText before;
  }
  ReusedText first;
  ReusedText second;
  first->assign(1000, 'a');
  second->assign(1000, 'b');
  EXPECT_EQ(*first, std::string(1000, 'a'));
  EXPECT_EQ(*second, std::string(1000, 'b'));
}

TEST(ReusedText, MovesItsText) {
  ReusedText first;
  first->assign(1000, 'a');
  const ReusedText second(std::move(first));
  EXPECT_EQ(*second, std::string(1000, 'a'));
}

}  // namespace
}  // namespace reeve
