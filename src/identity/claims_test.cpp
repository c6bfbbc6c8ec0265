#include "identity/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kNowSeconds = 1'700'000'000;
const Instant kNow = from_unix_seconds(kNowSeconds);

OidcIssuer issuer() {
  OidcIssuer made;
  made.issuer = "https://idp.example.com";
  made.audience = "reeve";
  return made;
}

using Read = OrRefusal<std::shared_ptr<const Principal>>;

Read read(const std::string& json, const OidcIssuer& by = issuer(), Instant now = kNow) {
  const auto document = JsonDocument::parse(json);
  if (!document) ADD_FAILURE() << json;
  return read_claims(document->root(), by, now);
}

/// Claims that are fine but for `members`, which are put after them.
Read read_with(const std::string& members, const OidcIssuer& by = issuer()) {
  return read(R"({"aud":"reeve","sub":"u-1","exp":)" + std::to_string(kNowSeconds + 600) + members + "}", by);
}

const Principal& principal(const Read& outcome) {
  const auto* found = std::get_if<0>(&outcome);
  if (found == nullptr) {
    ADD_FAILURE() << std::get<Refusal>(outcome).message;
    static const Principal none;
    return none;
  }
  return **found;
}

void expect_refused(const Read& outcome, AuthFailure failure, const std::string& what = "") {
  const auto* refusal = std::get_if<Refusal>(&outcome);
  ASSERT_NE(refusal, nullptr) << what;
  EXPECT_EQ(auth_failure_name(refusal->failure), auth_failure_name(failure)) << what << ": " << refusal->message;
  EXPECT_FALSE(refusal->message.empty());
}

TEST(Claims, NameTheCaller) {
  const auto read = read_with(R"(,"email":"Dev@Example.com","groups":["b","a","b"])");
  const Principal& who = principal(read);
  EXPECT_EQ(who.id, "dev@example.com");
  EXPECT_EQ(who.type, "person");
  EXPECT_EQ(who.issuer, "https://idp.example.com");
  EXPECT_EQ(who.key_id, "");
  EXPECT_THAT(who.groups, ElementsAre("a", "b"));
  EXPECT_THAT(who.scopes, IsEmpty());
  EXPECT_EQ(who.expires, from_unix_seconds(kNowSeconds + 600));
}

TEST(Claims, AudienceMustBeOurs) {
  const auto with_audience = [](const std::string& json) {
    return read(R"({"sub":"u","exp":)" + std::to_string(kNowSeconds + 1) + R"(,"aud":)" + json + "}");
  };
  EXPECT_EQ(principal(with_audience(R"("reeve")")).id, "u");
  EXPECT_EQ(principal(with_audience(R"(["other","reeve"])")).id, "u");
  for (const char* json : {R"("other")", R"("Reeve")", R"("reeve ")", R"("reev")", R"("reeve2")", R"(["other"])", "[]",
                           R"([["reeve"]])", R"({"reeve":1})", "null", "7", R"("")", R"("other reeve")"}) {
    expect_refused(with_audience(json), AuthFailure::kWrongAudience, json);
  }
  expect_refused(read(R"({"sub":"u","exp":1800000000})"), AuthFailure::kWrongAudience);
}

TEST(Claims, TimesAreKeptWithTheSkew) {
  const auto at = [](const std::string& times, Duration skew = std::chrono::seconds(60)) {
    OidcIssuer by = issuer();
    by.clock_skew = skew;
    return read(R"({"aud":"reeve","sub":"u")" + times + "}", by);
  };
  const auto seconds = [](std::int64_t offset) { return std::to_string(kNowSeconds + offset); };
  EXPECT_EQ(principal(at(R"(,"exp":)" + seconds(1))).id, "u");
  EXPECT_EQ(principal(at(R"(,"exp":)" + seconds(-59))).id, "u");
  EXPECT_EQ(principal(at(R"(,"exp":)" + seconds(-59) + ".5")).id, "u");
  expect_refused(at(R"(,"exp":)" + seconds(-60)), AuthFailure::kExpired);
  expect_refused(at(R"(,"exp":)" + seconds(0), Duration(0)), AuthFailure::kExpired);
  expect_refused(at(R"(,"exp":0)"), AuthFailure::kExpired);
  EXPECT_EQ(principal(at(R"(,"exp":99999999999999)")).id, "u");
  EXPECT_EQ(principal(at(R"(,"exp":1e300)")).id, "u");
  const std::string fine = R"(,"exp":)" + seconds(600);
  for (const std::string name : {"nbf", "iat"}) {
    EXPECT_EQ(principal(at(fine + ",\"" + name + "\":" + seconds(60))).id, "u");
    expect_refused(at(fine + ",\"" + name + "\":" + seconds(61)), AuthFailure::kNotYetValid, name);
    expect_refused(at(fine + ",\"" + name + "\":1e300"), AuthFailure::kNotYetValid, name);
    for (const char* bad : {R"("1")", "null", "[]", "-1", "true"}) {
      expect_refused(at(fine + ",\"" + name + "\":" + bad), AuthFailure::kMalformed, name + bad);
    }
  }
  for (const char* bad : {"", R"(,"exp":"1800000000")", R"(,"exp":null)", R"(,"exp":-5)", R"(,"exp":[1800000000])"}) {
    expect_refused(at(bad), AuthFailure::kMalformed, bad);
  }
}

TEST(Claims, AnEmailThatIsNotVerifiedNamesNobody) {
  EXPECT_EQ(principal(read_with(R"(,"email":"boss@example.com","email_verified":false)")).id, "u-1");
  EXPECT_EQ(principal(read_with(R"(,"email":"boss@example.com","email_verified":"false")")).id, "u-1");
  EXPECT_EQ(principal(read_with(R"(,"email":"dev@example.com","email_verified":true)")).id, "dev@example.com");
  EXPECT_EQ(principal(read_with(R"(,"email":"dev@example.com","email_verified":"true")")).id, "dev@example.com");
  EXPECT_EQ(principal(read_with(R"(,"email":"")")).id, "u-1");
  EXPECT_EQ(principal(read_with(R"(,"email":["dev@example.com"])")).id, "u-1");
}

TEST(Claims, ThePersonMayBeNamedElsewhere) {
  OidcIssuer by = issuer();
  by.person_claim = "profile.login";
  by.team_claim = "org.team";
  const auto read = read_with(R"(,"profile":{"login":"Dev"},"org":{"team":"payments"})", by);
  EXPECT_EQ(principal(read).id, "Dev");
  EXPECT_EQ(principal(read).team, "payments");
  EXPECT_EQ(principal(read_with("", by)).team, "");
  expect_refused(read_with(R"(,"org":{"team":["a"]})", by), AuthFailure::kMalformed);
}

TEST(Claims, NamesAreReadableText) {
  for (const char* bad : {R"("a\nb")", R"("a\u0000b")", R"(" a")", R"("\u001b[31m")"}) {
    expect_refused(read_with(std::string(R"(,"email":)") + bad), AuthFailure::kMalformed, bad);
  }
  expect_refused(read_with(R"(,"email":")" + std::string(300, 'a') + "\""), AuthFailure::kMalformed);
  expect_refused(read(R"({"aud":"reeve","exp":1800000000})"), AuthFailure::kMalformed, "nobody");
  expect_refused(read(R"({"aud":"reeve","exp":1800000000,"sub":5})"), AuthFailure::kMalformed, "a number");
  EXPECT_EQ(principal(read_with(R"(,"email":"Zoë Müller")")).id, "Zoë Müller");
}

TEST(Claims, GroupsComeAsListOrText) {
  EXPECT_THAT(principal(read_with("")).groups, IsEmpty());
  EXPECT_THAT(principal(read_with(R"(,"groups":null)")).groups, IsEmpty());
  EXPECT_THAT(principal(read_with(R"(,"groups":[])")).groups, IsEmpty());
  EXPECT_THAT(principal(read_with(R"(,"groups":"  beta alpha  beta ")")).groups, ElementsAre("alpha", "beta"));
  EXPECT_THAT(principal(read_with(R"(,"groups":["with space","ä"])")).groups, ElementsAre("with space", "ä"));
}

TEST(Claims, GroupsMayLieDeeperOrUnderAnAddress) {
  OidcIssuer by = issuer();
  by.groups_claim = "realm_access.roles";
  EXPECT_THAT(principal(read_with(R"(,"realm_access":{"roles":["dev"]})", by)).groups, ElementsAre("dev"));
  by.groups_claim = "https://example.com/groups";
  EXPECT_THAT(principal(read_with(R"(,"https://example.com/groups":["dev"])", by)).groups, ElementsAre("dev"));
}

TEST(Claims, GroupsThatCannotBeReadRefuseTheToken) {
  for (const char* bad : {R"({"a":1})", "5", "true", R"([1])", R"([["a"]])", R"([null])", R"([""])", R"(["a\nb"])",
                          R"(["a","a\u0000"])", R"("a \u0001")"}) {
    expect_refused(read_with(std::string(R"(,"groups":)") + bad), AuthFailure::kMalformed, bad);
  }
  expect_refused(read_with(R"(,"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{}})"),
                 AuthFailure::kMalformed, "a group that is not listed might be one that is denied");
  expect_refused(read_with(R"(,"hasgroups":true)"), AuthFailure::kMalformed);
  std::string many = R"(,"groups":["g")";
  for (int i = 0; i < 1000; ++i) many += R"(,"g")";
  expect_refused(read_with(many + "]"), AuthFailure::kMalformed);
}

TEST(Claims, AClientThatActsForItselfIsAService) {
  EXPECT_EQ(principal(read_with(R"(,"client_id":"u-1")")).type, "service");
  EXPECT_EQ(principal(read_with(R"(,"azp":"u-1")")).type, "service");
  EXPECT_EQ(principal(read_with(R"(,"idtyp":"app")")).type, "service");
  EXPECT_EQ(principal(read_with(R"(,"client_id":"cli","azp":"cli")")).type, "person");
}

TEST(Claims, ALogoutTokenSignsNobodyIn) {
  expect_refused(read_with(R"(,"events":{"http://schemas.openid.net/event/backchannel-logout":{}})"),
                 AuthFailure::kMalformed);
}

}  // namespace
}  // namespace reeve::identity
