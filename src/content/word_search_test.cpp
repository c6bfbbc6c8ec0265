#include "content/word_search.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace reeve::content {
namespace {

TEST(WordSearch, FindsWhatPlainSearchFinds) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text, word;
    for (std::size_t i = random() % 70; i > 0; --i) text += "abc "[random() % 4];
    for (std::size_t i = random() % 5; i > 0; --i) word += "abc "[random() % 4];
    const std::size_t from = random() % 20;
    EXPECT_EQ(find_word(text, word, from), text.find(word, from)) << text << "|" << word << "|" << from;
  }
}

TEST(WordSearch, LowersLettersOnly) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  std::string lower = all;
  for (char c = 'A'; c <= 'Z'; ++c) lower[static_cast<unsigned char>(c)] = static_cast<char>(c + 32);
  EXPECT_EQ(lowered(all), lower);
}

}  // namespace
}  // namespace reeve::content
