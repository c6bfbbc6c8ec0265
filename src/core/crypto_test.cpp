#include "core/crypto.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "core/bytes.h"

namespace reeve {
namespace {

std::string hex(const Sha256& hash) { return to_hex(as_bytes(hash)); }
std::string bytes(std::string_view hex_text) { return *from_hex(hex_text); }

TEST(Sha256, MatchesFips180) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PrefixedIsTheHashOfTheJoinedPieces) {
  EXPECT_EQ(hex(sha256_prefixed(0, "")), hex(sha256(std::string_view("\0", 1))));
  EXPECT_EQ(hex(sha256_prefixed(1, "left", "right")), hex(sha256("\x01leftright")));
  EXPECT_EQ(hex(sha256_prefixed('a', "b", "", "c")), hex(sha256("abc")));
}

TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hex(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hashes, AreRightOnEveryThread) {
  std::vector<std::thread> threads;
  std::array<bool, 4> right{};
  threads.reserve(right.size());
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&right, t] {
      bool all = true;
      for (int i = 0; i < 500; ++i) {
        all = all && sha256("abc") == sha256_prefixed('a', "b", "c") && hmac_sha256("k", "m") == hmac_sha256("k", "m");
      }
      right[t] = all;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const bool one : right) EXPECT_TRUE(one);
}

TEST(Seal, OpensWhatTheSpecificationOfGcmSealed) {
  // McGrew and Viega, The Galois/Counter Mode of Operation, test cases 13, 14 and 16: nonce, text, tag.
  const std::string zero_key(32, '\0');
  const std::string zero_nonce(12, '\0');
  EXPECT_EQ(open_sealed(zero_key, zero_nonce + bytes("530f8afbc74536b9a963b4f1c4cb738b")).value(), "");
  EXPECT_EQ(
      open_sealed(zero_key, zero_nonce + bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
          .value(),
      std::string(16, '\0'));
  const auto with_associated = open_sealed(
      bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
      bytes("cafebabefacedbaddecaf888") +
          bytes("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                "c5f61e6393ba7a0abcc9f662") +
          bytes("76fc6ece0f4e1768cddf8853bb2d551b"),
      bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"));
  EXPECT_EQ(
      to_hex(with_associated.value()),
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6"
      "57ba637b39");
}

TEST(Seal, ComesBackAndHidesThatTwoAreEqual) {
  const std::string key = random_bytes(32);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{100'000}}) {
    const std::string original = random_bytes(size);
    const std::string sealed = seal(key, original, "place");
    EXPECT_EQ(sealed.size(), size + kSealBytes);
    EXPECT_EQ(open_sealed(key, sealed, "place").value(), original);
    EXPECT_NE(seal(key, original, "place"), sealed);
  }
}

TEST(Seal, RefusesEveryChange) {
  const std::string key = random_bytes(32);
  const std::string sealed = seal(key, "what was said", "place");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto opened = open_sealed(key, changed, "place");
    ASSERT_FALSE(opened.ok()) << at;
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(open_sealed(random_bytes(32), sealed, "place").ok());
  EXPECT_FALSE(open_sealed(key, sealed, "another place").ok());
  EXPECT_FALSE(open_sealed(key, sealed).ok());
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(open_sealed(key, sealed.substr(0, size), "place").ok());
}

TEST(RandomBytes, HaveTheLengthAndDiffer) {
  EXPECT_EQ(random_bytes(0), "");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(random_bytes(100'000).size(), 100'000U);
}

TEST(Ed25519, MatchesRfc8032) {
  const auto key = Ed25519Key::from_seed(bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(to_hex(key->public_key()), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  const std::string message = bytes("af82");
  const std::string signature = key->sign(message);
  EXPECT_EQ(
      to_hex(signature),
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed"
      "28dc027beceea1ec40a");
  EXPECT_TRUE(ed25519_verify(key->public_key(), message, signature));
  const auto empty = Ed25519Key::from_seed(bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(
      to_hex(empty->sign("")),
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bb"
      "e24655141438e7a100b");
}

TEST(Ed25519, AcceptsNothingButTheSignature) {
  const Ed25519Key key = Ed25519Key::generate();
  const std::string message = "the message";
  const std::string signature = key.sign(message);
  ASSERT_TRUE(ed25519_verify(key.public_key(), message, signature));
  EXPECT_FALSE(ed25519_verify(key.public_key(), "the Message", signature));
  EXPECT_FALSE(ed25519_verify(Ed25519Key::generate().public_key(), message, signature));
  for (std::size_t i = 0; i < signature.size(); i += 7) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ed25519_verify(key.public_key(), message, changed)) << i;
  }
  for (const std::string& wrong : {std::string(), signature.substr(1), signature + "x"}) {
    EXPECT_FALSE(ed25519_verify(key.public_key(), message, wrong));
    EXPECT_FALSE(ed25519_verify(wrong, message, signature));
  }
}

TEST(Ed25519, KeysComeBackFromTheirSeed) {
  const Ed25519Key key = Ed25519Key::generate();
  EXPECT_EQ(key.seed().size(), 32U);
  const auto again = Ed25519Key::from_seed(key.seed());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->sign("x"), key.sign("x"));
  EXPECT_FALSE(Ed25519Key::from_seed("short").ok());
  EXPECT_FALSE(Ed25519Key::from_seed(std::string(33, 'x')).ok());
}

}  // namespace
}  // namespace reeve
