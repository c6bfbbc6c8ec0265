#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "identity/grant_documents.h"
#include "identity/own_token_verifier.h"
#include "identity/sign_in_for_tests.h"

namespace reeve::identity {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kRedirect = "http://127.0.0.1:4000/callback";
const std::string kVerifier(43, 'v');

class GrantsOfAHouse : public SignInHouse {
 protected:
  std::string code_for(const Principal& owner) {
    Purpose purpose;
    purpose.asking = {"reeve-cli", "", "127.0.0.1"};
    purpose.redirect_uri = kRedirect;
    purpose.challenge = to_base64url(as_bytes(sha256(kVerifier)));
    const auto secret = grants_->begin_confirmation(purpose, owner, "browser").value();
    return grants_->confirm(secret, "browser", true).value().code;
  }
  TokenAnswer exchange(const std::string& code) {
    return grants_->exchange_code(code, "reeve-cli", kRedirect, kVerifier);
  }
};

TEST_F(GrantsOfAHouse, ADeviceGetsTokensOnceItsOwnerAgreed) {
  const auto codes = grants_->begin_device({"reeve-cli", "a test", "127.0.0.1"}).value();
  EXPECT_EQ(grants_->exchange_device(codes.device_code, "reeve-cli").error, "authorization_pending");
  const auto purpose = grants_->find_device(" " + to_lower(codes.user_code)).value();
  EXPECT_EQ(purpose.asking.device, "a test");
  const auto secret = grants_->begin_confirmation(purpose, person(), "browser").value();
  EXPECT_FALSE(grants_->confirm(secret, "another browser", true).ok());
  ASSERT_TRUE(grants_->confirm(secret, "browser", true).ok());
  EXPECT_FALSE(grants_->confirm(secret, "browser", true).ok());
  EXPECT_EQ(grants_->find_device(codes.user_code).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(grants_->exchange_device(codes.device_code, "another").error, "invalid_grant");
  const TokenAnswer tokens = grants_->exchange_device(codes.device_code, "reeve-cli");
  ASSERT_TRUE(tokens.ok()) << tokens.description;
  EXPECT_EQ(grants_->exchange_device(codes.device_code, "reeve-cli").error, "invalid_grant");
  EXPECT_THAT(kinds(), ElementsAre("identity.signed_in"));
}

TEST_F(GrantsOfAHouse, ADeviceThatPollsTooOftenWaitsLongerEachTime) {
  const auto codes = grants_->begin_device({"reeve-cli", "", ""}).value();
  const auto poll = [&] { return grants_->exchange_device(codes.device_code, "reeve-cli").error; };
  EXPECT_EQ(poll(), "authorization_pending");
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(poll(), "authorization_pending");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(poll(), "slow_down");
  clock_.advance(std::chrono::seconds(6));
  EXPECT_EQ(poll(), "slow_down");
  clock_.advance(std::chrono::seconds(15));
  EXPECT_EQ(poll(), "authorization_pending");
}

TEST_F(GrantsOfAHouse, CodesOfDevicesExpire) {
  const auto codes = grants_->begin_device({"reeve-cli", "", ""}).value();
  clock_.advance(Grants::kCodesLive);
  EXPECT_FALSE(grants_->find_device(codes.user_code).ok());
  EXPECT_EQ(grants_->exchange_device(codes.device_code, "reeve-cli").error, "expired_token");
}

TEST_F(GrantsOfAHouse, AnAttemptComesBackOnceAndToItsBrowser) {
  Purpose purpose;
  purpose.redirect_uri = kRedirect;
  const auto state = grants_->begin_attempt(purpose, "https://idp.example.com", "browser").value();
  EXPECT_EQ(grants_->take_attempt(state, "another").error().code, ErrorCode::kDenied);
  EXPECT_EQ(grants_->take_attempt(state, "").error().code, ErrorCode::kDenied);
  EXPECT_EQ(grants_->take_attempt("guessed", "browser").error().code, ErrorCode::kDenied);
  const auto attempt = grants_->take_attempt(state, "browser").value();
  EXPECT_EQ(attempt.issuer, "https://idp.example.com");
  EXPECT_EQ(attempt.purpose.redirect_uri, kRedirect);
  EXPECT_EQ(grants_->take_attempt(state, "browser").error().code, ErrorCode::kDenied);
}

TEST_F(GrantsOfAHouse, ACodeIsForItsClientAddressAndVerifier) {
  const std::string code = code_for(person());
  EXPECT_EQ(grants_->exchange_code(code, "console", kRedirect, kVerifier).error, "invalid_grant");
  EXPECT_EQ(grants_->exchange_code(code, "reeve-cli", "http://127.0.0.1:1/callback", kVerifier).error, "invalid_grant");
  EXPECT_EQ(grants_->exchange_code(code, "reeve-cli", kRedirect, std::string(43, 'w')).error, "invalid_grant");
  EXPECT_EQ(grants_->exchange_code(code, "reeve-cli", kRedirect, "").error, "invalid_grant");
  EXPECT_TRUE(exchange(code).ok());
  const std::string late = code_for(person());
  clock_.advance(Grants::kAuthorizationCodeLives);
  EXPECT_EQ(exchange(late).error, "invalid_grant");
}

TEST_F(GrantsOfAHouse, ACodeThatComesTwiceEndsWhatItBought) {
  const std::string code = code_for(person());
  const TokenAnswer tokens = exchange(code);
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(exchange(code).error, "invalid_grant");
  EXPECT_TRUE(store_->session(tokens.session.id).value()->ended);
  EXPECT_THAT(kinds(), ElementsAre("identity.signed_in", "identity.sign_in_ended"));
}

TEST_F(GrantsOfAHouse, RefreshTokensRotateAndOneThatComesTwiceEndsTheSignIn) {
  const TokenAnswer first = sign_in();
  clock_.advance(std::chrono::minutes(20));
  const TokenAnswer second = grants_->refresh(first.refresh_token, "reeve-cli");
  ASSERT_TRUE(second.ok()) << second.description;
  EXPECT_EQ(second.session.id, first.session.id);
  EXPECT_THAT(second.person.groups, ElementsAre("developers", "payments"));
  EXPECT_EQ(grants_->refresh(second.refresh_token, "another").error, "invalid_grant");
  EXPECT_EQ(grants_->refresh(first.refresh_token, "reeve-cli").error, "invalid_grant");
  EXPECT_EQ(grants_->refresh(second.refresh_token, "reeve-cli").error, "invalid_grant");
  EXPECT_THAT(recorded_.back().second, HasSubstr("a refresh token came a second time"));
  EXPECT_THAT(kinds(), ElementsAre("identity.signed_in", "identity.sign_in_ended"));
}

class GrantsOfClaudeCode : public GrantsOfAHouse {
 protected:
  /// It never says who it is.
  TokenAnswer begin() { return grants_->exchange_device(agreed_device(person(), kClaudeCodeClient), ""); }
  TokenAnswer renew(const TokenAnswer& tokens, const char* address = "192.0.2.1") {
    return grants_->refresh(tokens.refresh_token, "", address);
  }
  bool has_ended(const TokenAnswer& tokens) { return store_->session(tokens.session.id).value()->ended.has_value(); }
};

TEST_F(GrantsOfClaudeCode, ARequestWithoutAClientIdMayBeOfAClientThatSendsNone) {
  const TokenAnswer tokens = begin();
  ASSERT_TRUE(tokens.ok()) << tokens.description;
  EXPECT_EQ(tokens.session.client, "claude-code");
  EXPECT_TRUE(grants_->refresh(tokens.refresh_token, "claude-code").ok()) << "nor is it wrong to say it";
  EXPECT_EQ(grants_->exchange_device(agreed_device(person()), "").error, "invalid_grant") << "but of no other";
  EXPECT_EQ(grants_->exchange_device(agreed_device(person(), kClaudeCodeClient), "reeve-cli").error, "invalid_grant");
  EXPECT_EQ(grants_->refresh(sign_in().refresh_token, "").error, "invalid_grant");
}

// Two terminals hold the same token; the second comes after the first has renewed it, maybe hours later.
TEST_F(GrantsOfClaudeCode, ATokenThatAnotherProcessRenewedIsRefusedAndTheSignInGoesOn) {
  const TokenAnswer first = begin();
  const TokenAnswer second = renew(first);
  ASSERT_TRUE(second.ok()) << second.description;
  clock_.advance(std::chrono::hours(3));
  EXPECT_EQ(renew(first).error, "invalid_grant");
  EXPECT_FALSE(has_ended(first));
  EXPECT_TRUE(renew(second).ok());
}

TEST_F(GrantsOfClaudeCode, AUsedTokenFromElsewhereEndsTheSignIn) {
  const TokenAnswer first = begin();
  const TokenAnswer second = renew(first);
  EXPECT_EQ(renew(first, "198.51.100.7").error, "invalid_grant");
  EXPECT_TRUE(has_ended(first));
  EXPECT_EQ(renew(second).error, "invalid_grant");
  EXPECT_THAT(recorded_.back().second, HasSubstr("a refresh token came a second time"));
}

TEST_F(GrantsOfClaudeCode, WhereNobodyKnowsWhereFromAUsedTokenEndsTheSignIn) {
  const TokenAnswer first = begin();
  ASSERT_TRUE(renew(first, "").ok());
  EXPECT_EQ(renew(first, "").error, "invalid_grant");
  EXPECT_TRUE(has_ended(first));
}

TEST_F(GrantsOfAHouse, ASignInLastsForItsTimeHoweverOftenItIsRenewed) {
  TokenAnswer tokens = sign_in();
  for (int i = 0; i < 3; ++i) {
    clock_.advance(settings_.session / 4);
    tokens = grants_->refresh(tokens.refresh_token, "reeve-cli");
    ASSERT_TRUE(tokens.ok()) << tokens.description;
  }
  clock_.advance(settings_.session / 4);
  EXPECT_EQ(grants_->refresh(tokens.refresh_token, "reeve-cli").error, "invalid_grant");
}

TEST_F(GrantsOfAHouse, EitherTokenRevokes) {
  const TokenAnswer one = sign_in();
  const TokenAnswer two = sign_in();
  EXPECT_TRUE(grants_->revoke(one.refresh_token, "signed out").value());
  EXPECT_FALSE(grants_->revoke(one.refresh_token, "signed out").value());
  EXPECT_TRUE(grants_->revoke(two.access_token, "signed out").value());
  EXPECT_FALSE(grants_->revoke("nonsense", "signed out").value());
}

TEST_F(GrantsOfAHouse, NobodyIsSignedInUnrecordedButAnEndHoldsAllTheSame) {
  const TokenAnswer tokens = sign_in();
  ledger_is_down_ = true;
  EXPECT_EQ(sign_in().error, "temporarily_unavailable");
  EXPECT_THAT(store_->sessions("").value(), ::testing::SizeIs(1));
  EXPECT_TRUE(grants_->revoke(tokens.refresh_token, "signed out").value());
  EXPECT_TRUE(store_->session(tokens.session.id).value()->ended);
  EXPECT_EQ(recorded_.back().first, kSignInEndedKind) << "it waits in the store until the ledger can be written";
}

TEST_F(GrantsOfAHouse, NoSecretIsKept) {
  const auto codes = grants_->begin_device({"reeve-cli", "a test", "127.0.0.1"}).value();
  const auto device = store_->find(GrantKind::kDevice, sha256(codes.device_code)).value();
  ASSERT_TRUE(device);
  EXPECT_EQ(device->document.find(codes.device_code), std::string::npos);
  EXPECT_EQ(device->document.find(normal_user_code(codes.user_code)), std::string::npos);
  const TokenAnswer tokens = sign_in();
  for (const auto& [kind, detail] : recorded_) {
    EXPECT_EQ(detail.find(tokens.access_token), std::string::npos);
    EXPECT_EQ(detail.find(tokens.refresh_token), std::string::npos);
  }
}

TEST_F(GrantsOfAHouse, ForgetsWhatHasExpired) {
  const auto codes = grants_->begin_device({"reeve-cli", "", ""}).value();
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(grants_->look().ok());
  EXPECT_FALSE(store_->find(GrantKind::kDevice, sha256(codes.device_code)).value());
}

/// Gives the second of two exchanges what the first has read: both come at the same moment.
class OneMomentBehind final : public GrantStore {
 public:
  explicit OneMomentBehind(GrantStore& store) : store_(store) {}
  std::function<void()> meanwhile;  // runs once, between what is read and what is written

  Result<void> apply(const GrantChange& change) override {
    if (auto run = std::exchange(meanwhile, nullptr)) run();
    return store_.apply(change);
  }
  Result<std::optional<Grant>> find(GrantKind kind, const Sha256& hash) override { return store_.find(kind, hash); }
  Result<std::optional<SignInSession>> session(std::string_view id) override { return store_.session(id); }
  Result<std::vector<SignInSession>> sessions(std::string_view person) override { return store_.sessions(person); }
  Result<bool> end_session(std::string_view id, const SignInEnd& end) override { return store_.end_session(id, end); }
  Result<std::vector<std::string>> end_sessions_of(std::string_view person, const SignInEnd& end) override {
    return store_.end_sessions_of(person, end);
  }
  Result<std::vector<std::string>> ended_since(Instant since) override { return store_.ended_since(since); }
  Result<void> publish_key(const TokenKey& key) override { return store_.publish_key(key); }
  Result<std::vector<TokenKey>> keys() override { return store_.keys(); }
  Result<void> forget_expired(Instant before) override { return store_.forget_expired(before); }
  std::uint64_t generation() const override { return store_.generation(); }

 private:
  GrantStore& store_;
};

TEST_F(GrantsOfAHouse, OfTwoExchangesOfOneCodeAtOnceNeitherIsWorthAnything) {
  const std::string code = code_for(person());
  OneMomentBehind behind(*store_);
  Grants second(behind, *tokens_, clock_, [this](std::string_view kind, const std::string& detail) -> Result<void> {
    recorded_.emplace_back(kind, detail);
    return {};
  });
  TokenAnswer first;
  behind.meanwhile = [&] { first = exchange(code); };
  EXPECT_EQ(second.exchange_code(code, "reeve-cli", kRedirect, kVerifier).error, "invalid_grant");
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(store_->session(first.session.id).value()->ended);
  EXPECT_EQ(grants_->refresh(first.refresh_token, "reeve-cli").error, "invalid_grant");
  // Both that were said to have begun are said to have ended.
  EXPECT_THAT(kinds(), ElementsAre("identity.signed_in", "identity.signed_in", "identity.sign_in_ended",
                                   "identity.sign_in_ended"));
}

class GrantsWithADirectory : public GrantsOfAHouse {
 protected:
  GrantsWithADirectory() {
    directory_ = &people_;
    open();
    put(1, true);
  }
  void put(std::uint64_t version, bool active) {
    DirectoryChange change;
    change.entry.id = "usr_1";
    change.entry.name = "Dev@Example.com";
    change.entry.folded_name = fold_name(change.entry.name);
    change.entry.logins = {fold_case(change.entry.name)};
    change.entry.version = version;
    change.entry.active = active;
    change.entry.modified = clock_.now();
    if (!active) change.cut_off = change.entry.logins;
    change.kind = "identity.changed";
    ASSERT_EQ(entries_->change(change).value(), ChangeOutcome::kDone);
  }
  TokenAnswer refresh(const TokenAnswer& tokens) { return grants_->refresh(tokens.refresh_token, "reeve-cli"); }

  std::unique_ptr<DirectoryStore> entries_ = make_memory_directory();
  Directory people_{*entries_, DirectoryMode::kRequired, clock_};
};

/// As after a crash between the deactivation and the end of the sign-ins: the session is still there.
TEST_F(GrantsWithADirectory, ASignInFromBeforeADeactivationIsWorthNothingAfterTheReturn) {
  const TokenAnswer before = sign_in();
  ASSERT_TRUE(before.ok()) << before.description;
  clock_.advance(std::chrono::milliseconds(10));
  const std::string agreed = code_for(person());
  put(2, false);
  EXPECT_EQ(exchange(agreed).error, "invalid_grant");
  const auto asked = grants_->begin_confirmation({}, person(), "browser");
  ASSERT_FALSE(asked.ok()) << "whoever is refused in the end is not asked to agree first";
  EXPECT_EQ(asked.error().code, ErrorCode::kDenied);
  EXPECT_THAT(asked.error().message, HasSubstr("deactivated in the directory"));
  clock_.advance(std::chrono::milliseconds(10));
  put(3, true);
  OwnTokenVerifier verifier(*tokens_, clock_);
  EXPECT_FALSE(people_.admit(verifier.decide(before.access_token).principal).ok());
  EXPECT_EQ(refresh(before).error, "invalid_grant");
  EXPECT_TRUE(store_->session(before.session.id).value()->ended);
  EXPECT_EQ(recorded_.back().first, kSignInEndedKind);

  clock_.advance(std::chrono::milliseconds(10));
  const TokenAnswer after = sign_in();
  ASSERT_TRUE(after.ok()) << after.description;
  EXPECT_TRUE(people_.admit(verifier.decide(after.access_token).principal).ok()) << "within the same second";
  EXPECT_TRUE(refresh(after).ok());
}

TEST_F(GrantsWithADirectory, NoLeaverIsSentToSignInAgain) {
  const TokenAnswer tokens = sign_in();
  OwnTokenVerifier verifier(*tokens_, clock_, &people_);
  ASSERT_TRUE(verifier.decide(tokens.access_token).ok());
  clock_.advance(std::chrono::milliseconds(10));
  put(2, false);
  ASSERT_TRUE(store_->end_sessions_of("dev@example.com", {clock_.now(), std::string(kNotActive), {}}).ok());
  const auto about_a_leaver = AllOf(HasSubstr("directory ended the access of dev@example.com"),
                                    HasSubstr("identity provider"), Not(HasSubstr("Sign in")));
  const AuthOutcome outcome = verifier.decide(tokens.access_token);
  EXPECT_EQ(outcome.failure, AuthFailure::kRevoked);
  EXPECT_THAT(outcome.message, about_a_leaver);
  const TokenAnswer refused = refresh(tokens);
  EXPECT_EQ(refused.error, "invalid_grant");
  EXPECT_THAT(refused.description, about_a_leaver);
  clock_.advance(std::chrono::milliseconds(10));
  put(3, true);
  EXPECT_THAT(verifier.decide(tokens.access_token).message, HasSubstr("sign in anew"));
}

TEST_F(GrantsWithADirectory, WhatRenewsATokenDoesNotMakeTheSignInYounger) {
  TokenAnswer tokens = sign_in();
  clock_.advance(std::chrono::minutes(10));
  tokens = refresh(tokens);
  ASSERT_TRUE(tokens.ok());
  OwnTokenVerifier verifier(*tokens_, clock_);
  EXPECT_EQ(verifier.decide(tokens.access_token).principal->issued, tokens.session.created);
}

TEST_F(GrantsWithADirectory, AnAgreementFromBeforeADeactivationSignsNobodyInAfterTheReturn) {
  const std::string device = agreed_device(person());
  const std::string code = code_for(person());
  clock_.advance(std::chrono::seconds(1));
  put(2, false);
  clock_.advance(std::chrono::seconds(1));
  put(3, true);
  EXPECT_EQ(grants_->exchange_device(device, "reeve-cli").error, "invalid_grant");
  EXPECT_EQ(exchange(code).error, "invalid_grant");
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(GrantsWithADirectory, WhoeverIsNotInItIsNotSignedIn) {
  const auto stranger = grants_->begin_confirmation({}, person("eve@example.com"), "browser");
  ASSERT_FALSE(stranger.ok());
  EXPECT_THAT(stranger.error().message, HasSubstr("not in the directory"));
}

TEST(UserCode, IsReadAsPeopleTypeIt) {
  EXPECT_EQ(normal_user_code("bcdf-ghjk"), "BCDFGHJK");
  EXPECT_EQ(normal_user_code(" BCDF GHJK "), "BCDFGHJK");
  for (const char* wrong : {"", "BCDF", "BCDF-GHJKL", "ACDF-GHJK", "BCDF_GHJK", "BCDF-GHJ1"}) {
    EXPECT_THAT(normal_user_code(wrong), IsEmpty()) << wrong;
  }
  for (int i = 0; i < 50; ++i) {
    const std::string code = make_user_code();
    EXPECT_EQ(normal_user_code(code), code);
  }
}

}  // namespace
}  // namespace reeve::identity
