#include "content/fingerprint.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <set>

#include "content/fingerprint_steps.h"
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

/// What fingerprint.h says, read word by word: every gram's hash by itself, every window by itself.
std::uint32_t plain_hash(std::string_view gram) {
  const auto join = [](std::uint32_t left, std::uint32_t right) {
    return (left ^ std::rotl(right, 13)) * 0x9E3779B1U + right;
  };
  const auto hash = [&](const auto& self, std::size_t at, std::size_t length) -> std::uint32_t {
    if (length == 1) return (static_cast<unsigned char>(gram[at]) + 0x51U) * 0x85EBCA6BU;
    return join(self(self, at, length / 2), self(self, at + length / 2, length / 2));
  };
  std::uint32_t whole = join(hash(hash, 0, 16), hash(hash, 16, 4));
  whole = (whole ^ (whole >> 15U)) * 0x2C1B3C6DU;
  return whole ^ (whole >> 16U);
}

std::vector<Fingerprint> plain_prints(std::string_view text) {
  std::string characters;
  std::vector<std::uint32_t> places, hashes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char lower = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if ((lower < '0' || lower > '9') && (lower < 'a' || lower > 'z')) continue;
    characters += lower;
    places.push_back(static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i + kGram <= characters.size(); ++i) {
    hashes.push_back(plain_hash(std::string_view(characters).substr(i, kGram)));
  }
  std::set<std::size_t> chosen;
  for (std::size_t i = 0; i + kWindow <= hashes.size(); ++i) {
    const auto window = hashes.begin() + static_cast<long>(i);
    const std::uint32_t smallest = *std::min_element(window, window + kWindow);
    for (std::size_t j = i; j < i + kWindow; ++j) {
      if (hashes[j] == smallest) chosen.insert(j);
    }
  }
  if (chosen.empty() && !hashes.empty()) {
    chosen.insert(static_cast<std::size_t>(std::min_element(hashes.begin(), hashes.end()) - hashes.begin()));
  }
  std::vector<Fingerprint> prints;
  for (const std::size_t gram : chosen) {
    const std::uint64_t key = prints_of(characters.substr(gram, kGram)).at(0).key;
    const std::uint32_t end = places[gram + kGram - 1] + 1;
    if (!prints.empty() && prints.back().key == key) {
      prints.back().end = end;
    } else {
      prints.push_back({key, places[gram], end});
    }
  }
  return prints;
}

TEST(Fingerprint, EveryFormOfTheStepsReadsAsAPlainOneDoes) {
  std::mt19937 random(7);
  const std::vector<std::string> alphabets = {"ab",
                                              "0123456789",
                                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                                              "aZ09 ,.;()\n\t",
                                              "@[`{/: ~\x7f\x80\xe1\xff"
                                              "aAzZ09",
                                              "q                                        "};
  for (int i = 0; i < 400; ++i) {
    const std::string& alphabet = alphabets[random() % alphabets.size()];
    const std::size_t length = i % 4 == 0 ? random() % 9000 : i % 4 == 1 ? 1900 + random() % 300 : random() % 200;
    std::string text;
    while (text.size() < length) text += alphabet[random() % alphabet.size()];
    const auto plain = plain_prints(text);
    for (const FingerprintSteps& steps : fingerprint_steps()) {
      Fingerprinter fingerprinter(steps);
      std::vector<Fingerprint> prints;
      fingerprinter.extract(made_up_code(1, 200), prints);  // what it worked on before does not matter
      fingerprinter.extract(text, prints);
      EXPECT_EQ(prints, plain) << text;
    }
  }
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
