#include "reeve/shadow_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string policy_yaml(const std::string& name, const std::string& rest) {
  return "---\nkind: Policy\nname: " + name + "\nowner: t\non: model.call\n" + rest;
}
const std::string kAllow = policy_yaml("everyone", "effect: allow\n");
std::string frontier_rule(const std::string& mode, const std::string& message = "No.") {
  return policy_yaml("later",
                     "match: {tiers: [frontier]}\nmode: " + mode + "\neffect: deny\nmessage: " + message + "\n");
}

std::shared_ptr<const policy::Bundle> rules(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto bundle = policy::Bundle::build(parse_yaml(yaml, "rules.yaml", complaints), complaints);
  EXPECT_TRUE(bundle) << (complaints.empty() ? "" : complaints.front().to_string());
  return bundle;
}

std::string intent(const policy::Bundle& bundle, const std::string& request, const std::string& person,
                   const std::string& time, const std::string& shadow = "") {
  return R"({"attempt":1,"decision":{"bundle":")" + bundle.digest() + R"(","effect":"allow","input":"sha256:00")" +
         shadow + R"(},"kind":"model.intent","model":{"asked":"claude-opus-4-6"},"principal":{"id":")" + person +
         R"("},"request_id":")" + request + R"(","seq":1,"time":")" + time + R"(","v":1})";
}
std::string outcome(const std::string& request, int nanos) {
  return R"({"attempt":1,"cost":{"nanos":)" + std::to_string(nanos) + R"(},"kind":"model.outcome","request_id":")" +
         request + R"(","seq":2,"time":"2026-11-20T10:00:00.000000Z","v":1})";
}
const std::string kWouldDeny = R"(,"shadow":["later"],"shadow_effect":"deny")";

ShadowTally tally_of(std::shared_ptr<const policy::Bundle> current,
                     std::vector<std::shared_ptr<const policy::Bundle>> known = {}) {
  const auto find = [known](const std::string& digest) {
    for (const auto& bundle : known) {
      if (bundle->digest() == digest) return bundle;
    }
    return std::shared_ptr<const policy::Bundle>();
  };
  return {std::move(current), find, std::nullopt};
}

TEST(ShadowTally, CountsWhatARuleWouldHaveDone) {
  const auto bundle = rules(kAllow + frontier_rule("shadow"));
  ShadowTally tally = tally_of(bundle);
  tally.feed(intent(*bundle, "req_a", "a@example.com", "2026-11-20T10:00:00.000000Z", kWouldDeny));
  tally.feed(intent(*bundle, "req_b", "b@example.com", "2026-11-21T10:00:00.000000Z"));
  tally.feed(intent(*bundle, "req_c", "c@example.com", "2026-11-22T10:00:00.000000Z", R"(,"shadow":["later"])"));
  tally.feed(outcome("req_a", 30));
  tally.feed(outcome("req_b", 500));
  ASSERT_EQ(tally.observations().size(), 1U);
  const ShadowObservation& seen = tally.observations()[0];
  EXPECT_EQ(seen.decisions, 3U);
  EXPECT_EQ(seen.first, "2026-11-20T10:00:00.000000Z");
  EXPECT_EQ(seen.last, "2026-11-22T10:00:00.000000Z");
  EXPECT_EQ(seen.matched, 2U);
  EXPECT_EQ(seen.changed, 1U);
  EXPECT_EQ(seen.refused, 1U);
  EXPECT_EQ(seen.refused_cost.nanos, 30);
  EXPECT_THAT(seen.people, ElementsAre("a@example.com", "c@example.com"));
  EXPECT_THAT(seen.models, ElementsAre("claude-opus-4-6"));
}

TEST(ShadowTally, LooksOnlyAtDecisionsUnderRulesThatHadItInThisForm) {
  const auto current = rules(kAllow + frontier_rule("shadow"));
  const auto reworded = rules(kAllow + frontier_rule("shadow", "Not any more."));
  const auto enforced = rules(kAllow + frontier_rule("enforce"));
  const auto without = rules(kAllow);
  ShadowTally tally = tally_of(current, {reworded, enforced, without});
  const std::string time = "2026-11-20T10:00:00.000000Z";
  for (const auto& bundle : {current, reworded, enforced, without}) tally.feed(intent(*bundle, "req_a", "a", time));
  EXPECT_EQ(tally.observations()[0].decisions, 2U);
  EXPECT_EQ(tally.bundle_unknown(), 0U);
  tally.feed(intent(*rules(kAllow + policy_yaml("more", "effect: allow\n")), "req_b", "a", time));
  EXPECT_EQ(tally.bundle_unknown(), 1U);
}

TEST(ShadowTally, ErrorsOfTheRuleCountAndThoseOfOthersDoNot) {
  const auto bundle = rules(kAllow + frontier_rule("shadow"));
  ShadowTally tally = tally_of(bundle);
  const std::string time = "2026-11-20T10:00:00.000000Z";
  tally.feed(intent(*bundle, "req_a", "a", time, R"(,"errors":["later: no such key","other: \"later: \""])"));
  tally.feed(intent(*bundle, "req_b", "a", time, R"(,"errors":["not-later: no such key"])"));
  EXPECT_EQ(tally.observations()[0].errors, 1U);
}

TEST(ShadowTally, PartsAddUp) {
  const auto bundle = rules(kAllow + frontier_rule("shadow"));
  ShadowTally one = tally_of(bundle);
  ShadowTally two = tally_of(bundle);
  one.feed(intent(*bundle, "req_a", "a", "2026-11-21T10:00:00.000000Z", kWouldDeny));
  two.feed(intent(*bundle, "req_b", "a", "2026-11-20T10:00:00.000000Z", kWouldDeny));
  two.feed(outcome("req_b", 7));
  one.merge(two);
  EXPECT_EQ(one.observations()[0].decisions, 2U);
  EXPECT_EQ(one.observations()[0].refused_cost.nanos, 7);
  EXPECT_EQ(one.observations()[0].observed(), std::chrono::hours(24));
  EXPECT_EQ(one.observations()[0].people.size(), 1U);
}

TEST(ShadowCriteria, SayWhatIsMissing) {
  ShadowObservation seen;
  seen.decisions = 1000;
  seen.refused = 10;
  seen.first = "2026-11-13T10:00:00.000000Z";
  seen.last = "2026-11-20T10:00:00.000000Z";
  EXPECT_THAT(seen.missing({}), IsEmpty());
  seen.refused = 11;
  EXPECT_THAT(seen.missing({}), ElementsAre("would refuse 1.1 % of calls, more than 1 %"));
  EXPECT_THAT(seen.missing(*ShadowCriteria::with_max_share("1.1%")), IsEmpty());
  seen.errors = 1;
  seen.decisions = 99;
  seen.refused = 0;
  seen.last = "2026-11-20T09:59:59.000000Z";
  EXPECT_THAT(seen.missing({}), ElementsAre("observed for 6 of 7 days", "asked about 99 of 100 decisions",
                                            "could not be evaluated 1 time"));
}

TEST(ShadowCriteria, TheShareIsAPercentage) {
  EXPECT_EQ(ShadowCriteria::with_max_share("0.25 %")->max_share(), "0.25 %");
  EXPECT_EQ(ShadowCriteria::with_max_share("100%")->max_share(), "100 %");
  for (const char* wrong : {"", "1", "%", "1.%", ".5%", "101%", "-1%", "1.0001%", "one%"}) {
    EXPECT_FALSE(ShadowCriteria::with_max_share(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace reeve::app
