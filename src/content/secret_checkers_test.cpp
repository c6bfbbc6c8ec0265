// Checkers of secrets: right values hold, values with one fault do not.

#include <gtest/gtest.h>

#include <string>

#include "content/detector.h"
#include "content/secret_checks.h"
#include "content/secret_value.h"

namespace reeve::content {
namespace {

bool holds(std::string_view checker, std::string_view value) {
  const NamedChecker* named = find_checker(checker);
  EXPECT_NE(named, nullptr) << checker;
  return named != nullptr && named->check(value);
}

std::string with_last_changed(std::string text) {
  text.back() = text.back() == 'q' ? 'r' : 'q';
  return text;
}

TEST(SecretCheckers, KnowGithubsCheckSum) {
  const std::string token = "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";  // from the format's announcement
  EXPECT_TRUE(holds("github-crc32", token));
  EXPECT_FALSE(holds("github-crc32", with_last_changed(token)));
  EXPECT_FALSE(holds("github-crc32", "ghp_"));
  EXPECT_FALSE(holds("github-crc32", ""));
  EXPECT_EQ(base62_of(0, 6), "000000");
  EXPECT_EQ(base62_of(61, 2), "0z");
}

TEST(SecretCheckers, KnowNpmsCheckSumWithThePrefixAndWithout) {
  EXPECT_TRUE(holds("npm-crc32", "npm_1234567890abcdefghijklmnopqrstuv1i3RZI"));
  EXPECT_TRUE(holds("npm-crc32", "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"));
  EXPECT_FALSE(holds("npm-crc32", "npm_1234567890abcdefghijklmnopqrstuv1i3RZJ"));
}

TEST(SecretCheckers, KnowBech32) {
  EXPECT_TRUE(holds("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));  // BIP 173
  EXPECT_TRUE(holds("bech32", "A12UEL5L"));
  EXPECT_FALSE(holds("bech32", "A12UEL5A"));
  EXPECT_FALSE(holds("bech32", "1"));
  EXPECT_FALSE(holds("bech32", ""));
}

TEST(SecretCheckers, KnowBase58Check) {
  EXPECT_TRUE(holds("base58check", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"));  // the wiki's example
  EXPECT_FALSE(holds("base58check", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTK"));
  EXPECT_FALSE(holds("base58check", "0OIl"));
  EXPECT_FALSE(holds("base58check", ""));
  EXPECT_FALSE(holds("base58check", std::string(5000, '1')));
}

TEST(SecretCheckers, KnowSeedsOfNats) {
  const std::string seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";  // the library's example
  EXPECT_TRUE(holds("nats-seed", seed));
  EXPECT_FALSE(holds("nats-seed", with_last_changed(seed)));
  EXPECT_FALSE(holds("nats-seed", "SU"));
}

TEST(SecretCheckers, LookIntoWebTokens) {
  const std::string head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
  EXPECT_TRUE(holds("jwt", head + ".eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLTMyLWJ5dGVz"));
  EXPECT_FALSE(holds("jwt", "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"));  // names no algorithm
  EXPECT_FALSE(holds("jwt", head + ".bm90LWpzb24.c2lnbmF0dXJl"));
  EXPECT_FALSE(holds("jwt", head));
  EXPECT_FALSE(holds("jwt", "...."));
}

TEST(SecretCheckers, LookIntoBasicCredentials) {
  EXPECT_TRUE(holds("basic-credentials", "b3BzOlRyNHZlcnNlIUxhbXA5"));  // ops:Tr4verse!Lamp9
  EXPECT_FALSE(holds("basic-credentials", "dXNlcjpwYXNzd29yZA=="));     // user:password
  EXPECT_FALSE(holds("basic-credentials", "bm8gY29sb24gaGVyZSBhdCBhbGw"));
  EXPECT_FALSE(holds("basic-credentials", "AAECAwQFBgcICQ=="));
}

TEST(SecretCheckers, ReadPasswordsOfUrls) {
  EXPECT_TRUE(holds("url-password", "postgres://app:Tr4verse!Lamp9@db:5432/x"));
  EXPECT_FALSE(holds("url-password", "postgres://app:${PASSWORD}@db:5432/x"));
  EXPECT_FALSE(holds("url-password", "postgres://user:password@db:5432/x"));
  EXPECT_FALSE(holds("url-password", "postgres://db:5432/x"));
  EXPECT_FALSE(holds("url-password", "no url"));
}

TEST(SecretCheckers, LookIntoPrivateKeys) {
  std::string key = "-----BEGIN RSA PRIVATE KEY-----\\n";
  EXPECT_FALSE(holds("private-key-body", key + "not base64 at all!\\n-----END RSA PRIVATE KEY-----"));
  EXPECT_TRUE(holds("private-key-body", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA="));
  EXPECT_FALSE(holds("private-key-body", ""));
}

TEST(SecretValues, StandInsAreMadeUp) {
  for (const std::string_view value :
       {"xxxxxxxxxxxxxxxxxxxx", "your-api-key-goes-here", "AKIAIOSFODNN7EXAMPLE", "1234567890abcdef1234567890abcdef",
        "abcabcabcabcabcabcabc", "00000000000000000000", "REPLACE_WITH_YOUR_TOKEN", "ghp_xxxxxxxxxxxxxxxxxxxx"}) {
    EXPECT_TRUE(is_made_up(value)) << value;
  }
  for (const std::string_view value : {"kq83hZp0sLw92mXv", "f3a9c1d07be24586a1d90c3e7b52f648", "Tr4verse!Lamp9"}) {
    EXPECT_FALSE(is_made_up(value)) << value;
  }
}

TEST(SecretValues, WordsReadLikeWords) {
  EXPECT_GT(word_likeness("authentication_provider"), 0.9);
  EXPECT_LT(word_likeness("xqzvkjwpgfhd"), 0.4);
  EXPECT_TRUE(is_wordy("getUserNameFromDatabase"));
  EXPECT_TRUE(is_wordy("this-is-not-a-real-key"));
  EXPECT_FALSE(is_wordy("hZ9qkXw2LrT0bVn5"));
}

TEST(SecretValues, EveryCheckerTakesAnyBytes) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (const NamedChecker& checker : secret_checkers()) {
    for (std::size_t from = 0; from < bytes.size(); from += 7) {
      for (const std::size_t size : {0U, 1U, 2U, 13U, 100U}) checker.check(std::string_view(bytes).substr(from, size));
    }
    EXPECT_FALSE(checker.description.empty()) << checker.name;
  }
}

}  // namespace
}  // namespace reeve::content
