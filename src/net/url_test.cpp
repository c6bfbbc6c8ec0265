#include <gtest/gtest.h>

#include "net/net.h"

namespace reeve::net {
namespace {

TEST(Url, TakesBaseUrlsApart) {
  const Url plain = *parse_url("http://127.0.0.1:11434/v1/");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, 11434);
  EXPECT_EQ(plain.path, "/v1");
  EXPECT_EQ(plain.authority(), "127.0.0.1:11434");

  const Url secure = *parse_url("HTTPS://Api.Example.com");
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.port, 443);
  EXPECT_EQ(secure.path, "");
  EXPECT_EQ(secure.authority(), "api.example.com");

  const Url v6 = *parse_url("http://[::1]:8080//a//");
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.path, "//a");
  EXPECT_EQ(v6.authority(), "[::1]:8080");
  EXPECT_EQ(parse_url("http://[fe80::1]")->authority(), "[fe80::1]");
}

TEST(Url, RefusesTheRestAndSaysWhy) {
  for (const char* text :
       {"", "example.com", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:65536",
        "http://a:", "http://a:8x", "http://a?b", "http://a#b", "http://a/b?c", "http://a b", "http://a/b c",
        "http://[::1", "http://[::1]x", "http://[a]", "http://a\r\nX: b", "http://::1"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalid);
    EXPECT_NE(url.error().message, "");
  }
}

TEST(Url, DoesNotRepeatAPassword) {
  const auto url = parse_url("https://user:hunter2@example.com");
  ASSERT_FALSE(url.ok());
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
}

TEST(ConnectionHeaders, AreKnownInAnyCase) {
  for (const char* name : {"Connection", "KEEP-ALIVE", "te", "Transfer-Encoding", "upgrade", "Trailer",
                           "proxy-authorization", "Proxy-Connection", "content-LENGTH"}) {
    EXPECT_TRUE(is_connection_header(name)) << name;
  }
  for (const char* name : {"Content-Type", "Host", "tea", "prox", "x-upgrade", "", "Trailers", "Expect"}) {
    EXPECT_FALSE(is_connection_header(name)) << name;
  }
}

TEST(Headers, KeepOrderAndCompareWithoutCase) {
  Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.get("a"), "1");
  EXPECT_EQ(headers.get("B"), "2");
  EXPECT_EQ(headers.count("A"), 2U);
  EXPECT_EQ(headers.find("c"), std::nullopt);
  EXPECT_EQ(headers.get("c"), "");
}

}  // namespace
}  // namespace reeve::net
