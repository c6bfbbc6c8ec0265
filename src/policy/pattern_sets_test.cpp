#include "policy/pattern_sets.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <atomic>
#include <random>
#include <thread>

namespace reeve::policy {
namespace {

const std::vector<std::string> kPatterns = {"^a",     "b$",       "c.d",     "[0-9]{2,}", "^$", "x|yy",
                                            "(?i)ab", "\\.tsx?$", "a.*b.*c", "[^a-z]",    "ü+", "z{3}"};

std::string random_text(std::mt19937& random, std::size_t length) {
  static constexpr std::string_view kLetters = "abcdxyz0129.AB \n";
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kLetters[random() % kLetters.size()];
  return text;
}

void expect_same_as_alone(const std::vector<std::uint32_t>& numbers, std::size_t patterns,
                          PatternSets::Matches& matches, const std::string& text) {
  matches.begin();
  for (std::size_t i = 0; i < patterns; ++i) {
    ASSERT_EQ(matches.matches(numbers[i], text), RE2::PartialMatch(text, RE2(kPatterns[i])))
        << kPatterns[i] << " on " << text;
  }
}

TEST(PatternSets, AnswerAsEachPatternAlone) {
  std::mt19937 random(7);
  // Few are matched one by one, many by an automaton.
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}, std::size_t{4}, kPatterns.size()}) {
    PatternSets sets;
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(sets.add(5, kPatterns[i]));
    sets.seal();
    PatternSets::Matches matches(&sets);
    for (int round = 0; round < 400; ++round) {
      // Around the length from which texts are not remembered by their own place.
      const std::size_t length = round % 10 == 0 ? 505 + random() % 15 : random() % 20;
      const std::string text = random_text(random, length);
      expect_same_as_alone(numbers, count, matches, text);
      expect_same_as_alone(numbers, count, matches, text);
    }
    expect_same_as_alone(numbers, count, matches, random_text(random, 300'000));
    expect_same_as_alone(numbers, count, matches, "");
  }
}

TEST(PatternSets, LongTextsFollowEachOther) {
  PatternSets sets;
  std::vector<std::uint32_t> numbers;
  for (const std::string& pattern : kPatterns) numbers.push_back(sets.add(5, pattern));
  sets.seal();
  PatternSets::Matches matches(&sets);
  const std::string first = std::string(1000, 'a') + "cxd";
  const std::string second = std::string(1003, 'q');
  for (int i = 0; i < 3; ++i) {
    matches.begin();
    EXPECT_TRUE(matches.matches(numbers[2], first));
    matches.begin();
    EXPECT_FALSE(matches.matches(numbers[2], second));
  }
}

TEST(PatternSets, GiveOnePatternOnOneFactOneNumber) {
  PatternSets sets;
  const auto number = sets.add(1, "^a");
  EXPECT_EQ(sets.add(1, "^a"), number);
  EXPECT_NE(sets.add(2, "^a"), number);
  EXPECT_NE(sets.add(1, "^b"), number);
  sets.seal();
  PatternSets::Matches matches(&sets);
  EXPECT_TRUE(matches.matches(number, "abc"));
}

TEST(PatternSets, ServeManyThreads) {
  PatternSets sets;
  std::vector<std::uint32_t> numbers;
  for (const std::string& pattern : kPatterns) numbers.push_back(sets.add(5, pattern));
  const auto alone = sets.add(6, "^a");
  sets.seal();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      PatternSets::Matches matches(&sets);
      for (int i = 0; i < 2000; ++i) {
        const std::string text = random_text(random, random() % 600);
        matches.begin();
        const bool begins = !text.empty() && text[0] == 'a';
        if (matches.matches(numbers[0], text) != begins || matches.matches(alone, text) != begins) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Patterns, SayWhatIsWrongAndHowLargeTheyAre) {
  EXPECT_EQ(pattern_fault("a+(b|c)"), "");
  EXPECT_NE(pattern_fault("("), "");
  EXPECT_NE(pattern_fault("(?<=a)b"), "");
  EXPECT_LT(pattern_size("^acme/[a-z]+$"), 100);
  EXPECT_GT(pattern_size("\\pL{100}"), 2000);
  EXPECT_EQ(pattern_size("("), 0);
}

}  // namespace
}  // namespace reeve::policy
