// Tokens of a real OpenID Connect provider, checked through the real network client: every algorithm, both kinds of
// tokens, rotation, and an outage. The provider's keys are its own; nothing here signs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_process.h"

namespace reeve::oidc_test {
namespace {

using identity::AuthFailure;
using identity::AuthOutcome;
using ::testing::ElementsAre;

constexpr const char* kAlgorithms[] = {"RS256", "PS256", "ES256", "ES384", "EdDSA"};

class RealProvider : public ::testing::Test {
 protected:
  // One provider for all: it takes longer to start than all tests to run. Each test leaves it open and with keys.
  static void SetUpTestSuite() { provider_ = std::make_unique<ProviderProcess>(); }
  static void TearDownTestSuite() { provider_.reset(); }

  static std::vector<identity::OidcIssuer> issuers() {
    std::vector<identity::OidcIssuer> entries;
    for (const std::string& audience : audiences()) {
      identity::OidcIssuer entry;
      entry.issuer = provider_->issuer();
      entry.audience = audience;
      entries.push_back(entry);
    }
    return entries;
  }
  /// Access tokens are made for "reeve"; ID tokens for the client that signed the person in.
  static std::vector<std::string> audiences() {
    std::vector<std::string> names = {"reeve"};
    for (const char* algorithm : kAlgorithms) names.push_back(std::string("app-") + algorithm);
    return names;
  }

  std::string command(const std::string& method, const std::string& path) {
    return reeve_.command(provider_->control(), method, path);
  }
  std::string token(const std::string& path, const char* member = "access_token") {
    const auto answer = JsonDocument::parse(command("GET", path));
    return std::string(answer->root()[member].string_or(""));
  }
  std::string access_token(const std::string& algorithm = "ES256", const std::string& audience = "reeve") {
    return token("/access-token?alg=" + algorithm + "&audience=" + audience);
  }
  void expect_refused(const std::string& credential, AuthFailure failure) {
    const AuthOutcome outcome = reeve_.authenticate(credential);
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(auth_failure_name(outcome.failure), auth_failure_name(failure)) << outcome.message;
  }
  void expect_accepted(const std::string& credential) {
    const AuthOutcome outcome = reeve_.authenticate(credential);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
  }

  static inline std::unique_ptr<ProviderProcess> provider_;
  ShiftedClock clock_;
  AuthenticatorOnLoop reeve_{issuers(), clock_};
};

TEST_F(RealProvider, ServicesComeWithAccessTokensOfEveryAlgorithm) {
  for (const char* algorithm : kAlgorithms) {
    const AuthOutcome outcome = reeve_.authenticate(access_token(algorithm));
    ASSERT_TRUE(outcome.ok()) << algorithm << ": " << outcome.message;
    EXPECT_EQ(outcome.principal->id, "build-service");
    EXPECT_EQ(outcome.principal->type, "service");
    EXPECT_EQ(outcome.principal->issuer, provider_->issuer());
    EXPECT_THAT(outcome.principal->groups, ElementsAre("builds", "services"));
  }
}

TEST_F(RealProvider, PeopleComeWithIdTokensAndAccessTokens) {
  for (const char* algorithm : kAlgorithms) {
    const std::string path = std::string("/tokens?audience=reeve&person=dev@example.com&alg=") + algorithm;
    for (const char* member : {"id_token", "access_token"}) {
      const AuthOutcome outcome = reeve_.authenticate(token(path, member));
      ASSERT_TRUE(outcome.ok()) << algorithm << " " << member << ": " << outcome.message;
      EXPECT_EQ(outcome.principal->id, "dev@example.com");
      EXPECT_EQ(outcome.principal->type, "person");
      EXPECT_THAT(outcome.principal->groups, ElementsAre("developers", "payments"));
    }
  }
}

TEST_F(RealProvider, AnUnverifiedAddressIsNotBelieved) {
  const AuthOutcome outcome =
      reeve_.authenticate(token("/tokens?audience=reeve&alg=ES256&person=unverified@example.com", "id_token"));
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.principal->id, "sub-unverified@example.com");
}

TEST_F(RealProvider, TokensForOthersAndChangedOnesAreRefused) {
  expect_refused(access_token("ES256", "another-service"), AuthFailure::kWrongAudience);
  std::string changed = access_token();
  const std::size_t at = changed.rfind('.') + 10;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  expect_refused(changed, AuthFailure::kBadSignature);
  const std::string good = access_token();
  expect_accepted(good);
  clock_.shift_wall(std::chrono::hours(2));
  expect_refused(good, AuthFailure::kExpired);
}

TEST_F(RealProvider, ManyFirstRequestsAtOnceAreAllAnswered) {
  std::vector<std::string> tokens;
  for (int i = 0; i < 10; ++i) tokens.push_back(access_token());
  for (int i = 0; i < 190; ++i) tokens.push_back(tokens[static_cast<std::size_t>(i) % 10]);
  for (const AuthOutcome& outcome : reeve_.authenticate_all(tokens)) EXPECT_TRUE(outcome.ok()) << outcome.message;
}

TEST_F(RealProvider, FollowsARotationOfKeys) {
  const std::string old_token = access_token();
  expect_accepted(old_token);

  command("POST", "/keys?add=ES256");
  const std::string new_token = access_token();
  clock_.shift_steady(std::chrono::seconds(30));
  expect_accepted(new_token);
  expect_accepted(old_token);

  command("POST", "/keys?keep=1");
  clock_.shift_steady(identity::OidcIssuer().jwks_time_to_live);
  expect_accepted(access_token("EdDSA"));
  expect_refused(old_token, AuthFailure::kBadSignature);
  expect_accepted(new_token);
}

TEST_F(RealProvider, OutlivesAnOutageOfTheProviderForAWhile) {
  const std::string first = access_token();
  const std::string second = access_token();
  const std::string third = access_token();
  command("POST", "/down");
  expect_refused(first, AuthFailure::kUnavailable);
  command("POST", "/up");
  clock_.shift_steady(std::chrono::seconds(5));
  expect_accepted(first);

  command("POST", "/down");
  clock_.shift_steady(identity::OidcIssuer().jwks_time_to_live);
  expect_accepted(second);
  clock_.shift_steady(std::chrono::hours(1));
  expect_refused(third, AuthFailure::kUnavailable);
  command("POST", "/up");
  clock_.shift_steady(std::chrono::seconds(5));
  expect_accepted(third);
}

}  // namespace
}  // namespace reeve::oidc_test
