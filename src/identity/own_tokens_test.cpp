#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "core/bytes.h"
#include "core/json.h"
#include "identity/issuer_for_tests.h"
#include "identity/own_token_verifier.h"
#include "identity/sign_in_for_tests.h"

namespace reeve::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OwnTokensOfAHouse : public SignInHouse {
 protected:
  AuthOutcome decide(const std::string& token) { return verifier_->decide(token); }
  void expect_refused(const std::string& token, AuthFailure failure) {
    const auto outcome = decide(token);
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(auth_failure_name(outcome.failure), auth_failure_name(failure)) << outcome.message;
  }
  /// As a token of ours, with these claims, by any key.
  static std::string forged(const std::string& claims, const Ed25519Key& key, const std::string& key_id) {
    std::string token = own_token_header(key_id) + "." + to_base64url(claims);
    return token + "." + to_base64url(key.sign(token));
  }
  std::unique_ptr<OwnTokenVerifier> verifier_ = std::make_unique<OwnTokenVerifier>(*tokens_, clock_);
};

TEST_F(OwnTokensOfAHouse, SayWhoItIs) {
  const TokenAnswer tokens = sign_in();
  ASSERT_TRUE(tokens.ok()) << tokens.description;
  EXPECT_TRUE(OwnTokenVerifier::is_own(tokens.access_token));
  for (int i = 0; i < 2; ++i) {
    const auto outcome = decide(tokens.access_token);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.principal->id, "dev@example.com");
    EXPECT_EQ(outcome.principal->type, "person");
    EXPECT_EQ(outcome.principal->issuer, "https://idp.example.com");
    EXPECT_EQ(outcome.principal->sign_in, tokens.session.id);
    EXPECT_THAT(outcome.principal->groups, ElementsAre("developers", "payments"));
  }
}

TEST_F(OwnTokensOfAHouse, AreGoodForTheirTimeAndNoLongerThanTheSignIn) {
  const std::string token = sign_in().access_token;
  clock_.advance(settings_.lifetime - std::chrono::seconds(1));
  EXPECT_TRUE(decide(token).ok());
  clock_.advance(std::chrono::seconds(1));
  expect_refused(token, AuthFailure::kExpired);
  settings_.session = std::chrono::minutes(5);
  open();
  verifier_ = std::make_unique<OwnTokenVerifier>(*tokens_, clock_);
  EXPECT_EQ(sign_in().expires_in, std::chrono::minutes(5));
}

TEST_F(OwnTokensOfAHouse, OfClaudeCodeSayWhatItReadsAndHowItsOwnerSignsInAgain) {
  const TokenAnswer tokens = grants_->exchange_device(agreed_device(person(), kClaudeCodeClient), "");
  ASSERT_TRUE(tokens.ok()) << tokens.description;
  const auto claims = from_base64url(split(tokens.access_token, '.')[1]).value();
  EXPECT_THAT(claims, HasSubstr(R"("billing_group_tag":"work-item")"));
  EXPECT_EQ(decide(tokens.access_token).principal->client, "claude-code");
  clock_.advance(settings_.lifetime);
  EXPECT_THAT(decide(tokens.access_token).message, HasSubstr("type /login"));
  ASSERT_TRUE(grants_->end_session(tokens.session.id, "left", "admin@example.com").value());
  EXPECT_THAT(decide(tokens.access_token).message, HasSubstr("has ended. Sign in again: type /login."));
  EXPECT_EQ(decide(sign_in().access_token).principal->client, "reeve-cli");
}

TEST_F(OwnTokensOfAHouse, EndWithTheirSignInAtOnce) {
  const TokenAnswer tokens = sign_in();
  EXPECT_TRUE(decide(tokens.access_token).ok());
  ASSERT_TRUE(grants_->end_session(tokens.session.id, "left", "admin@example.com").value());
  expect_refused(tokens.access_token, AuthFailure::kRevoked);
  // Also on a loop that has never seen it.
  verifier_ = std::make_unique<OwnTokenVerifier>(*tokens_, clock_);
  expect_refused(tokens.access_token, AuthFailure::kRevoked);
}

TEST_F(OwnTokensOfAHouse, AreRefusedWhenAnybodyElseMadeThem) {
  const std::string good = sign_in().access_token;
  const auto known_key = store_->keys().value().front();
  const std::string claims = *from_base64url(split(good, '.')[1]);
  const Ed25519Key other = Ed25519Key::generate();
  expect_refused(forged(claims, other, known_key.id), AuthFailure::kBadSignature);
  expect_refused(forged(claims, other, "reeve-unknown"), AuthFailure::kBadSignature);
  // In the middle of the signature: its last byte is 0 in one of sixteen.
  std::string bent = good;
  char& letter = bent[bent.size() - 40];
  letter = letter == 'A' ? 'B' : 'A';
  expect_refused(bent, AuthFailure::kBadSignature);
  expect_refused(std::string(kOwnTokenPrefix) + ".x.y", AuthFailure::kMalformed);
  const std::string half = good.substr(0, good.rfind('.'));
  expect_refused(half, AuthFailure::kMalformed);
}

TEST_F(OwnTokensOfAHouse, AreForOneAddressAndOneAudience) {
  const std::string token = sign_in().access_token;
  tokens_->serve_as("https://other.example.com");
  expect_refused(token, AuthFailure::kForeignIssuer);
  settings_.audience = "something-else";
  open();
  OwnTokenVerifier other(*tokens_, clock_);
  EXPECT_EQ(other.decide(token).failure, AuthFailure::kWrongAudience);
}

TEST_F(OwnTokensOfAHouse, OutliveARestartAndARotationOfTheKey) {
  const std::string before = sign_in().access_token;
  struct stat status{};
  ASSERT_EQ(::stat(key_file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  open();
  verifier_ = std::make_unique<OwnTokenVerifier>(*tokens_, clock_);
  EXPECT_TRUE(decide(before).ok());

  clock_.advance(settings_.rotate_keys);
  const std::string old_key = sign_in().access_token;
  ASSERT_TRUE(tokens_->look().ok());
  const std::string new_key = sign_in().access_token;
  EXPECT_NE(split(old_key, '.')[0], split(new_key, '.')[0]);
  EXPECT_TRUE(decide(old_key).ok());
  EXPECT_TRUE(decide(new_key).ok());
  EXPECT_EQ(JsonDocument::parse(tokens_->key_set().value())->root()["keys"].items().size(), 2u);
  clock_.advance(settings_.lifetime + std::chrono::hours(3));
  ASSERT_TRUE(grants_->look().ok());
  EXPECT_EQ(JsonDocument::parse(tokens_->key_set().value())->root()["keys"].items().size(), 1u);
}

TEST_F(OwnTokensOfAHouse, AKeyFileThatIsDamagedIsNotReplaced) {
  std::filesystem::resize_file(key_file_, 20);
  const auto opened = OwnTokens::open(key_file_, settings_, *store_, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

TEST_F(OwnTokensOfAHouse, TooManyGroupsAreSaidSo) {
  Principal many = person();
  for (int i = 0; i < 900; ++i) many.groups.push_back("a-rather-long-name-of-a-group-" + std::to_string(i));
  const TokenAnswer refused = sign_in(many);
  EXPECT_EQ(refused.error, "access_denied");
  EXPECT_THAT(refused.description, HasSubstr("group_map"));
}

TEST_F(OwnTokensOfAHouse, ComeThroughTheAuthenticatorLikeAnyCredential) {
  const std::string token = sign_in().access_token;
  const auto keys = make_memory_key_store();
  MemoryClient nobody;
  const auto with =
      Authenticator::create({.issuers = {}, .clock = &clock_, .own_tokens = tokens_.get()}, *keys, nobody);
  const auto outcome = with->authenticate_now(token);
  ASSERT_TRUE(outcome && outcome->ok());
  const auto without = Authenticator::create({.issuers = {}, .clock = &clock_}, *keys, nobody);
  EXPECT_EQ(without->authenticate_now(token)->failure, AuthFailure::kForeignIssuer);
}

TEST(TokenSettings, HaveRanges) {
  EXPECT_TRUE(check_token_settings({}).ok());
  TokenSettings settings;
  settings.lifetime = std::chrono::hours(2);
  EXPECT_FALSE(check_token_settings(settings).ok());
  settings = {};
  settings.session = std::chrono::seconds(10);
  EXPECT_FALSE(check_token_settings(settings).ok());
  settings = {};
  settings.audience.clear();
  EXPECT_FALSE(check_token_settings(settings).ok());
}

}  // namespace
}  // namespace reeve::identity
