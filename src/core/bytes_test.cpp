#include "core/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace reeve {
namespace {

using ::testing::ElementsAre;

std::string random_text(std::mt19937& random, std::size_t size_max, std::string_view alphabet = {}) {
  std::string text(random() % (size_max + 1), '\0');
  for (char& c : text) {
    c = alphabet.empty() ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
  }
  return text;
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(to_hex(std::string("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(*from_hex("00FFaB"), std::string("\x00\xff\xab", 3));
  EXPECT_EQ(*from_hex(""), "");
  for (const char* wrong : {"0", "0g", "0x", " 00", "00 ", "é"}) EXPECT_FALSE(from_hex(wrong).ok()) << wrong;
}

TEST(Base64, MatchesTheTestVectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(*from_base64(text), bytes);
    std::string unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(to_base64url(bytes), unpadded);
    EXPECT_EQ(*from_base64url(unpadded), bytes);
  }
  EXPECT_EQ(to_base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
}

TEST(Base64, IsStrict) {
  for (const char* wrong : {"Zg", "Zg=", "Zg===", "=", "==", "====", "Zg==Zg==", "Z=g=", "Zm9v\n", " Zm9", "Zm9-",
                            "Zh==", "Zm9=", "Z", "Zm9vYg=a"}) {
    EXPECT_FALSE(from_base64(wrong).ok()) << wrong;
  }
  for (const char* wrong : {"Zg==", "Z", "Zh", "Zm9+", "Zm9v=", "Zm 9", "Zm9vY"}) {
    EXPECT_FALSE(from_base64url(wrong).ok()) << wrong;
  }
}

TEST(Base64, ReadsBackWhatItWrote) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = random_text(random, 70);
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(*from_base64url(to_base64url(bytes)), bytes);
    EXPECT_EQ(*from_hex(to_hex(bytes)), bytes);
    // One encoding for each value: what decodes also encodes back to itself.
    const std::string text = random_text(random, 12, "ABab01-_=");
    if (const auto decoded = from_base64url(text)) EXPECT_EQ(to_base64url(*decoded), text);
  }
}

TEST(Text, ComparesInTheWayItSays) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-tYPE"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "letters only";
  EXPECT_EQ(to_lower("ÄbC-Z"), "Äbc-z") << "ASCII only";
}

TEST(Text, TrimsAndSplits) {
  EXPECT_EQ(trim(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Glob, MatchesRunsOfCharacters) {
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{{"", ""},
                                                                                      {"*", ""},
                                                                                      {"*", "anything"},
                                                                                      {"a*c", "ac"},
                                                                                      {"a*c", "abbbc"},
                                                                                      {"*b*", "abc"},
                                                                                      {"**", "x"},
                                                                                      {"a*b*c", "a-b-b-c"},
                                                                                      {"claude-*", "claude-"},
                                                                                      {"*.yaml", "x.yaml.yaml"},
                                                                                      {"[a]?", "[a]?"}}) {
    EXPECT_TRUE(glob_match(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{{"", "a"},
                                                                                      {"a", ""},
                                                                                      {"a*c", "acd"},
                                                                                      {"a*c", "bac"},
                                                                                      {"*b", "abc"},
                                                                                      {"a?c", "abc"},
                                                                                      {"A", "a"},
                                                                                      {"a*b*c", "a-c-b"}}) {
    EXPECT_FALSE(glob_match(pattern, text)) << pattern << " " << text;
  }
}

/// The definition, by trying every split.
bool matches_by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() && matches_by_definition(pattern.substr(1), text.substr(1));
  }
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (matches_by_definition(pattern.substr(1), text.substr(i))) return true;
  }
  return false;
}

TEST(Glob, AgreesWithItsDefinition) {
  std::mt19937 random(2);
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string pattern = random_text(random, 7, "ab*");
    const std::string text = random_text(random, 8, "ab");
    const bool expected = matches_by_definition(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(glob_match(pattern, text), expected) << pattern << " " << text;
  }
  EXPECT_GT(matched, 1000);
}

TEST(Integers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_int("9223372036854775807"), INT64_MAX);
  for (const char* wrong : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "9223372036854775808", "--1", "١"}) {
    EXPECT_EQ(parse_int(wrong), std::nullopt) << wrong;
  }
}

TEST(Utf8, FollowsRfc3629) {
  for (const char* good : {"", "plain", "\xc2\x80", "é", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "日本語", "👍"}) {
    EXPECT_TRUE(is_utf8(good)) << to_hex(good);
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"}) {
    EXPECT_FALSE(is_utf8(bad)) << to_hex(bad);
  }
}

TEST(Utf8, AgreesWithTheNumbersOfTheStandard) {
  std::size_t good = 0;
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const char pair[2] = {static_cast<char>(a), static_cast<char>(b)};
      const bool both_ascii = a < 0x80 && b < 0x80;
      const bool two = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF;
      good += is_utf8({pair, 2}) ? 1U : 0U;
      ASSERT_EQ(is_utf8({pair, 2}), both_ascii || two);
    }
  }
  EXPECT_EQ(good, 128U * 128 + 30U * 64);
}

TEST(Utf8, ABadByteIsFoundWhereverItStands) {
  for (std::size_t size = 1; size < 40; ++size) {
    EXPECT_TRUE(is_utf8(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\x80';
      EXPECT_FALSE(is_utf8(text)) << size << " " << at;
    }
  }
}

TEST(Printable, LeavesTextAndShowsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain é 日本 👍"), "plain é 日本 👍");
  EXPECT_EQ(printable("\x1b[31m\r\n\t\x7f"), "\\x1b[31m\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m")
      << "U+009B starts a terminal command as well";
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "gpj.exe\xe2\x81\xa6"),
            "\\xe2\\x80\\xaegpj.exe\\xe2\\x81\\xa6");
  EXPECT_EQ(printable("\xff"
                      "a\xe2\x82"),
            "\\xffa\\xe2\\x82");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, CutsAtACharacter) {
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("aéb", 2), "a…");
  EXPECT_EQ(printable("a\x01", 4), "a…");
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::string shown = printable(random_text(random, 300), 100);
    EXPECT_LE(shown.size(), 100 + std::string("…").size());
    EXPECT_TRUE(is_utf8(shown));
  }
}

}  // namespace
}  // namespace reeve
