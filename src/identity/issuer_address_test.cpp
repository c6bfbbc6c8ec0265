#include "identity/issuer_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;

TEST(DocumentAddress, IsSplitIntoOriginAndPath) {
  const auto address = parse_document_address("https://idp.example.com:8443/a/keys/?p=one&q=two");
  ASSERT_TRUE(address.ok()) << address.error().message;
  EXPECT_TRUE(address->origin.tls);
  EXPECT_EQ(address->origin.host, "idp.example.com");
  EXPECT_EQ(address->origin.port, 8443);
  EXPECT_EQ(address->origin.path, "");
  EXPECT_EQ(address->path_and_query, "/a/keys/?p=one&q=two") << "a slash at the end is a part of the path";
  EXPECT_EQ(parse_document_address("https://idp.example.com?x")->path_and_query, "/?x");
  EXPECT_EQ(parse_document_address("https://idp.example.com")->path_and_query, "");
}

TEST(DocumentAddress, IsHttpsButOnThisMachine) {
  for (const char* good : {"http://127.0.0.1:80/x", "http://localhost:9000", "http://[::1]:9000/", "http://127.8.9.1",
                           "http://LOCALHOST/", "https://idp.example.com/"}) {
    EXPECT_TRUE(parse_document_address(good).ok()) << good;
  }
  for (const char* bad : {"http://idp.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com",
                          "http://127.0.0.1.5", "http://127.0.0", "http://10.0.0.1", "http://[::2]", "http://127.0.0.x",
                          "ftp://127.0.0.1", "idp.example.com", "", "file:///etc/passwd", "https://",
                          "https://user@idp.example.com", "https://idp.example.com/#x", "https://idp.example.com/a b",
                          "https://idp.example.com/\n", "https://idp.example.com:0", "https://idp.example.com:70000"}) {
    EXPECT_FALSE(parse_document_address(bad).ok()) << bad;
  }
  EXPECT_FALSE(parse_document_address("https://idp.example.com/" + std::string(3000, 'a')).ok());
}

TEST(Discovery, LiesBelowTheIssuer) {
  EXPECT_EQ(discovery_address("https://idp.example.com"), "https://idp.example.com/.well-known/openid-configuration");
  EXPECT_EQ(discovery_address("https://idp.example.com/"), "https://idp.example.com/.well-known/openid-configuration");
  EXPECT_EQ(discovery_address("https://idp.example.com/realms/one"),
            "https://idp.example.com/realms/one/.well-known/openid-configuration");
}

TEST(Discovery, MustBeThatOfTheIssuer) {
  const auto read = [](const std::string& document, const char* issuer = "https://idp.example.com") {
    return read_discovery(document, issuer);
  };
  const auto good = read(R"({"issuer":"https://idp.example.com","jwks_uri":"https://keys.example.com/set"})");
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->origin.host, "keys.example.com");
  EXPECT_EQ(good->path_and_query, "/set");
  for (const char* bad : {
           R"({"issuer":"https://idp.example.com/","jwks_uri":"https://idp.example.com/k"})",
           R"({"issuer":"https://IDP.example.com","jwks_uri":"https://idp.example.com/k"})",
           R"({"issuer":"https://evil.example.com","jwks_uri":"https://idp.example.com/k"})",
           R"({"jwks_uri":"https://idp.example.com/k"})",
           R"({"issuer":["https://idp.example.com"],"jwks_uri":"https://idp.example.com/k"})",
           R"({"issuer":"https://idp.example.com"})",
           R"({"issuer":"https://idp.example.com","jwks_uri":5})",
           R"({"issuer":"https://idp.example.com","jwks_uri":"http://idp.example.com/k"})",
           R"({"issuer":"https://idp.example.com","jwks_uri":"http://127.0.0.1:2375/containers"})",
           R"({"issuer":"https://idp.example.com","jwks_uri":"file:///etc/passwd"})",
           R"([])",
           R"(<html>)",
       }) {
    EXPECT_FALSE(read(bad).ok()) << bad;
  }
  EXPECT_TRUE(read(R"({"issuer":"http://127.0.0.1:9","jwks_uri":"http://127.0.0.1:9/k"})", "http://127.0.0.1:9").ok());
}

TEST(CheckIssuer, SaysWhatIsWrong) {
  OidcIssuer good;
  good.issuer = "https://idp.example.com";
  good.audience = "reeve";
  EXPECT_TRUE(check_issuer(good).ok());
  const auto expect_wrong = [&](auto&& change, const char* what) {
    OidcIssuer bad = good;
    change(bad);
    const auto checked = check_issuer(bad);
    ASSERT_FALSE(checked.ok()) << what;
    EXPECT_THAT(checked.error().message, HasSubstr(what));
  };
  expect_wrong([](OidcIssuer& i) { i.issuer = "http://idp.example.com"; }, "https://");
  expect_wrong([](OidcIssuer& i) { i.issuer = "idp"; }, "idp");
  expect_wrong([](OidcIssuer& i) { i.issuer += "?tenant=1"; }, "query");
  expect_wrong([](OidcIssuer& i) { i.audience = ""; }, "audience");
  expect_wrong([](OidcIssuer& i) { i.groups_claim = ""; }, "groups_claim");
  expect_wrong([](OidcIssuer& i) { i.clock_skew = std::chrono::hours(1); }, "skew");
  expect_wrong([](OidcIssuer& i) { i.clock_skew = std::chrono::seconds(-1); }, "skew");
  expect_wrong([](OidcIssuer& i) { i.jwks_time_to_live = Duration(0); }, "time to live");
  expect_wrong([](OidcIssuer& i) { i.jwks_time_to_live = std::chrono::hours(48); }, "time to live");
}

}  // namespace
}  // namespace reeve::identity
