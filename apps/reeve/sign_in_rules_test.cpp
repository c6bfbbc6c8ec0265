#include <gtest/gtest.h>

#include "reeve/sign_in_clients.h"
#include "reeve/sign_in_limits.h"
#include "reeve/sign_in_pages.h"

namespace reeve::app {
namespace {

const std::string kHere = "https://reeve.example.com";

TEST(SignInClients, GoToTheirRegisteredAddressesOnly) {
  const SignInClient& command = *find_sign_in_client("reeve-cli");
  EXPECT_TRUE(may_redirect(command, "http://127.0.0.1:1/callback", kHere));
  EXPECT_TRUE(may_redirect(command, "http://[::1]:65535/callback", kHere));
  for (const char* wrong :
       {"", "http://127.0.0.1/callback", "http://127.0.0.1:/callback", "http://127.0.0.1:123456/callback",
        "http://127.0.0.1:80/callback/", "http://127.0.0.1:80/callback?x", "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example:80/callback", "https://127.0.0.1:80/callback", "http://localhost:80/callback",
        "https://reeve.example.com/console/sign-in"}) {
    EXPECT_FALSE(may_redirect(command, wrong, kHere)) << wrong;
  }
  const SignInClient& console = *find_sign_in_client("console");
  EXPECT_TRUE(may_redirect(console, kHere + "/console/sign-in", kHere));
  EXPECT_FALSE(may_redirect(console, kHere + "/console/sign-in/x", kHere));
  EXPECT_FALSE(may_redirect(console, "http://127.0.0.1:1/callback", kHere));
  EXPECT_FALSE(may_redirect(*find_sign_in_client("claude-code"), "http://127.0.0.1:1/callback", kHere));
  EXPECT_EQ(find_sign_in_client("unknown"), nullptr);
}

TEST(SignInClients, AProgramThatSendsNoClientIdIsKnownByItsSurface) {
  EXPECT_EQ(find_device_client("", "claude_code")->id, "claude-code");
  EXPECT_EQ(find_device_client("", "another")->id, "");
  EXPECT_EQ(find_device_client("", "")->id, "");
  EXPECT_EQ(find_device_client("reeve-cli", "claude_code")->id, "reeve-cli") << "its word comes first";
  EXPECT_EQ(find_device_client("unknown", "claude_code"), nullptr);
  ASSERT_EQ(client_traits().size(), 1U);
  EXPECT_TRUE(client_traits()[0].sends_no_id && client_traits()[0].shares_tokens);
}

TEST(RateLimit, CountsForOneAndForAllAndBeginsAnew) {
  RateLimit limit(2, 3, std::chrono::minutes(1));
  const Moment now = Moment{} + std::chrono::hours(1);
  EXPECT_TRUE(limit.would_admit("a", now));
  EXPECT_TRUE(limit.admit("a", now));
  EXPECT_TRUE(limit.admit("a", now));
  EXPECT_FALSE(limit.admit("a", now));
  EXPECT_FALSE(limit.would_admit("a", now));
  EXPECT_TRUE(limit.admit("b", now));
  EXPECT_FALSE(limit.admit("c", now)) << "three of all";
  EXPECT_TRUE(limit.admit("a", now + std::chrono::minutes(1)));
}

TEST(SignInPages, EscapeWhatComesFromOutside) {
  const std::string hostile = "\"><img src=x onerror=alert(1)>'&";
  identity::Principal person;
  person.id = hostile;
  person.groups = {hostile};
  Confirmation confirmation{"form", hostile, {}, person, hostile};
  confirmation.purpose.asking = {"reeve-cli", hostile, hostile};
  confirmation.purpose.device_hash = "00";
  for (const WebAnswer& page :
       {confirmation_page(confirmation), code_page(hostile, hostile, hostile), failure_page(400, hostile, hostile),
        signed_in_page(person), leaving_page("https://idp.example.com/?a=1&b=2", hostile)}) {
    EXPECT_EQ(page.body.find("<img"), std::string::npos) << page.body;
    EXPECT_EQ(page.body.find("\">'"), std::string::npos) << page.body;
  }
}

}  // namespace
}  // namespace reeve::app
