#include "content/number_places.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "content/check_digits.h"
#include "content/number_surroundings.h"
#include "content/number_walk.h"

namespace reeve::content {
namespace {

/// Texts of what numbers are made of, and stand beside.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kSigns = "0123456789012345678901234567890123456789abXYzw  --../+(_,:=@%\\\n\x80";
  const unsigned kinds = 10 + random() % static_cast<unsigned>(kSigns.size() - 9);
  std::string text;
  // Longer than what is looked at together, now and then.
  for (std::size_t size = random() % (random() % 8 == 0 ? 2600 : 300); text.size() < size;) {
    text.append(random() % 30 == 0 ? random() % 80 : 1, kSigns[random() % kinds]);
  }
  return text;
}

/// Groups of letters, of digits and of both, as identifiers are written in.
std::string random_groups(std::mt19937& random) {
  std::string text(random() % 70, ' ');
  for (std::size_t groups = 20 + random() % 20; groups > 0; --groups) {
    const auto kind = random() % 3;
    for (auto size = 1 + random() % 9; size > 0; --size) {
      text += kind == 0 || (kind == 2 && random() % 2 == 0) ? "ABCDE"[random() % 5] : "0123456789"[random() % 10];
    }
    text += "   -----../+(,\n"[random() % 16];
  }
  return text;
}

struct Masked {
  explicit Masked(std::string of) : text(std::move(of)), padded(text + std::string(64, '7')) { masks.compute(text); }
  FinderText input() const { return {{padded.data(), text.size()}, masks}; }
  std::string text, padded;
  TextMasks masks;
};

bool is_alphanumeric_at(std::string_view text, std::size_t at) { return at < text.size() && is_alphanumeric(text[at]); }

/// How many bytes a chain of digits from `at` on is long, and how many digits.
std::pair<std::size_t, std::size_t> chain_at(std::string_view text, std::size_t at) {
  std::size_t bytes = 0, digits = 0;
  while (at + bytes < text.size()) {
    const char c = text[at + bytes];
    const bool joins = bytes > 0 && !is_alphanumeric(c) && c != '=' && c != ':' && is_digit(text[at + bytes - 1]) &&
                       at + bytes + 1 < text.size() && is_digit(text[at + bytes + 1]);
    if (!is_digit(c) && !joins) break;
    digits += is_digit(c) ? 1 : 0;
    ++bytes;
  }
  return {bytes, digits};
}

/// The places of bits that are drawn for one part of the masks after the other.
template <typename Draw>
std::vector<std::size_t> drawn_places(const TextMasks& masks, const Draw& draw) {
  std::vector<std::size_t> places;
  for (std::size_t from = 0; from < masks.digit.size(); from += number_places::kWords) {
    const number_places::Bits bits = draw(from);
    for (std::size_t i = 0; i < bits.size() * 64; ++i) {
      if ((bits[i / 64] >> i % 64 & 1U) != 0) places.push_back(from * 64 + i);
    }
  }
  return places;
}

TEST(DigitChains, AreAllThatHaveDigitsEnough) {
  std::mt19937 random(3);
  for (int round = 0; round < 4000; ++round) {
    const Masked masked(random_text(random));
    const std::string& text = masked.text;
    for (const std::size_t fewest : {1U, 6U, 9U}) {
      const DigitChains chains(masked.masks, fewest);
      const std::vector<std::size_t> told = drawn_places(masked.masks, [&](std::size_t from) {
        number_places::Bits bits;
        chains.draw(from, bits);
        return bits;
      });
      auto next = told.begin();
      for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_told = next != told.end() && *next == at;
        if (is_told) ++next;
        const bool begins = is_digit(text[at]) && (at == 0 || !is_alphanumeric(text[at - 1]));
        const auto [bytes, digits] = chain_at(text, at);
        // None is left out, and none is told that is not a chain of nearly so many.
        if (begins && digits >= fewest) ASSERT_TRUE(is_told) << text << ' ' << at << ' ' << fewest;
        if (is_told) ASSERT_TRUE(begins) << text << ' ' << at;
        if (is_told && fewest >= 6) ASSERT_TRUE(bytes > 6 || digits == 6) << text << ' ' << at;
      }
      ASSERT_EQ(next, told.end());
    }
  }
}

/// What NumberWords tells, read one word after the other.
struct PlainWords {
  std::vector<std::size_t> bare, joined, second;

  PlainWords(std::string_view text, bool all, bool short_dots) {
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
      std::size_t digit = text.size();
      for (end = begin; is_alphanumeric_at(text, end); ++end) {
        if (is_digit(text[end])) digit = std::min(digit, end - begin);
      }
      if (digit == text.size()) continue;
      if (all || end - begin >= NumberWords::kLong) bare.push_back(end);
      std::size_t next = 0;
      while (is_alphanumeric_at(text, end + 1 + next)) ++next;
      const bool is_joined = next > 0 && text[end] != '=' && text[end] != ':';
      const bool is_dotted = is_joined && text[end] == '.' && (end - begin > 2 || next > 3);
      if (is_joined && !(short_dots && is_dotted)) joined.push_back(end);
      const bool is_behind = begin >= 2 && is_letter(text[begin - 2]) && !holds("=:.", text[begin - 1]);
      if (is_behind && digit < 5) second.push_back(begin);
    }
  }
};

TEST(NumberWords, AreTheWordsThatPlainReadingTells) {
  std::mt19937 random(5);
  for (int round = 0; round < 8000; ++round) {
    const Masked masked(random_text(random));
    const bool all = round % 2 == 0, short_dots = round % 4 < 2;
    const PlainWords expected(masked.text, all, short_dots);
    const auto told = [&](number_places::Bits NumberWords::Drawn::* kind) {
      NumberWords words(masked.masks, all, short_dots);
      return drawn_places(masked.masks, [&](std::size_t from) {
        NumberWords::Drawn drawn;
        words.draw(from, drawn);
        return drawn.*kind;
      });
    };
    ASSERT_EQ(told(&NumberWords::Drawn::bare), expected.bare) << masked.text;
    ASSERT_EQ(told(&NumberWords::Drawn::joined), expected.joined) << masked.text;
    ASSERT_EQ(told(&NumberWords::Drawn::second), expected.second) << masked.text;
  }
}

/// Layouts and shapes of all kinds, and bare values.
struct Identifiers {
  static constexpr std::string_view kBegins = "1357Aax";
  LayoutTree layouts;
  NumberGate gate{layouts};
  std::map<std::size_t, std::vector<NumberShapes>> bare;

  explicit Identifiers(bool with_letters) {
    constexpr std::string_view kDigits[] = {"3-2-4 3_2_4", "4_4_4_4 4-4", "2.3.3-1", "6+4 1-7-1", "4/4 2-2-2"};
    for (const std::string_view one : kDigits) layouts.add(one, {}, 0);
    for (const std::size_t length : {9U, 16U, 20U}) add_bare(length, "");
    if (!with_letters) add_bare(6, "");
    if (!with_letters) return;
    layouts.add("2_3_3_3 2_9 3_8 2-3", "AA999999* AA?9999999?", 1);
    layouts.add("7(1 8-1", "A999999? 99999999A", 2);
    for (const std::size_t length : {7U, 8U, 9U, 11U, 30U}) add_bare(length, "A?99999 99999999A AA9* ????????9?A");
    gate.add_ibans();
  }

  void add_bare(std::size_t length, std::string_view text) {
    const NumberShapes shapes(text, length);
    if (shapes.excludes_all()) return;
    // Half of them begin with some characters only.
    NumberGate::Bytes begins{};
    if (length % 2 == 0) begins.fill(~std::uint64_t{0});
    for (const char c : kBegins) begins[static_cast<unsigned char>(c) / 64] |= 1ULL << c % 64;
    gate.add_bare(length, shapes, begins);
    bare[length].push_back(shapes);
  }

  bool is_bare(const FinderText& input, std::size_t begin, std::size_t end) const {
    const NumberSurroundings around(input.text);
    if (around.continues_left(begin) || around.continues_right(end) || !bare.contains(end - begin)) return false;
    if ((end - begin) % 2 == 1 && !holds(kBegins, input.text[begin])) return false;
    return std::ranges::any_of(bare.at(end - begin), [&](const NumberShapes& shapes) {
      return shapes.fits(kinds_at(input.masks, begin, end - begin));
    });
  }

  bool begins_layout(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters) const {
    const NumberSurroundings around(input.text);
    if (around.continues_left(begin)) return false;
    bool begins = false;
    layouts.match(input, begin, end, with_letters,
                  [&](const LayoutTree::LayoutsHere& here, std::size_t to, const PlaceKinds& kinds) {
                    for (const std::uint32_t one : here.own) {
                      begins = begins || (!around.continues_right(to) && layouts.layout(one).shapes.fits(kinds));
                    }
                    return true;
                  });
    return begins;
  }
};

TEST(NumberGate, LetsAllPassThatMayBeAnIdentifierOfDigits) {
  const Identifiers identifiers(false);
  std::mt19937 random(7);
  std::size_t passed = 0, wanted = 0, all = 0;
  for (int round = 0; round < 6000; ++round) {
    const Masked masked(round % 2 == 0 ? random_text(random) : random_groups(random));
    const FinderText input = masked.input();
    for (const InstructionSet set : instruction_sets()) {
      std::vector<bool> told(input.text.size() + 1);
      look_at_digits(input, identifiers.gate, 6, [&](std::size_t begin) { told[begin] = true; }, set);
      for (std::size_t at = 0; at < input.text.size(); ++at) {
        if (!is_digit(input.text[at]) || (at > 0 && is_alphanumeric(input.text[at - 1]))) continue;
        std::size_t end = at;
        while (end < input.text.size() && is_digit(input.text[end])) ++end;
        const bool is_one =
            identifiers.is_bare(input, at, end) || (end - at < 60 && identifiers.begins_layout(input, at, end, false));
        if (is_one && !is_alphanumeric_at(input.text, end)) ASSERT_TRUE(told[at]) << input.text << ' ' << at;
        all += 1;
        passed += told[at] ? 1 : 0;
        wanted += is_one ? 1 : 0;
      }
    }
  }
  EXPECT_GT(wanted, 1000U);
  EXPECT_LT(passed, all / 2);  // it would be none otherwise
}

TEST(NumberGate, LetsAllWordsPassThatMayBeAnIdentifier) {
  const Identifiers identifiers(true);
  std::mt19937 random(9);
  std::size_t wanted = 0;
  for (int round = 0; round < 6000; ++round) {
    const Masked masked(round % 2 == 0 ? random_text(random) : random_groups(random));
    const FinderText input = masked.input();
    const std::string_view text = input.text;
    for (const InstructionSet set : instruction_sets()) {
      std::array<std::vector<bool>, 3> told;
      told.fill(std::vector<bool>(text.size() + 1));
      look_at_words(
          input, identifiers.gate, false,
          [&](std::size_t place, WordKind kind) { told[static_cast<std::size_t>(kind)][place] = true; }, set);
      for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
        for (end = begin; is_alphanumeric_at(text, end);) ++end;
        if (end == begin || end - begin > 60 || std::ranges::none_of(text.substr(begin, end - begin), is_digit))
          continue;
        if (identifiers.is_bare(input, begin, end)) ASSERT_TRUE(told[0][end]) << text << ' ' << begin;
        if (identifiers.begins_layout(input, begin, end, true)) ASSERT_TRUE(told[1][end]) << text << ' ' << begin;
        std::size_t front = begin > 1 ? begin - 1 : 0;
        while (front > 0 && is_letter(text[front - 1])) --front;
        const bool is_second = front + 1 < begin && holds(" -", text[begin - 1]) &&
                               (front == 0 || !is_alphanumeric(text[front - 1])) &&
                               identifiers.begins_layout(input, front, begin - 1, true);
        if (is_second) ASSERT_TRUE(told[2][begin]) << text << ' ' << begin;
        wanted += is_second ? 1 : 0;
      }
    }
  }
  EXPECT_GT(wanted, 100U);
}

TEST(NumberSurroundings, YearsAreRisingAndOfTheseCenturies) {
  EXPECT_TRUE(is_years("1998-2024"));
  EXPECT_TRUE(is_years("2019-2019"));
  EXPECT_FALSE(is_years("2024-1998"));
  EXPECT_FALSE(is_years("1798-1824"));
  EXPECT_FALSE(is_years("1998 2024"));
  EXPECT_FALSE(is_years("1998-202"));
}

}  // namespace
}  // namespace reeve::content
