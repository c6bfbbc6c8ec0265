#include <gtest/gtest.h>

#include "identity/identity.h"

namespace reeve::identity {
namespace {

TrustedProxies trusted(std::string_view header = "X-Forwarded-For") {
  const std::vector<std::string> networks{"10.0.0.0/8", "127.0.0.1", "fd00::/8", "172.16.0.0/12"};
  return TrustedProxies::create(header, networks).value();
}

std::string behind(std::string_view peer, std::initializer_list<net::Header> fields,
                   std::string_view header = "x-forwarded-for") {
  return trusted(header).client_address(peer, net::Headers(fields));
}

TEST(TrustedProxies, NobodyIsBelievedWhoIsNotOne) {
  EXPECT_EQ(TrustedProxies().client_address("203.0.113.9", net::Headers{{"x-forwarded-for", "198.51.100.1"}}),
            "203.0.113.9");
  EXPECT_EQ(behind("203.0.113.9", {{"x-forwarded-for", "198.51.100.1"}}), "203.0.113.9");
  EXPECT_EQ(behind("172.32.0.1", {{"x-forwarded-for", "198.51.100.1"}}), "172.32.0.1") << "outside of 172.16.0.0/12";
  EXPECT_EQ(behind("11.0.0.1", {{"x-forwarded-for", "198.51.100.1"}}), "11.0.0.1");
}

TEST(TrustedProxies, TheRightMostThatIsNotOneIsTheClient) {
  EXPECT_EQ(behind("10.1.2.3", {}), "10.1.2.3");
  EXPECT_EQ(behind("10.1.2.3", {{"X-Forwarded-For", "198.51.100.1"}}), "198.51.100.1");
  EXPECT_EQ(behind("::ffff:10.1.2.3", {{"x-forwarded-for", "198.51.100.1"}}), "198.51.100.1");
  EXPECT_EQ(behind("172.31.0.1", {{"x-forwarded-for", "198.51.100.1"}}), "198.51.100.1");
  // What stands further left is what the client made up.
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "1.1.1.1, 198.51.100.1,10.9.9.9"}}), "198.51.100.1");
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "198.51.100.1"}}), "198.51.100.1");
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "10.4.4.4, 10.5.5.5"}}), "10.4.4.4") << "all of them are proxies";
  EXPECT_EQ(behind("127.0.0.1", {{"x-forwarded-for", "2001:db8::7"}}), "2001:db8::7");
  EXPECT_EQ(behind("fd00::1", {{"x-forwarded-for", "[2001:db8::7]:4711"}}), "2001:db8::7");
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "198.51.100.1:80"}}), "198.51.100.1");
}

TEST(TrustedProxies, WhatIsNoAddressEndsTheSearch) {
  for (const char* odd : {"unknown", "", "198.51.100.1 x", "_hidden", "::1::", "999.1.1.1", "198.51.100.1,"}) {
    EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", odd}}), "10.1.2.3") << odd;
  }
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "198.51.100.1, unknown, 10.7.7.7"}}), "10.7.7.7");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "10.0.0.1, ";
  EXPECT_EQ(behind("10.1.2.3", {{"x-forwarded-for", "198.51.100.1, " + many + "10.0.0.2"}}), "10.0.0.1") << "bounded";
}

TEST(TrustedProxies, ReadTheirOwnFieldOnly) {
  const auto forwarded = [](std::string_view value) { return behind("10.1.2.3", {{"forwarded", value}}, "forwarded"); };
  EXPECT_EQ(forwarded("for=192.0.2.43;proto=https"), "192.0.2.43");
  EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=1.1.1.1, proto=http;for=192.0.2.43"), "192.0.2.43");
  // A quote that is never closed swallows nothing of what the proxy wrote.
  EXPECT_EQ(forwarded("for=\"1.1.1.1, for=192.0.2.43"), "192.0.2.43");
  EXPECT_EQ(forwarded("proto=https"), "10.1.2.3");
  EXPECT_EQ(behind("10.1.2.3", {{"x-real-ip", "192.0.2.43"}, {"x-forwarded-for", "1.1.1.1"}}, "x-real-ip"),
            "192.0.2.43");
}

TEST(TrustedProxies, RefuseWhatMakesNoSense) {
  const auto refused = [](std::string_view header, const std::string& network) {
    return !TrustedProxies::create(header, std::vector<std::string>{network}).ok();
  };
  for (const char* wrong :
       {"", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "proxy.example.com", "10.0.0/8"}) {
    EXPECT_TRUE(refused("x-forwarded-for", wrong)) << wrong;
  }
  for (const char* wrong : {"", "two words", "x-forwarded-for:", "x\r\ny"}) EXPECT_TRUE(refused(wrong, "::1")) << wrong;
}

TEST(AddressGroup, IsWhatOneCustomerHas) {
  EXPECT_EQ(address_group("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_group("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_group("2001:db8:1:2::1"), address_group("2001:db8:1:2:ffff::"));
  EXPECT_NE(address_group("2001:db8:1:3::1"), address_group("2001:db8:1:2::1"));
  EXPECT_EQ(address_group("nothing"), "nothing");
}

}  // namespace
}  // namespace reeve::identity
