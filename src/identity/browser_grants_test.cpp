#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "identity/own_token_verifier.h"
#include "identity/sign_in_for_tests.h"

namespace reeve::identity {
namespace {

using ::testing::ElementsAre;

class BrowsersOfAHouse : public SignInHouse {
 protected:
  BrowserGrants browsers() { return {*store_, *tokens_, *grants_, clock_}; }
  ErrorCode code_of(const Result<OwnTokens::Made>& made) { return made ? ErrorCode::kInternal : made.error().code; }
  Purpose purpose() {
    Purpose purpose;
    purpose.asking = {"console", "a link", "127.0.0.1"};
    purpose.redirect_uri = "http://127.0.0.1:1/console/sign-in";
    purpose.challenge = to_base64url(as_bytes(sha256(std::string(43, 'v'))));
    return purpose;
  }
};

TEST_F(BrowsersOfAHouse, ACookieStandsForItsSignInUntilThatEnds) {
  const TokenAnswer signed_in = sign_in();
  const std::string secret = browsers().begin(signed_in.session).value();
  const auto made = browsers().token(secret);
  ASSERT_TRUE(made.ok()) << made.error().message;
  OwnTokenVerifier verifier(*tokens_, clock_);
  const AuthOutcome outcome = verifier.decide(made->token);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.principal->sign_in, signed_in.session.id);
  EXPECT_EQ(code_of(browsers().token("another")), ErrorCode::kDenied);
  EXPECT_TRUE(browsers().end(secret, "signed out").value());
  EXPECT_FALSE(browsers().end(secret, "signed out").value());
  EXPECT_EQ(code_of(browsers().token(secret)), ErrorCode::kDenied);
  EXPECT_FALSE(verifier.decide(made->token).ok());
}

TEST_F(BrowsersOfAHouse, ACookieOutlivesNoSignIn) {
  const std::string secret = browsers().begin(sign_in().session).value();
  clock_.advance(settings_.session - std::chrono::seconds(1));
  const auto made = browsers().token(secret);
  ASSERT_TRUE(made.ok());
  EXPECT_LE(made->expires - clock_.now(), std::chrono::seconds(1));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(code_of(browsers().token(secret)), ErrorCode::kDenied);
}

TEST_F(BrowsersOfAHouse, ARefreshTokenIsNoCookieAndACookieRefreshesNothing) {
  const TokenAnswer signed_in = sign_in();
  const std::string secret = browsers().begin(signed_in.session).value();
  EXPECT_EQ(code_of(browsers().token(signed_in.refresh_token)), ErrorCode::kDenied);
  EXPECT_EQ(grants_->refresh(secret, "reeve-cli").error, "invalid_grant");
  EXPECT_TRUE(browsers().token(secret).ok());
}

TEST_F(BrowsersOfAHouse, ALinkSignsInOnceAndNotForLong) {
  Principal visitor = person("root");
  visitor.scopes = {"control:*"};
  const std::string link = make_sign_in_link(*store_, visitor, clock_.now()).value();
  EXPECT_EQ(browsers().find_link(link).value().id, "root");
  const auto code = browsers().take_link(link, purpose());
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(browsers().take_link(link, purpose()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(browsers().find_link(link).error().code, ErrorCode::kNotFound);
  const auto tokens = grants_->exchange_code(*code, "console", purpose().redirect_uri, std::string(43, 'v'));
  ASSERT_TRUE(tokens.ok()) << tokens.description;
  const AuthOutcome outcome = OwnTokenVerifier(*tokens_, clock_).decide(tokens.access_token);
  ASSERT_TRUE(outcome.ok());
  // Its rights go with the token, also through the cookie.
  EXPECT_THAT(outcome.principal->scopes, ElementsAre("control:*"));
  const auto again = browsers().token(browsers().begin(tokens.session).value());
  EXPECT_THAT(OwnTokenVerifier(*tokens_, clock_).decide(again->token).principal->scopes, ElementsAre("control:*"));

  const std::string late = make_sign_in_link(*store_, visitor, clock_.now()).value();
  clock_.advance(BrowserGrants::kLinkLives);
  EXPECT_EQ(browsers().find_link(late).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(browsers().take_link(late, purpose()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace reeve::identity
