#include "identity/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;

const std::string kHeader = to_base64url(R"({"alg":"ES256","typ":"JWT","kid":"k1"})");
const std::string kBody = to_base64url(R"({"sub":"a"})");
const std::string kSignature = to_base64url("sig");

std::string with_header(const std::string& json) { return to_base64url(json) + "." + kBody + "." + kSignature; }
std::string with_body(const std::string& json) { return kHeader + "." + to_base64url(json) + "." + kSignature; }

std::string nested(std::size_t depth) {
  std::string json = "1";
  for (std::size_t i = 0; i < depth; ++i) json = "{\"a\":" + json + "}";
  return json;
}

TEST(ParseJwt, ReadsTheThreeParts) {
  const std::string token = kHeader + "." + kBody + "." + kSignature;
  const auto parsed = parse_jwt(token);
  const auto* jwt = std::get_if<Jwt>(&parsed);
  ASSERT_NE(jwt, nullptr);
  EXPECT_EQ(jwt->algorithm, SignatureAlgorithm::kEs256);
  EXPECT_EQ(jwt->key_id, "k1");
  EXPECT_EQ(jwt->signing_input, kHeader + "." + kBody);
  EXPECT_EQ(jwt->signature, "sig");
  EXPECT_EQ(jwt->claims.root()["sub"].as_string(), "a");
}

TEST(ParseJwt, TakesTheTypesOfAccessAndIdTokens) {
  for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"}) {
    EXPECT_TRUE(
        std::holds_alternative<Jwt>(parse_jwt(with_header(std::string(R"({"alg":"EdDSA","typ":")") + type + R"("})"))))
        << type;
  }
  EXPECT_TRUE(std::holds_alternative<Jwt>(parse_jwt(with_header(R"({"alg":"PS256"})"))));
}

struct Bad {
  const char* what;
  std::string token;
  AuthFailure failure = AuthFailure::kMalformed;
};

std::vector<Bad> bad_forms() {
  const std::string good = kHeader + "." + kBody + "." + kSignature;
  return {
      {"empty", ""},
      {"dots only", ".."},
      {"one part", kHeader},
      {"two parts", kHeader + "." + kBody},
      {"four parts", good + ".x"},
      {"encrypted", good + ".x.y"},
      {"no signature", kHeader + "." + kBody + "."},
      {"no header", "." + kBody + "." + kSignature},
      {"no body", kHeader + ".." + kSignature},
      {"space before", " " + good},
      {"newline after", good + "\n"},
      {"space inside", kHeader + ". " + kBody + "." + kSignature},
      {"tab inside a part", kHeader.substr(0, 4) + "\t" + kHeader.substr(4) + "." + kBody + "." + kSignature},
      {"NUL", good + std::string(1, '\0')},
      {"padded", kHeader + "." + to_base64url("{}") + "==." + kSignature},
      {"base64 of the other alphabet", kHeader + "." + kBody + ".+/+/"},
      {"stray bits at the end", kHeader + "." + kBody + ".AB"},
      {"impossible length", kHeader + "." + kBody + ".A"},
      {"full-width letters", "ｅｙＪ." + kBody + "." + kSignature},
      {"too long", kHeader + "." + std::string(kTokenBytesMax, 'A') + "." + kSignature},
      {"bearer word", "Bearer " + good},
  };
}

std::vector<Bad> bad_parts() {
  return {
      {"header no JSON", with_header("alg=ES256")},
      {"header an array", with_header(R"(["ES256"])")},
      {"header a text", with_header(R"("ES256")")},
      {"no algorithm", with_header(R"({"typ":"JWT"})")},
      {"algorithm a list", with_header(R"({"alg":["ES256"]})")},
      {"none", with_header(R"({"alg":"none"})"), AuthFailure::kBadSignature},
      {"None", with_header(R"({"alg":"None"})"), AuthFailure::kBadSignature},
      {"HS256", with_header(R"({"alg":"HS256"})"), AuthFailure::kBadSignature},
      {"HS512", with_header(R"({"alg":"HS512"})"), AuthFailure::kBadSignature},
      {"lower case", with_header(R"({"alg":"es256"})"), AuthFailure::kBadSignature},
      {"with a space", with_header(R"({"alg":"ES256 "})"), AuthFailure::kBadSignature},
      {"with a NUL", with_header(R"({"alg":"ES256\u0000"})"), AuthFailure::kBadSignature},
      {"P-521", with_header(R"({"alg":"ES512"})"), AuthFailure::kBadSignature},
      {"key encryption", with_header(R"({"alg":"RSA-OAEP"})"), AuthFailure::kBadSignature},
      {"algorithm twice", with_header(R"({"alg":"ES256","alg":"none"})")},
      {"algorithm twice, escaped", with_header(R"({"alg":"ES256","\u0061lg":"none"})")},
      {"crit", with_header(R"({"alg":"ES256","crit":["b64"],"b64":false})")},
      {"empty crit", with_header(R"({"alg":"ES256","crit":[]})")},
      {"key id a number", with_header(R"({"alg":"ES256","kid":1})")},
      {"key id too long", with_header(R"({"alg":"ES256","kid":")" + std::string(300, 'k') + "\"}")},
      {"logout token", with_header(R"({"alg":"ES256","typ":"logout+jwt"})")},
      {"DPoP proof", with_header(R"({"alg":"ES256","typ":"dpop+jwt"})")},
      {"type a number", with_header(R"({"alg":"ES256","typ":5})")},
      {"deep header", with_header(nested(100))},
      {"body no JSON", with_body("sub=a")},
      {"body an array", with_body("[]")},
      {"body null", with_body("null")},
      {"body twice", with_body("{}{}")},
      {"body with a comment", with_body("{/**/}")},
      {"body with a byte-order mark in UTF-16", with_body(std::string("\xFF\xFE{\0}\0", 6))},
      {"invalid UTF-8", with_body("{\"sub\":\"\xC3\x28\"}")},
      {"lone surrogate", with_body(R"({"sub":"\ud800"})")},
      {"claim twice", with_body(R"({"sub":"a","sub":"b"})")},
      {"inner claim twice", with_body(R"({"a":[{"b":{"c":1,"c":2}}]})")},
      {"deep body", with_body(nested(kClaimDepthMax + 1))},
      {"very deep body", with_body(nested(1500))},
      {"deep lists", with_body("{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}")},
  };
}

TEST(ParseJwt, RefusesEverythingElse) {
  auto cases = bad_forms();
  for (Bad& bad : bad_parts()) cases.push_back(std::move(bad));
  for (const Bad& bad : cases) {
    const auto parsed = parse_jwt(bad.token);
    const auto* refusal = std::get_if<Refusal>(&parsed);
    ASSERT_NE(refusal, nullptr) << bad.what;
    EXPECT_EQ(auth_failure_name(refusal->failure), auth_failure_name(bad.failure)) << bad.what;
    EXPECT_FALSE(refusal->message.empty()) << bad.what;
  }
}

TEST(ParseJwt, EveryShorterTokenIsRefused) {
  const std::string token = kHeader + "." + kBody + "." + to_base64url(std::string(64, 's'));
  const std::size_t signature_at = token.rfind('.') + 1;
  for (std::size_t length = 0; length < signature_at; ++length) {
    EXPECT_TRUE(std::holds_alternative<Refusal>(parse_jwt(token.substr(0, length)))) << length;
  }
}

TEST(HasUniqueNames, LooksEverywhere) {
  const auto unique = [](const char* json) { return has_unique_names(JsonDocument::parse(json)->root()); };
  EXPECT_TRUE(unique(R"({"a":{"a":[{"a":1},{"a":1}]},"b":1})"));
  EXPECT_FALSE(unique(R"({"a":1,"b":2,"a":1})"));
  EXPECT_FALSE(unique(R"([[{"x":{"a":1,"a":2}}]])"));
  EXPECT_TRUE(unique("3"));
}

}  // namespace
}  // namespace reeve::identity
