#include "content/number_layouts.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {
namespace {

/// The end of a layout ("3-2-4") whose first group begins at `at`, read one character after the other; 0: it is not
/// there.
std::size_t plain_end(std::string_view text, std::size_t at, std::string_view layout, bool with_letters) {
  char separator = 0;
  for (std::size_t i = 0; i < layout.size();) {
    std::size_t size = 0;
    while (i < layout.size() && is_digit(layout[i])) size = size * 10 + static_cast<std::size_t>(layout[i++] - '0');
    if (separator != 0 && (at >= text.size() || text[at++] != separator)) return 0;
    for (std::size_t end = at + size; at < end; ++at) {
      if (at >= text.size() || !(with_letters ? is_alphanumeric(text[at]) : is_digit(text[at]))) return 0;
    }
    if (at < text.size() && is_alphanumeric(text[at])) return 0;
    if (separator == '(' && (at >= text.size() || text[at++] != ')')) return 0;
    if (i < layout.size()) separator = layout[i] == '_' ? ' ' : layout[i];
    ++i;
  }
  return at;
}

TEST(LayoutTree, MatchesWhatReadingEachLayoutMatches) {
  constexpr std::array<std::string_view, 12> kLayouts = {"3-2-4", "3_2_4", "3.2.4", "3-2",     "3-2-4-1", "7(1",
                                                         "4/4",   "2_7",   "6+4",   "4_4_4_4", "4_4",     "1-7-1"};
  for (const bool with_letters : {false, true}) {
    LayoutTree tree;
    for (std::uint32_t i = 0; i < kLayouts.size(); ++i) tree.add(kLayouts[i], {}, i);
    EXPECT_EQ(tree.fewest(), 5U);
    std::mt19937 random(11);
    for (int round = 0; round < 20000; ++round) {
      std::string text(random() % 70, '.');
      const std::size_t begin = text.size();
      for (int groups = 0; groups < 4; ++groups) {
        for (unsigned size = 1 + random() % 7; size > 0; --size) text += random() % 9 == 0 ? 'B' : '5';
        text += " -./+(  --"[random() % 10];
        if (text.back() == '(') text += random() % 2 == 0 ? "1)" : "1";
      }
      TextMasks masks;
      masks.compute(text);
      const std::string padded = text + std::string(64, '5');
      const FinderText input{{padded.data(), text.size()}, masks};
      const std::size_t end = begin + run_from(masks.digit, masks.letter, begin);
      std::set<std::pair<std::uint32_t, std::size_t>> matches, expected;
      if (with_letters || run_from(masks.digit, masks.digit, begin) == end - begin) {
        tree.match(input, begin, end, with_letters,
                   [&](const LayoutTree::LayoutsHere& here, std::size_t to, const PlaceKinds& /*kinds*/) {
                     for (const std::uint32_t one : here.own) matches.emplace(one, to);
                     EXPECT_TRUE(here.shared.empty());
                     return random() % 2 == 0;  // all are somebody's own
                   });
        for (std::uint32_t i = 0; i < kLayouts.size(); ++i) {
          const std::size_t to = plain_end(text, begin, kLayouts[i], with_letters);
          if (to == 0) continue;
          expected.emplace(i, to);
          const std::size_t second = run_from(masks.digit, masks.letter, end + 1);
          EXPECT_TRUE(tree.may_begin(GroupKind::kBoth, end - begin, separator_class(text[end]), second));
        }
      }
      ASSERT_EQ(matches, expected) << text << ' ' << begin << ' ' << with_letters;
    }
  }
}

TEST(NumberShapes, TellLettersDigitsAndOpenEnds) {
  const NumberShapes shapes("AA9? A9*", 4);
  EXPECT_TRUE(shapes.fits({0b1011, 0b0100}));
  EXPECT_TRUE(shapes.fits({0b0001, 0b1110}));
  EXPECT_FALSE(shapes.fits({0b0000, 0b1111}));
  EXPECT_TRUE(shapes.may_begin_with_letters(2));
  EXPECT_FALSE(shapes.may_begin_with_letters(3));
  EXPECT_FALSE(shapes.may_begin_with_digits(1));
  EXPECT_TRUE(NumberShapes("AA9", 4).excludes_all());
  EXPECT_FALSE(NumberShapes("", 4).excludes_all());
}

/// A shape that leaves out what its check lets pass would lose findings: values of all kinds of places are drawn, and
/// those that pass must fit.
TEST(NumberShapes, LeaveOutNothingThatPassesItsCheck) {
  std::mt19937 random(2);
  std::size_t passed = 0;
  for (const NamedChecker& checker : identifier_checkers()) {
    const IdentifierRule* rule = identifier_rule_of(checker.check);
    ASSERT_NE(rule, nullptr);
    if (rule->shapes.empty()) continue;
    for (int round = 0; round < 40000; ++round) {
      std::string value;
      PlaceKinds kinds;
      const std::size_t length = 6 + random() % 18;
      // Runs of letters and of digits, of changing lengths.
      for (bool letter = random() % 2 == 0; value.size() < length; letter = !letter) {
        for (std::size_t run = 1 + random() % 9; run > 0 && value.size() < length; --run) {
          (letter ? kinds.letters : kinds.digits) |= 1ULL << value.size();
          value += static_cast<char>(letter ? 'A' + random() % 26 : '0' + random() % 10);
        }
      }
      if (!checker.check(value)) continue;
      ++passed;
      ASSERT_TRUE(NumberShapes(rule->shapes, value.size()).fits(kinds)) << rule->name << ' ' << value;
    }
  }
  EXPECT_GT(passed, 1000U);
}

}  // namespace
}  // namespace reeve::content
