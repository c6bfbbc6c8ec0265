#include <gmock/gmock.h>

#include <algorithm>

#include "reeve/config.h"

namespace reeve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  Config config;
  std::vector<Diagnostic> complaints;
  /// The first error; that secrets stand in clear is only a warning.
  std::string first() const {
    const auto found = std::find_if(complaints.begin(), complaints.end(), [](const Diagnostic& complaint) {
      return complaint.severity == Diagnostic::Severity::kError;
    });
    return found == complaints.end() ? "" : found->to_string();
  }
};

Parsed parse(const std::string& identity) {
  Parsed parsed;
  parsed.config = parse_config("identity:\n" + identity, "reeve.yaml", "/etc/reeve", parsed.complaints);
  return parsed;
}

TEST(ConfigIdentity, ReadsAProviderWithWhichPeopleSignIn) {
  const auto parsed = parse(R"(
  public_url: https://reeve.example.com/
  tokens: {lifetime: 5m, session: 12h, rotate_keys: 7d, audience: calls}
  oidc:
    - issuer: https://idp.example.com
      audience: reeve
      name: Example Corp
      client_id: reeve-sign-in
      client_secret: secret
      scopes: openid groups
      groups_from: userinfo
      group_map: {8f3a: payments, 77aa: [developers, contractors]}
      group_parents: {payments: engineering}
      unmapped_groups: drop
)");
  EXPECT_EQ(parsed.first(), "");
  EXPECT_EQ(parsed.config.public_url, "https://reeve.example.com");
  EXPECT_EQ(parsed.config.tokens.lifetime, std::chrono::minutes(5));
  EXPECT_EQ(parsed.config.tokens.session, std::chrono::hours(12));
  EXPECT_EQ(parsed.config.tokens.rotate_keys, std::chrono::hours(168));
  EXPECT_EQ(parsed.config.tokens.audience, "calls");
  const auto& issuer = parsed.config.issuers.at(0);
  EXPECT_EQ(issuer.client_id, "reeve-sign-in");
  EXPECT_EQ(issuer.client_secret, "secret");
  EXPECT_EQ(issuer.name, "Example Corp");
  EXPECT_EQ(issuer.scopes, "openid groups");
  EXPECT_TRUE(issuer.groups_from_userinfo);
  EXPECT_FALSE(issuer.group_rules.keep_unnamed);
  EXPECT_THAT(issuer.group_rules.names.at("77aa"), ElementsAre("developers", "contractors"));
  EXPECT_THAT(issuer.group_rules.parents.at("payments"), ElementsAre("engineering"));
}

TEST(ConfigIdentity, PointsAtTheMistakeAndNamesTheWayOut) {
  const auto complains = [](const std::string& text, std::string_view where, const std::string& what) {
    const std::string first = parse(text).first();
    EXPECT_TRUE(first.starts_with("reeve.yaml:" + std::string(where))) << first;
    EXPECT_THAT(first, HasSubstr(what));
  };
  const std::string issuer = "  oidc:\n    - issuer: https://idp.example.com\n      audience: reeve\n";
  complains("  publik_url: https://x.example\n", "2:3:", "did you mean 'public_url'");
  complains("  public_url: http://reeve.example.com\n", "2:15:", "https://");
  complains("  public_url: https://reeve.example.com/here\n", "2:15:", "no path");
  complains("  tokens: {lifetime: 2h}\n", "2:", "1m to 1h");
  complains("  tokens: {session: soon}\n", "2:21:", "soon");
  complains(issuer + "      client_secret: x\n", "5:22:", "client_id");
  complains(issuer + "      client_id: x\n      scopes: email\n", "6:15:", "openid");
  complains(issuer + "      client_id: x\n      groups_from: moon\n", "6:20:", "userinfo");
  complains(issuer + "      unmapped_groups: perhaps\n", "5:24:", "'drop'");
  complains(issuer + "      unmapped_groups: drop\n", "5:24:", "group_map");
  complains(issuer + "      group_map: [a]\n", "5:18:", "mapping");
  complains(issuer + "      group_map: {a: {b: c}}\n", "5:22:", "name of a group");
}

TEST(ConfigIdentity, ReadsWhoMaySayWhereARequestComesFrom) {
  const auto read = [](const std::string& text) {
    Parsed parsed;
    parsed.config = parse_config("trusted_proxies: " + text + "\n", "reeve.yaml", "/etc/reeve", parsed.complaints);
    return parsed;
  };
  const net::Headers headers{{"x-real-ip", "198.51.100.1"}, {"x-forwarded-for", "203.0.113.5"}};
  const auto plain = read("{addresses: [10.0.0.0/8]}");
  EXPECT_EQ(plain.first(), "");
  EXPECT_EQ(plain.config.trusted_proxies.client_address("10.0.0.1", headers), "203.0.113.5");
  const auto named = read("{header: X-Real-IP, addresses: [10.0.0.0/8]}");
  EXPECT_EQ(named.config.trusted_proxies.client_address("10.0.0.1", headers), "198.51.100.1");
  for (const char* wrong : {"10.0.0.0/8", "{header: x}", "{addresses: [proxy.example.com]}",
                            "{addresses: [\"::1\"], header: two words}", "{addresses: [\"::1\"], trust: all}"}) {
    EXPECT_TRUE(read(wrong).first().starts_with("reeve.yaml:1:")) << wrong << ": " << read(wrong).first();
  }
}

TEST(ConfigIdentity, OnThisMachinePlainHttpWillDo) {
  EXPECT_THAT(parse("  public_url: http://127.0.0.1:8484\n").complaints, IsEmpty());
  EXPECT_THAT(parse("  public_url: http://localhost:8484\n").complaints, IsEmpty());
}

}  // namespace
}  // namespace reeve::app
