#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/issuer_for_tests.h"
#include "identity/issuer_keys.h"
#include "identity/jwt.h"
#include "identity/token_verifier.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNowSeconds = 1'700'000'000;
const std::string kIssuer = "https://idp.example.com";
const std::string kDiscovery = kIssuer + "/.well-known/openid-configuration";
const std::string kKeys = kIssuer + "/keys";

const SigningKey& rsa_key() {
  static const SigningKey key = SigningKey::rsa(2048, "rsa-1");
  return key;
}

struct Pending {
  std::optional<AuthOutcome> outcome;
};
Task<void> authenticate_into(Authenticator& authenticator, std::string credential, std::shared_ptr<Pending> pending) {
  pending->outcome = co_await authenticator.authenticate(credential);
}

class OidcAuthentication : public ::testing::Test {
 protected:
  OidcAuthentication() {
    client_.answers[kDiscovery] = {.body = R"({"issuer":")" + kIssuer + R"(","jwks_uri":")" + kKeys + "\"}"};
    publish({ec_.jwk(), rsa_key().jwk()});
    issuer_.issuer = kIssuer;
    issuer_.audience = "reeve";
    restart();
  }

  void restart() { authenticator_ = Authenticator::create({.issuers = {issuer_}, .clock = &clock_}, *store_, client_); }

  void publish(const std::vector<std::string>& keys) {
    std::string list;
    for (const std::string& key : keys) list += (list.empty() ? "" : ",") + key;
    client_.answers[kKeys] = {.body = R"({"keys":[)" + list + "]}"};
  }

  std::string claims(const std::string& more = "", const std::string& issuer = kIssuer) const {
    return R"({"iss":")" + issuer +
           R"(","aud":"reeve","sub":"u-1","email":"dev@example.com","groups":["developers"],)" + R"("exp":)" +
           std::to_string(unix_seconds(clock_.now()) + 3600) + more + "}";
  }

  std::shared_ptr<Pending> start(const std::string& credential) {
    auto pending = std::make_shared<Pending>();
    start_detached(authenticate_into(*authenticator_, credential, pending));
    return pending;
  }

  AuthOutcome authenticate(const std::string& credential) {
    const auto pending = start(credential);
    if (!pending->outcome) {
      ADD_FAILURE() << "still waiting";
      return {};
    }
    return *pending->outcome;
  }

  void expect_refused(const std::string& credential, AuthFailure failure, const std::string& what = "") {
    const auto outcome = authenticate(credential);
    EXPECT_FALSE(outcome.ok()) << what;
    EXPECT_EQ(auth_failure_name(outcome.failure), auth_failure_name(failure)) << what << ": " << outcome.message;
    EXPECT_FALSE(outcome.message.empty()) << what;
    for (std::size_t at = 0; at + 12 <= credential.size(); at += 5) {
      ASSERT_THAT(outcome.message, Not(HasSubstr(credential.substr(at, 12)))) << what;
    }
  }

  std::size_t fetches() const {
    return static_cast<std::size_t>(std::count(client_.asked.begin(), client_.asked.end(), kKeys));
  }

  ManualClock clock_{from_unix_seconds(kNowSeconds)};
  SigningKey ec_ = SigningKey::ec("P-256", "ec-1");
  MemoryClient client_;
  std::unique_ptr<KeyStore> store_ = make_memory_key_store();
  OidcIssuer issuer_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(OidcAuthentication, KnowsTheBearerAndRemembers) {
  const std::string token = ec_.token("ES256", claims());
  EXPECT_FALSE(authenticator_->authenticate_now(token).has_value()) << "the keys must be fetched first";
  const auto outcome = authenticate(token);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.principal->id, "dev@example.com");
  EXPECT_EQ(outcome.principal->issuer, kIssuer);
  EXPECT_EQ(outcome.principal->groups, std::vector<std::string>{"developers"});
  const auto again = authenticator_->authenticate_now(token);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->principal, outcome.principal) << "the same object, out of memory";
  EXPECT_TRUE(authenticator_->authenticate_now(rsa_key().token("PS256", claims()))->ok());
  EXPECT_EQ(fetches(), 1u);
}

TEST_F(OidcAuthentication, TakesKeysOfEveryKind) {
  const SigningKey p384 = SigningKey::ec("P-384", "q");
  const SigningKey ed = SigningKey::ed25519("");
  publish({p384.jwk(), ed.jwk(), rsa_key().jwk(R"(,"use":"sig")"), ec_.jwk(R"(,"alg":"ES256")")});
  EXPECT_TRUE(authenticate(p384.token("ES384", claims())).ok());
  EXPECT_TRUE(authenticate(ed.token("EdDSA", claims())).ok()) << "neither key nor token has a kid";
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  for (const char* algorithm : {"RS256", "RS384", "RS512", "PS256"}) {
    EXPECT_TRUE(authenticate(rsa_key().token(algorithm, claims())).ok()) << algorithm;
  }
}

TEST_F(OidcAuthentication, RefusesEveryForgery) {
  const std::string body = claims();
  const SigningKey stranger = SigningKey::ec("P-256", "ec-1");
  const std::string good = ec_.token("ES256", body);
  const std::string input = good.substr(0, good.rfind('.'));
  const auto unsigned_with = [&](const std::string& header) { return to_base64url(header) + "." + to_base64url(body); };

  expect_refused(stranger.token("ES256", body), AuthFailure::kBadSignature, "another key under the same kid");
  expect_refused(unsigned_with(R"({"alg":"none"})") + ".", AuthFailure::kBadSignature, "alg none");
  expect_refused(unsigned_with(R"({"alg":"none"})") + good.substr(good.rfind('.')), AuthFailure::kBadSignature,
                 "none+");
  for (const std::string& secret : {rsa_key().pem(), rsa_key().jwk(), ec_.pem()}) {
    const std::string forged = unsigned_with(R"({"alg":"HS256","kid":"rsa-1"})");
    expect_refused(forged + "." + to_base64url(as_bytes(hmac_sha256(secret, forged))), AuthFailure::kBadSignature,
                   "HS256 with the public key as its secret");
    const std::string disguised = unsigned_with(R"({"alg":"RS256","kid":"rsa-1"})");
    expect_refused(disguised + "." + to_base64url(as_bytes(hmac_sha256(secret, disguised))), AuthFailure::kBadSignature,
                   "the same, called RS256");
  }
  expect_refused(ec_.token_with_header("ES256", R"({"alg":"ES256","kid":"rsa-1"})", body), AuthFailure::kBadSignature,
                 "the kid of an RSA key");
  expect_refused(rsa_key().token_with_header("RS256", R"({"alg":"ES256","kid":"rsa-1"})", body),
                 AuthFailure::kBadSignature, "RSA signature called ES256");
  expect_refused(rsa_key().token_with_header("RS256", R"({"alg":"PS256","kid":"rsa-1"})", body),
                 AuthFailure::kBadSignature, "padding swapped");
  expect_refused(stranger.token_with_header("ES256", R"({"alg":"ES256","jwk":)" + stranger.jwk() + "}", body),
                 AuthFailure::kBadSignature, "a key that the token brings along");
  expect_refused(
      stranger.token_with_header("ES256", R"({"alg":"ES256","kid":"x","jku":"https://evil.example.com/keys"})", body),
      AuthFailure::kBadSignature, "an address of keys that the token brings along");
  expect_refused(input + "." + to_base64url(std::string(64, '\0')), AuthFailure::kBadSignature, "r = s = 0");
  expect_refused(input + "." + to_base64url(std::string(63, '\1')), AuthFailure::kBadSignature, "short r and s");
  expect_refused(input + "." + to_base64url(std::string(96, '\1')), AuthFailure::kBadSignature, "long r and s");
  const std::string other = ec_.token("ES256", claims(R"(,"x":1)"));
  expect_refused(input + other.substr(other.rfind('.')), AuthFailure::kBadSignature, "the signature of another token");
  EXPECT_THAT(client_.asked, ::testing::Each(::testing::StartsWith(kIssuer))) << "nothing was fetched from elsewhere";
  EXPECT_TRUE(authenticate(good).ok());
}

TEST_F(OidcAuthentication, TellsWhyAGenuineTokenIsRefused) {
  expect_refused(ec_.token("ES256", claims("", "https://idp.example.com/")), AuthFailure::kForeignIssuer);
  expect_refused(ec_.token("ES256", claims("", "https://evil.example.com")), AuthFailure::kForeignIssuer);
  expect_refused(ec_.token("ES256", R"({"aud":"reeve","sub":"u","exp":1800000000})"), AuthFailure::kForeignIssuer);
  expect_refused(ec_.token("ES256", R"({"iss":"https://idp.example.com","aud":"x","sub":"u","exp":1800000000})"),
                 AuthFailure::kWrongAudience);
  expect_refused(ec_.token("ES256", R"({"iss":"https://idp.example.com","aud":"reeve","sub":"u","exp":1600000000})"),
                 AuthFailure::kExpired);
  expect_refused(ec_.token("ES256", claims(R"(,"nbf":1800000000)")), AuthFailure::kNotYetValid);
  expect_refused(ec_.token("ES256", claims(R"(,"groups":[])")), AuthFailure::kMalformed, "groups twice");
  expect_refused(ec_.token("ES256", claims(R"(,"x":")" + std::string(kTokenBytesMax, 'x') + "\"")),
                 AuthFailure::kMalformed);
  expect_refused("", AuthFailure::kMalformed);
  expect_refused("sk-ant-REDACTED", AuthFailure::kUnknown);
  expect_refused("a.b.c", AuthFailure::kMalformed);
  EXPECT_EQ(fetches(), 0u) << "none of these was worth a fetch";
}

TEST_F(OidcAuthentication, TwoAudiencesOfOneIssuer) {
  OidcIssuer second = issuer_;
  second.audience = "reeve-cli";
  second.groups_claim = "roles";
  authenticator_ = Authenticator::create({.issuers = {issuer_, second}, .clock = &clock_}, *store_, client_);
  const auto outcome = authenticate(ec_.token(
      "ES256", R"({"iss":"https://idp.example.com","aud":"reeve-cli","sub":"u","exp":1800000000,"roles":"a"})"));
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.principal->groups, std::vector<std::string>{"a"});
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
}

TEST_F(OidcAuthentication, RemembersNoLongerThanTheTokenLives) {
  const std::string token = ec_.token("ES256", claims());
  ASSERT_TRUE(authenticate(token).ok());
  clock_.advance(std::chrono::seconds(3600 + 59));
  publish({});
  ASSERT_TRUE(client_.answers.erase(kDiscovery) == 1);
  EXPECT_TRUE(authenticate(token).ok()) << "within the skew, with keys past their time to live";
  clock_.advance(std::chrono::seconds(1));
  expect_refused(token, AuthFailure::kExpired);
}

TEST_F(OidcAuthentication, AClockThatStepsBackForgets) {
  const std::string token = ec_.token("ES256", claims(R"(,"nbf":)" + std::to_string(kNowSeconds - 1000)));
  ASSERT_TRUE(authenticate(token).ok());
  clock_.step_wall_clock(-std::chrono::hours(1));
  expect_refused(token, AuthFailure::kNotYetValid);
}

TEST_F(OidcAuthentication, FindsANewKeyAndDropsARemovedOne) {
  const std::string old_token = ec_.token("ES256", claims());
  ASSERT_TRUE(authenticate(old_token).ok());
  const SigningKey fresh = SigningKey::ec("P-256", "ec-2");
  const std::string new_token = fresh.token("ES256", claims());
  expect_refused(new_token, AuthFailure::kBadSignature, "fetched a moment ago: not again for every unknown key");
  EXPECT_EQ(fetches(), 1u);
  publish({fresh.jwk()});
  clock_.advance(IssuerKeys::kRotationInterval);
  EXPECT_TRUE(authenticate(new_token).ok());
  EXPECT_EQ(fetches(), 2u);
  expect_refused(old_token, AuthFailure::kBadSignature, "remembered, but its key is gone");
  EXPECT_TRUE(authenticate(new_token).ok());
}

TEST_F(OidcAuthentication, ASecondSetOfKeysReleasesARefusedToken) {
  const SigningKey fresh = SigningKey::ec("P-256", "ec-1");
  ASSERT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  const std::string token = fresh.token("ES256", claims());
  expect_refused(token, AuthFailure::kBadSignature);
  publish({fresh.jwk()});
  clock_.advance(issuer_.jwks_time_to_live);
  EXPECT_TRUE(authenticate(token).ok());
}

TEST_F(OidcAuthentication, UnknownKeysCannotOrderFetches) {
  ASSERT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  for (int second = 0; second < 120; ++second) {
    const SigningKey stranger = SigningKey::ed25519("stranger-" + std::to_string(second));
    expect_refused(stranger.token("EdDSA", claims()), AuthFailure::kBadSignature);
    clock_.advance(std::chrono::seconds(1));
  }
  EXPECT_LE(fetches(), 5u);
}

TEST_F(OidcAuthentication, RenewsKeysBeforeTheyAgeWithoutMakingAnybodyWait) {
  ASSERT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  client_.hold = true;
  clock_.advance(issuer_.jwks_time_to_live / 10 * 9);
  EXPECT_TRUE(authenticator_->authenticate_now(ec_.token("ES256", claims()))->ok());
  EXPECT_EQ(client_.asked.size(), 3u) << "a fetch began beside";
  EXPECT_TRUE(authenticator_->authenticate_now(ec_.token("ES256", claims(R"(,"x":2)")))->ok());
  EXPECT_EQ(client_.asked.size(), 3u) << "and only one";
  client_.release();
  client_.release();
  EXPECT_EQ(fetches(), 2u);
  clock_.advance(issuer_.jwks_time_to_live / 2);
  EXPECT_TRUE(authenticator_->authenticate_now(ec_.token("ES256", claims(R"(,"x":3)")))->ok());
}

TEST_F(OidcAuthentication, AgedKeysAreFetchedAgainBeforeTheyAreUsed) {
  ASSERT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  publish({});
  clock_.advance(issuer_.jwks_time_to_live);
  expect_refused(ec_.token("ES256", claims(R"(,"x":1)")), AuthFailure::kBadSignature, "withdrawn by the issuer");
  EXPECT_EQ(fetches(), 2u);
}

TEST_F(OidcAuthentication, ManyWaitForOneFetch) {
  client_.hold = true;
  std::vector<std::shared_ptr<Pending>> waiting;
  for (int i = 0; i < 100; ++i) waiting.push_back(start(ec_.token("ES256", claims(R"(,"n":)" + std::to_string(i)))));
  EXPECT_EQ(client_.asked.size(), 1u);
  client_.release();
  EXPECT_EQ(client_.asked.size(), 2u);
  client_.hold = false;
  client_.release();
  for (const auto& pending : waiting) {
    ASSERT_TRUE(pending->outcome.has_value());
    EXPECT_TRUE(pending->outcome->ok());
  }
  EXPECT_EQ(fetches(), 1u);
}

TEST_F(OidcAuthentication, AWaitingRequestMayBeDestroyed) {
  client_.hold = true;
  const auto kept = start(ec_.token("ES256", claims()));
  {
    DetachedTasks connection;
    DetachedTasks::set_current(&connection);
    start(ec_.token("ES256", claims()));
    start(ec_.token("ES256", claims()));
    DetachedTasks::set_current(nullptr);
  }
  EXPECT_EQ(client_.asked.size(), 1u);
  client_.release();
  client_.release();
  ASSERT_TRUE(kept->outcome.has_value());
  EXPECT_TRUE(kept->outcome->ok());
}

TEST_F(OidcAuthentication, AFetchMayBeDestroyedWithItsLoop) {
  client_.hold = true;
  {
    DetachedTasks loop;
    DetachedTasks::set_current(&loop);
    start(ec_.token("ES256", claims()));
    start(ec_.token("ES256", claims()));
    DetachedTasks::set_current(nullptr);
    EXPECT_EQ(client_.asked.size(), 1u);
    client_.forget();
  }
  client_.hold = false;
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok()) << "a fetch that was destroyed blocks no later one";
}

TEST_F(OidcAuthentication, EndingItEndsTheFetch) {
  client_.hold = true;
  TokenVerifier verifier({issuer_}, clock_, client_);
  const auto step = verifier.decide(ec_.token("ES256", claims()));
  ASSERT_NE(step.wait_for, nullptr);
  start_detached(step.wait_for->refresh());
  EXPECT_EQ(client_.asked.size(), 1u);
  step.wait_for->cancel();
  EXPECT_EQ(step.wait_for->state(), IssuerKeys::State::kDown);
}

TEST_F(OidcAuthentication, AnIssuerThatIsDownFromTheStartIsUnavailable) {
  client_.answers.clear();
  const std::string token = ec_.token("ES256", claims());
  expect_refused(token, AuthFailure::kUnavailable);
  for (int i = 0; i < 50; ++i) expect_refused(token, AuthFailure::kUnavailable);
  EXPECT_EQ(client_.asked.size(), 1u) << "not asked again for every request";
  client_.answers[kDiscovery] = {.body = R"({"issuer":")" + kIssuer + R"(","jwks_uri":")" + kKeys + "\"}"};
  publish({ec_.jwk()});
  clock_.advance(IssuerKeys::kRetryAfter);
  EXPECT_TRUE(authenticate(token).ok());
}

TEST_F(OidcAuthentication, TheLastKeysServeForAWhileWhenTheIssuerGoesDown) {
  ASSERT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  const auto answers = std::exchange(client_.answers, {});
  clock_.advance(issuer_.jwks_time_to_live + std::chrono::minutes(1));
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  clock_.advance(IssuerKeys::kGrace - std::chrono::minutes(2));
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
  clock_.advance(std::chrono::minutes(1));
  expect_refused(ec_.token("ES256", claims()), AuthFailure::kUnavailable, "past the stated limit");
  client_.answers = answers;
  clock_.advance(IssuerKeys::kRetryAfter);
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
}

TEST_F(OidcAuthentication, BadAnswersOfTheIssuerAreAnOutage) {
  const auto good = client_.answers;
  const std::vector<std::pair<std::string, MemoryClient::Answer>> bad = {
      {kDiscovery, {.status = 500, .body = "oops"}},
      {kDiscovery, {.status = 302, .body = ""}},
      {kDiscovery, {.body = "<html>"}},
      {kDiscovery, {.body = R"({"issuer":"https://evil.example.com","jwks_uri":")" + kKeys + "\"}"}},
      {kDiscovery, {.body = R"({"issuer":")" + kIssuer + R"(","jwks_uri":"http://169.254.169.254/"})"}},
      {kDiscovery, {.body = std::string(KeySet::kDocumentBytesMax + 1, ' ')}},
      {kKeys, {.status = 404, .body = ""}},
      {kKeys, {.body = "{}"}},
      {kKeys, {.body = std::string(KeySet::kDocumentBytesMax + 1, ' ')}},
  };
  for (const auto& [address, answer] : bad) {
    client_.answers = good;
    client_.answers[address] = answer;
    restart();
    expect_refused(ec_.token("ES256", claims()), AuthFailure::kUnavailable, address + " " + answer.body.substr(0, 80));
  }
  EXPECT_THAT(client_.asked, Not(::testing::Contains(HasSubstr("169.254"))));
}

TEST_F(OidcAuthentication, AConnectionThatDiedInThePoolIsTriedAgain) {
  client_.answers[kDiscovery].stale_once = true;
  EXPECT_TRUE(authenticate(ec_.token("ES256", claims())).ok());
}

TEST_F(OidcAuthentication, AnIssuerWithoutTlsIsNotUsed) {
  issuer_.issuer = "http://idp.example.com";
  restart();
  expect_refused(ec_.token("ES256", claims("", issuer_.issuer)), AuthFailure::kUnavailable);
  EXPECT_TRUE(client_.asked.empty());
}

TEST_F(OidcAuthentication, FloodsStayWithinTheirBounds) {
  TokenVerifier verifier({issuer_}, clock_, client_);
  auto step = verifier.decide(ec_.token("ES256", claims()));
  start_detached(step.wait_for->refresh());
  const std::string good = ec_.token("ES256", claims());
  ASSERT_TRUE(verifier.decide(good).outcome->ok());
  for (std::size_t i = 0; i < TokenVerifier::kRefusedMax + 500; ++i) {
    const auto outcome = verifier.decide(std::to_string(i) + ".a.b").outcome;
    ASSERT_TRUE(outcome.has_value());
    EXPECT_FALSE(outcome->ok());
  }
  EXPECT_EQ(verifier.refused(), TokenVerifier::kRefusedMax);
  EXPECT_EQ(verifier.remembered(), 1u) << "garbage drives out no good token";
  EXPECT_TRUE(verifier.decide(good).outcome->ok());
}

TEST_F(OidcAuthentication, VirtualKeysNeedNoIssuer) {
  client_.answers.clear();
  const auto made = create_key(*store_, {.owner = "dev@example.com"}, clock_.now());
  const auto outcome = authenticator_->authenticate_now(made->secret);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->ok());
  ASSERT_TRUE(store_->revoke(made->key.id, clock_.now()).ok());
  EXPECT_EQ(authenticate(made->secret).failure, AuthFailure::kRevoked);
}

}  // namespace
}  // namespace reeve::identity
