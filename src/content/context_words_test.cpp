#include <gtest/gtest.h>

#include "content/finders.h"

namespace reeve::content {
namespace {

/// Whether the words stand near the last "VALUE" in the text.
bool near(std::string_view text, std::vector<std::string> words, std::uint32_t within = 60) {
  const std::size_t at = text.rfind("VALUE");
  return has_context(text, at, at + 5, {std::move(words), within, false});
}

TEST(HasContext, TakesWholeWordsAcrossStylesOfNames) {
  EXPECT_TRUE(near("cardNumber = VALUE", {"card"}));
  EXPECT_TRUE(near("card_number: VALUE", {"card"}));
  EXPECT_TRUE(near("CARD-NUMBER: VALUE", {"card"}));
  EXPECT_TRUE(near("cards: VALUE", {"card"}));
  EXPECT_TRUE(near("mySSN = VALUE", {"ssn"}));
  EXPECT_FALSE(near("discard VALUE", {"card"}));
  EXPECT_FALSE(near("cardinal VALUE", {"card"}));
}

TEST(HasContext, ABlankInAWordIsAnyJoin) {
  for (const char* text : {"social security: VALUE", "socialSecurity VALUE", "social_security=VALUE",
                           "SOCIAL-SECURITY VALUE", "socialsecurity VALUE"}) {
    EXPECT_TRUE(near(text, {"social security"})) << text;
  }
  EXPECT_FALSE(near("social and security VALUE", {"social security"}));
}

TEST(HasContext, KnowsLettersBeyondAscii) {
  EXPECT_TRUE(near("FØDSELSNUMMER VALUE", {"fødselsnummer"}));
  EXPECT_TRUE(near("СНИЛС VALUE", {"снилс"}));
  EXPECT_TRUE(near("我的身份证号是VALUE", {"身份证"}));
  EXPECT_TRUE(near("我的ssn是VALUE", {"ssn"}));
  EXPECT_FALSE(near("éid VALUE", {"id"}));
}

TEST(HasContext, LooksOnlyWithinTheWindowAndBehindOnlyOnTheLine) {
  EXPECT_FALSE(near("ssn          VALUE", {"ssn"}, 5));
  EXPECT_TRUE(near("VALUE is my ssn", {"ssn"}));
  EXPECT_FALSE(near("VALUE\nssn: 1", {"ssn"}));
  EXPECT_TRUE(near("ssn:\nVALUE", {"ssn"}));
  EXPECT_FALSE(near("VALUE", {"ssn"}));
}

}  // namespace
}  // namespace reeve::content
