#include "content/rarity.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace reeve::content {
namespace {

TEST(Rarity, WordsIdentifiersAndCountsAreNotRare) {
  for (const char* const text :
       {"getUserNameFromDatabase", "password_reset_token", "correct-horse-battery-staple", "kMaxNumberOfRetries",
        "AbstractSingletonProxyFactoryBean", "EXAMPLE_API_KEY_HERE", "your-api-key-here", "/usr/include/c++/12/vector",
        "1234567890", "00000000000000000000", "abcdefghijklmnopqrstuvwxyz", "application/json; charset=utf-8",
        "process.env.DATABASE_URL", "com.google.android.gms.internal", "2024-01-15T10:30:00Z"}) {
    EXPECT_LT(rarity(text), 0.35) << text;
  }
}

TEST(Rarity, WhatWasDrawnAtRandomIsRare) {
  std::mt19937_64 random(7);
  constexpr std::string_view kAlphabets[] = {"0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789",
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
  for (const std::string_view alphabet : kAlphabets) {
    int rare = 0;
    for (int round = 0; round < 500; ++round) {
      std::string text;
      for (int i = 0; i < 24; ++i) text += alphabet[random() % alphabet.size()];
      rare += rarity(text) > 0.6 ? 1 : 0;
    }
    EXPECT_GE(rare, 490) << alphabet;
  }
}

TEST(Rarity, ShortTextsAreNeverSure) {
  EXPECT_LT(rarity("xK9#mPq"), 0.6);
  EXPECT_EQ(rarity(""), 0);
}

}  // namespace
}  // namespace reeve::content
