#include "gateway/routing.h"

#include <gtest/gtest.h>

#include "gateway/call_facts.h"

namespace reeve::gateway {
namespace {

/// One model at three providers, and the rules that decide about calls to it.
class Routing : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, region, retention] :
         {std::tuple("us", "us", "30d"), std::tuple("eu-1", "eu", "30d"), std::tuple("eu-2", "eu", "zero")}) {
      Provider provider;
      provider.name = name;
      provider.region = region;
      provider.retention = retention;
      provider.dialects = {wire::Dialect::kAnthropic};
      settings_.providers.push_back(std::move(provider));
    }
    settings_.models.push_back({"claude-*", {0, 1, 2}, "frontier"});
  }

  /// Decides as a call to the first provider does; the name of the provider it goes to, or "none".
  std::string route(const std::string& rules) {
    std::vector<Diagnostic> complaints;
    const std::string allow = "{kind: Policy, name: allow, on: model.call, effect: allow}\n---\n";
    settings_.policy = policy::Bundle::build(parse_yaml(allow + rules, "p.yaml", complaints), complaints);
    EXPECT_TRUE(settings_.policy) << (complaints.empty() ? "" : complaints[0].to_string());
    decide_for(settings_.providers[0]);
    decided_for_.clear();
    const Provider* provider =
        route_call(settings_, settings_.models[0], wire::Dialect::kAnthropic, settings_.providers[0], decision_,
                   [this](const Provider& p) { decide_for(p); });
    return provider == nullptr ? "none" : provider->name;
  }

  void decide_for(const Provider& provider) {
    const identity::Principal principal;
    const wire::ClientHints hints;
    const net::Headers headers;
    const wire::Route path;
    const wire::RequestView view;
    const std::map<std::string, bool> checks;
    const CallFacts::Parts parts{principal,           hints,    headers,   path,  view, 10, "claude-x",
                                 settings_.models[0], provider, Instant(), checks};
    const CallFacts facts(parts);
    settings_.policy->decide(policy::Point::kModelCall, facts, nullptr, scratch_, decision_);
    decided_for_ += (decided_for_.empty() ? "" : ",") + provider.name;
  }

  Settings settings_;
  policy::Scratch scratch_;
  policy::Decision decision_;
  std::string decided_for_;
};

TEST_F(Routing, StaysWhereTheRulesTakeIt) {
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: [us, eu]}}"), "us");
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}, mode: shadow}"), "us");
  EXPECT_EQ(decided_for_, "") << "nothing is decided again";
}

TEST_F(Routing, ChoosesTheFirstOtherThatEveryRuleTakesAndDecidesAgain) {
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}"), "eu-1");
  EXPECT_EQ(decided_for_, "eu-1");
  EXPECT_FALSE(decision_.refused());
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}\n---\n"
                  "{kind: Policy, name: s, on: model.call, effect: route, to: {retention: zero}}"),
            "eu-2");
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {provider: [eu-2]}}"), "eu-2");
  EXPECT_EQ(decided_for_, "eu-2");
}

TEST_F(Routing, GoesOnWhereTheOtherPlaceHasItsOwnDemand) {
  EXPECT_EQ(
      route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}\n---\n"
            "{kind: Policy, name: s, on: model.call, match: {regions: eu}, effect: route, to: {retention: zero}}"),
      "eu-2");
  EXPECT_EQ(decided_for_, "eu-1,eu-2");
}

TEST_F(Routing, StandsRefusedWhereTheRulesRefuseTheOtherPlace) {
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}\n---\n"
                  "{kind: Policy, name: d, on: model.call, match: {regions: eu}, effect: deny, message: Not there.}"),
            "eu-1");
  EXPECT_TRUE(decision_.refused());
  EXPECT_EQ(decision_.message, "Not there.");
}

TEST_F(Routing, FindsNoneWhereNoneFits) {
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: ch}}"), "none");
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}\n---\n"
                  "{kind: Policy, name: s, on: model.call, effect: route, to: {region: us}}"),
            "none");
  settings_.providers[1].dialects = settings_.providers[2].dialects = {wire::Dialect::kGemini};
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}"), "none")
      << "another dialect is not spoken";
  settings_.models[0].providers = {0};
  EXPECT_EQ(route("{kind: Policy, name: r, on: model.call, effect: route, to: {region: eu}}"), "none");
  EXPECT_EQ(decided_for_, "");
}

}  // namespace
}  // namespace reeve::gateway
