#include "identity/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "identity/issuer_for_tests.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const SigningKey& rsa_key() {
  static const SigningKey key = SigningKey::rsa(2048, "r");
  return key;
}

Result<VerificationKey> from_jwk(const std::string& json) {
  const auto document = JsonDocument::parse(json);
  CHECK(document.ok());
  return VerificationKey::from_jwk(document->root());
}

constexpr std::array<std::pair<const char*, SignatureAlgorithm>, 7> kAll = {{
    {"RS256", SignatureAlgorithm::kRs256},
    {"RS384", SignatureAlgorithm::kRs384},
    {"RS512", SignatureAlgorithm::kRs512},
    {"PS256", SignatureAlgorithm::kPs256},
    {"ES256", SignatureAlgorithm::kEs256},
    {"ES384", SignatureAlgorithm::kEs384},
    {"EdDSA", SignatureAlgorithm::kEdDsa},
}};

std::vector<std::pair<SigningKey, std::vector<std::string>>> keys_and_algorithms() {
  return {{rsa_key(), {"RS256", "RS384", "RS512", "PS256"}},
          {SigningKey::ec("P-256", "p"), {"ES256"}},
          {SigningKey::ec("P-384", "q"), {"ES384"}},
          {SigningKey::ed25519("e"), {"EdDSA"}}};
}

TEST(VerificationKey, EachServesExactlyTheAlgorithmsOfItsType) {
  for (const auto& [signer, names] : keys_and_algorithms()) {
    const auto key = from_jwk(signer.jwk());
    ASSERT_TRUE(key.ok()) << key.error().message;
    for (const auto& [name, algorithm] : kAll) {
      const bool own = std::find(names.begin(), names.end(), name) != names.end();
      EXPECT_EQ(key->serves(algorithm), own) << name;
      if (!own) {
        EXPECT_FALSE(key->verify(algorithm, "message", signer.sign(names[0], "message")));
        continue;
      }
      const std::string signature = signer.sign(name, "message");
      EXPECT_TRUE(key->verify(algorithm, "message", signature)) << name;
      EXPECT_FALSE(key->verify(algorithm, "massage", signature)) << name;
      EXPECT_FALSE(key->verify(algorithm, "message", "")) << name;
      for (std::size_t at = 0; at < signature.size(); at += 7) {
        std::string changed = signature;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(key->verify(algorithm, "message", changed)) << name << " " << at;
      }
      EXPECT_FALSE(key->verify(algorithm, "message", signature.substr(1))) << name;
      EXPECT_FALSE(key->verify(algorithm, "message", signature + '\0')) << name;
      EXPECT_FALSE(key->verify(algorithm, "message", '\0' + signature)) << name;
    }
  }
}

/// With such a key a signature is good for any text.
TEST(VerificationKey, APointOfSmallOrderIsNoKey) {
  for (const char* point : {"0100000000000000000000000000000000000000000000000000000000000000",
                            "0000000000000000000000000000000000000000000000000000000000000080",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    const std::string x = to_base64url(*from_hex(point));
    EXPECT_FALSE(from_jwk(R"({"kty":"OKP","crv":"Ed25519","x":")" + x + "\"}").ok()) << point;
  }
}

TEST(VerificationKey, PaddingsAndHashesAreNotMixedUp) {
  const auto key = from_jwk(rsa_key().jwk());
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kPs256, "m", rsa_key().sign("RS256", "m")));
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kRs256, "m", rsa_key().sign("PS256", "m")));
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kRs512, "m", rsa_key().sign("RS256", "m")));
}

TEST(VerificationKey, RefusesOddEcdsaSignatures) {
  const SigningKey signer = SigningKey::ec("P-256", "p");
  const auto key = from_jwk(signer.jwk());
  ASSERT_TRUE(key.ok());
  const auto verify = [&](const std::string& signature) {
    return key->verify(SignatureAlgorithm::kEs256, "m", signature);
  };
  const std::string good = signer.sign("ES256", "m");
  ASSERT_EQ(good.size(), 64u);
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  const std::string zero(32, '\0');
  EXPECT_FALSE(verify(zero + zero)) << "the signature that fits every message in broken verifiers";
  EXPECT_FALSE(verify(r + zero));
  EXPECT_FALSE(verify(zero + s));
  EXPECT_FALSE(verify(s + r));
  EXPECT_FALSE(verify(std::string(64, '\xFF')));
  for (const std::size_t size : {0u, 1u, 31u, 62u, 63u, 65u, 66u, 70u, 96u, 128u}) {
    EXPECT_FALSE(verify(std::string(size, '\x01'))) << size;
  }
}

TEST(VerificationKey, ChecksTheExampleSignaturesOfTheRfcs) {
  const auto verify = [](const char* jwk, SignatureAlgorithm algorithm, const char* input, const char* signature) {
    const auto key = from_jwk(jwk);
    return key.ok() && key->verify(algorithm, input, from_base64url(signature).value());
  };
  EXPECT_TRUE(verify(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
                     SignatureAlgorithm::kEdDsa, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"))
      << "RFC 8037 appendix A.4";
  EXPECT_TRUE(verify(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
                     SignatureAlgorithm::kEs256,
                     "eyJhbGciOiJFUzI1NiJ9."
                     "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
      << "RFC 7515 appendix A.3";
}

TEST(VerificationKey, LeavesNothingInTheErrorQueueOfTheThread) {
  const SigningKey signer = SigningKey::ec("P-256", "p");
  const auto key = from_jwk(signer.jwk());
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kEs256, "m", std::string(64, '\xFF')));
  EXPECT_FALSE(from_jwk(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})").ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(VerificationKey, RefusesUnsuitableKeys) {
  const std::string p256 = SigningKey::ec("P-256", "p").jwk();
  const std::string rsa = rsa_key().jwk();
  const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    CHECK(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  const std::vector<std::pair<std::string, const char*>> cases = {
      {SigningKey::rsa(1024, "w").jwk(), "1024"},
      {SigningKey::rsa(2040, "w").jwk(), "2040"},
      {R"({"kty":"RSA","n":")" + to_base64url(std::string(1025, '\xFF')) + R"(","e":"AQAB"})", "8192"},
      {R"({"kty":"RSA","n":")" + std::string(100'000, 'A') + R"(","e":"AQAB"})", "too long"},
      {replaced(rsa, "AQAB", "AQ"), "no RSA key"},
      {replaced(rsa, "AQAB", "Ag"), "no RSA key"},
      {replaced(rsa, "AQAB", "AQAB="), "base64url"},
      {R"({"kty":"RSA","e":"AQAB"})", "member n"},
      {R"({"kty":"RSA","n":5,"e":"AQAB"})", "member n"},
      {rsa_key().jwk(R"(,"use":"enc")"), "not for signatures"},
      {rsa_key().jwk(R"(,"key_ops":["encrypt"])"), "not for signatures"},
      {rsa_key().jwk(R"(,"alg":"HS256")"), "algorithm"},
      {rsa_key().jwk(R"(,"alg":"ES256")"), "algorithm"},
      {rsa_key().jwk(R"(,"alg":"RSA-OAEP")"), "algorithm"},
      {rsa_key().jwk(R"(,"d":"AQAB")"), "secret"},
      {SigningKey::rsa(2048, std::string(300, 'k')).jwk(), "kid"},
      {R"({"kty":"oct","k":"c2VjcmV0"})", "secret"},
      {R"({"kty":"oct"})", "type"},
      {R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})", "curve"},
      {R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})", "curve"},
      {replaced(p256, "P-256", "P-384"), "length"},
      {R"({"kty":"EC","crv":"P-256","x":")" + to_base64url(std::string(32, '\1')) + R"(","y":")" +
           to_base64url(std::string(32, '\1')) + "\"}",
       "not on its curve"},
      {R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", "Ed25519"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})", "Ed25519"},
      {"[]", "object"},
      {"{}", "type"},
  };
  for (const auto& [json, why] : cases) {
    const auto key = from_jwk(json);
    ASSERT_FALSE(key.ok()) << json.substr(0, 100);
    EXPECT_THAT(key.error().message, HasSubstr(why)) << json.substr(0, 100);
  }
}

TEST(KeySet, KeepsWhatCanBeUsedAndSaysWhyTheRestIsNot) {
  const SigningKey p256 = SigningKey::ec("P-256", "p");
  const auto set = parse_key_set(R"({"keys":[)" + p256.jwk() + "," + rsa_key().jwk(R"(,"alg":"RS512","use":"sig")") +
                                 R"(,{"kty":"oct","kid":"shared"},7]})");
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(set->keys, SizeIs(2));
  ASSERT_THAT(set->passed_over, SizeIs(2));
  EXPECT_THAT(set->passed_over[0], HasSubstr("shared"));
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kEs256, "p"), SizeIs(1));
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kEs256, ""), SizeIs(1));
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kEs256, "r"), IsEmpty());
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kRs512, "r"), SizeIs(1));
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kRs256, "r"), IsEmpty()) << "the key says RS512 only";
}

TEST(KeySet, TriesAtMostEightKeys) {
  std::string list;
  for (int i = 0; i < 20; ++i) list += (i == 0 ? "" : ",") + SigningKey::ed25519("same").jwk();
  const auto set = parse_key_set(R"({"keys":[)" + list + "]}");
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(set->candidates(SignatureAlgorithm::kEdDsa, "same"), SizeIs(8));
}

TEST(KeySet, RefusesWhatIsNone) {
  for (const std::string& document :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"), std::string("<html>"),
        std::string(KeySet::kDocumentBytesMax + 1, ' '), R"({"keys":[)" + std::string(150, '{') + "]}"}) {
    EXPECT_FALSE(parse_key_set(document).ok()) << document.substr(0, 40);
  }
  std::string many = "{}";
  for (int i = 0; i < 100; ++i) many += ",{}";
  EXPECT_FALSE(parse_key_set(R"({"keys":[)" + many + "]}").ok());
  EXPECT_TRUE(parse_key_set(R"({"keys":[]})").ok());
}

}  // namespace
}  // namespace reeve::identity
