#include "content/fingerprint.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "content/own_data_for_tests.h"

namespace reeve::content {
namespace {

std::vector<Fingerprint> prints_of(std::string_view text) {
  Fingerprinter fingerprinter;
  std::vector<Fingerprint> prints;
  fingerprinter.extract(text, prints);
  return prints;
}

std::set<std::uint64_t> keys_of(std::string_view text) {
  std::set<std::uint64_t> keys;
  for (const Fingerprint& print : prints_of(text)) keys.insert(print.key);
  return keys;
}

TEST(Fingerprint, LayoutCaseAndPunctuationDoNotCount) {
  const std::string code = made_up_code(1, 40);
  std::string other;
  for (const char c : code) {
    if (c == ' ' || c == '\n') continue;
    other += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (c == '(' || c == ';') other += "\t\n   ";
  }
  EXPECT_EQ(keys_of(code), keys_of(other));
}

TEST(Fingerprint, TextsTooShortForOneGramHaveNone) {
  EXPECT_TRUE(prints_of("").empty());
  EXPECT_TRUE(prints_of("nineteencharacters1").empty());
  EXPECT_EQ(prints_of("twenty characters of it").size(), 1U);
}

TEST(Fingerprint, EverySharedRunOfGuaranteedLengthIsFound) {
  const std::string code = made_up_code(2, 2000);
  const std::set<std::uint64_t> all = keys_of(code);
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    // The guarantee counts letters and digits; made-up code has some in every two characters.
    const std::string cut = code.substr(random() % (code.size() - 200), 130);
    const auto prints = prints_of(cut);
    const bool shared = std::any_of(prints.begin(), prints.end(), [&](const auto& p) { return all.count(p.key) != 0; });
    EXPECT_TRUE(shared) << cut;
  }
}

TEST(Fingerprint, PlacesAreThoseOfTheGram) {
  const std::string code = "\n\n" + made_up_code(4, 300);
  for (const Fingerprint& print : prints_of(code)) {
    const std::string gram = code.substr(print.start, print.end - print.start);
    EXPECT_NE(std::isalnum(static_cast<unsigned char>(gram.front())), 0);
    EXPECT_NE(std::isalnum(static_cast<unsigned char>(gram.back())), 0);
    EXPECT_EQ(std::count_if(gram.begin(), gram.end(), [](unsigned char c) { return std::isalnum(c) != 0; }), 20)
        << gram;
  }
}

/// What is kept must not depend on how the text falls into blocks.
TEST(Fingerprint, BlocksLeaveNoSeams) {
  const std::string code = made_up_code(5, 3000);
  const auto whole = prints_of(code);
  for (const std::size_t cut : {1U, 63U, 500U, 4033U, 9001U}) {
    const auto part = prints_of(std::string_view(code).substr(cut));
    // Beyond the first windows, the same grams are kept at the same places.
    std::set<std::pair<std::uint64_t, std::size_t>> there;
    for (const Fingerprint& print : part) there.emplace(print.key, print.start + cut);
    for (const Fingerprint& print : whole) {
      if (print.start > cut + 300) {
        EXPECT_EQ(there.count({print.key, print.start}), 1U) << cut << " " << print.start;
      }
    }
  }
}

TEST(Fingerprint, OneCharacterOverAndOverIsOnePrint) {
  EXPECT_EQ(prints_of(std::string(100'000, 'a')).size(), 1U);
  EXPECT_TRUE(prints_of(std::string(100'000, '-')).empty());
}

TEST(Fingerprint, ItsKeysNeverChange) {
  // Registered files hold such keys: when this fails, kFingerprintVersion must change.
  const auto prints = prints_of("the quick brown fox jumps over the lazy dog, and again over it");
  ASSERT_FALSE(prints.empty());
  EXPECT_EQ(kFingerprintVersion, 1U);
  EXPECT_EQ(prints.size(), 3U);
  EXPECT_EQ(prints[0].key, 14756713325396826173U);
}

}  // namespace
}  // namespace reeve::content
