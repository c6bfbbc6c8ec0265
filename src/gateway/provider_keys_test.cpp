#include "gateway/provider_keys.h"

#include <gtest/gtest.h>

#include <map>

#include "gateway/gateway.h"

namespace reeve::gateway {
namespace {

using std::chrono::seconds;

class ProviderKeys : public testing::Test {
 protected:
  void add(const std::string& name, std::uint32_t weight = 1, std::uint32_t priority = 1) {
    provider_.keys.push_back({name, SecretText("sk-" + name), weight, priority, std::make_shared<KeyHealth>()});
  }
  KeyHealth& health(std::size_t index) { return *provider_.keys[index].health; }
  ChosenKey choose(std::uint64_t session, std::optional<std::uint64_t> stays = {},
                   std::vector<const ProviderKey*> tried = {}) {
    return choose_key(provider_, session, stays, tried, clock_.steady());
  }
  std::string name_of(std::uint64_t session) { return choose(session).key->name; }
  bool answered(std::size_t index, int status, KeyUse use = KeyUse::kOrdinary, std::optional<Duration> rest = {}) {
    return health(index).answered(use, status, rest, clock_.steady(), clock_.now());
  }
  KeyState state(std::size_t index) { return health(index).view(clock_.steady()).state; }

  Provider provider_{.name = "vendor", .price_provider = "vendor"};
  ManualClock clock_{Instant{1'790'000'000'000'000'000}};
};

TEST_F(ProviderKeys, ARefusedKeyIsSetAsideAndOneCallAtATimeTriesItLater) {
  add("a");
  EXPECT_TRUE(answered(0, 401)) << "newly set aside";
  EXPECT_FALSE(answered(0, 401)) << "of a call that had left before";
  EXPECT_FALSE(health(0).take(clock_.steady()));
  clock_.advance(KeyHealth::kAsideFirst);
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe);
  EXPECT_FALSE(health(0).take(clock_.steady())) << "half open: one at a time";
  health(0).unheard(KeyUse::kProbe);
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe) << "what was not answered says nothing";
  EXPECT_FALSE(answered(0, 403, KeyUse::kProbe)) << "still aside";
  clock_.advance(KeyHealth::kAsideFirst);
  EXPECT_FALSE(health(0).take(clock_.steady())) << "for twice as long";
  clock_.advance(KeyHealth::kAsideFirst);
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe);
  EXPECT_FALSE(answered(0, 529, KeyUse::kProbe)) << "a provider in trouble says nothing about the key";
  EXPECT_EQ(state(0), KeyState::kSetAside);
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe);
  EXPECT_TRUE(answered(0, 200, KeyUse::kProbe)) << "restored";
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kOrdinary);
}

TEST_F(ProviderKeys, TheWaitForATrialIsBounded) {
  add("a");
  answered(0, 401);
  for (int i = 0; i < 40; ++i) {
    clock_.advance(KeyHealth::kAsideMost);
    ASSERT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe) << i;
    answered(0, 401, KeyUse::kProbe);
  }
}

TEST_F(ProviderKeys, ALimitedKeyRestsAsLongAsItWasToldWithinBounds) {
  add("a");
  EXPECT_FALSE(answered(0, 429, KeyUse::kOrdinary, seconds(7)));
  EXPECT_EQ(state(0), KeyState::kRests);
  EXPECT_FALSE(health(0).take(clock_.steady()));
  clock_.advance(seconds(7));
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kOrdinary);
  answered(0, 429, KeyUse::kOrdinary, std::chrono::hours(1000));
  clock_.advance(KeyHealth::kRestMost);
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kOrdinary) << "nobody's header takes a key away for ever";
  answered(0, 429, KeyUse::kOrdinary, seconds(0));
  EXPECT_FALSE(health(0).take(clock_.steady()));
}

TEST_F(ProviderKeys, WhatAProviderSaysOfItsLimit) {
  const Instant now = *parse_time("2026-11-23T06:00:00Z");
  EXPECT_EQ(said_rest("1500", "", now), std::chrono::milliseconds(1500));
  EXPECT_EQ(said_rest("", "20", now), seconds(20));
  EXPECT_EQ(said_rest("", "Mon, 23 Nov 2026 06:01:00 GMT", now), seconds(60));
  EXPECT_EQ(said_rest("", "Mon, 23 Nov 2026 05:01:00 GMT", now), seconds(0));
  for (const char* nothing : {"", "soon", "-1", "1.5", "99999999999999999999"}) {
    EXPECT_FALSE(said_rest("", nothing, now)) << nothing;
  }
}

TEST_F(ProviderKeys, SessionsAreSharedByWeightAndStayTheSame) {
  add("a", 1);
  add("b", 3);
  std::map<std::string, int> counts;
  for (std::uint64_t session = 0; session < 4000; ++session) {
    const std::string name = name_of(hash_text(std::to_string(session)));
    ++counts[name];
    ASSERT_EQ(name_of(hash_text(std::to_string(session))), name);
  }
  EXPECT_NEAR(counts["a"], 1000, 120);
  EXPECT_NEAR(counts["b"], 3000, 120);
}

TEST_F(ProviderKeys, AKeyThatGoesTakesOnlyItsOwnSessionsWithIt) {
  for (const char* name : {"a", "b", "c"}) add(name);
  std::map<std::uint64_t, std::string> before;
  for (std::uint64_t i = 0; i < 600; ++i) before[i] = name_of(hash_text(std::to_string(i)));
  answered(1, 401);
  for (const auto& [i, name] : before) {
    const std::string now = name_of(hash_text(std::to_string(i)));
    if (name == "b") {
      EXPECT_NE(now, "b");
    } else {
      EXPECT_EQ(now, name);
    }
  }
}

TEST_F(ProviderKeys, TheFirstByPriorityServesWhileItCan) {
  add("spare", 100, 2);
  add("main", 1, 1);
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(name_of(i), "main");
  answered(1, 429, KeyUse::kOrdinary, seconds(30));
  EXPECT_EQ(name_of(1), "spare");
  clock_.advance(seconds(30));
  EXPECT_EQ(name_of(1), "main");
}

TEST_F(ProviderKeys, ASessionStaysWhereItIsThoughABetterKeyIsThere) {
  add("main", 1, 1);
  add("spare", 1, 2);
  const std::uint64_t spare = place_of_key(provider_, provider_.keys[1]);
  EXPECT_EQ(choose(7, spare).key->name, "spare");
  answered(1, 401);
  EXPECT_EQ(choose(7, spare).key->name, "main") << "while it serves";
}

TEST_F(ProviderKeys, WithoutAnyThatServesTheNextOneIsALastResort) {
  add("a");
  add("b");
  answered(0, 401);
  answered(1, 429, KeyUse::kOrdinary, seconds(20));
  const ChosenKey last = choose(1);
  EXPECT_EQ(last.key->name, "b") << "what rests is better than what is refused";
  EXPECT_EQ(last.use, KeyUse::kLastResort);
  EXPECT_EQ(choose(1, {}, {&provider_.keys[1]}).key, nullptr) << "one attempt, not all keys in turn";
  EXPECT_FALSE(answered(1, 200, KeyUse::kLastResort));
  EXPECT_EQ(state(1), KeyState::kServes);
}

TEST_F(ProviderKeys, ASingleKeyIsAlwaysTheOne) {
  add("");
  answered(0, 401);
  EXPECT_EQ(choose(1).use, KeyUse::kLastResort);
  EXPECT_EQ(choose(1, {}, {&provider_.keys[0]}).key, nullptr);
  EXPECT_TRUE(answered(0, 200, KeyUse::kLastResort)) << "restored by what comes first";
}

TEST_F(ProviderKeys, AnAttemptThatIsDroppedLetsGoOfItsProbe) {
  add("a");
  add("b");
  answered(0, 401);
  clock_.advance(KeyHealth::kAsideFirst);
  {
    KeyAttempt attempt;
    attempt.begin({&provider_.keys[0], *health(0).take(clock_.steady())});
    EXPECT_FALSE(health(0).take(clock_.steady()));
  }
  EXPECT_EQ(health(0).take(clock_.steady()), KeyUse::kProbe);
}

TEST_F(ProviderKeys, HealthOutlivesAReloadAndNotANewSecret) {
  KeyHealthBook book;
  ProviderKey key{"a", SecretText("one"), 1, 1, nullptr};
  const auto first = book.of("vendor", key);
  EXPECT_EQ(book.of("vendor", key), first);
  EXPECT_NE(book.of("other", key), first);
  key.secret = SecretText("two");
  EXPECT_NE(book.of("vendor", key), first);
}

TEST_F(ProviderKeys, WhatIsShownHoldsNoSecret) {
  add("a\"b");
  answered(0, 403);
  const std::vector<Provider> providers{provider_};
  const std::string metrics = key_metrics(providers, clock_.steady());
  EXPECT_NE(metrics.find("reeve_provider_key_serves{provider=\"vendor\",key=\"a\\\"b\"} 0\n"), std::string::npos);
  const std::string report = key_report(providers, clock_.now(), clock_.steady());
  EXPECT_NE(report.find("\"state\":\"set_aside\",\"status\":403"), std::string::npos) << report;
  EXPECT_EQ((metrics + report).find("sk-"), std::string::npos);
  EXPECT_EQ(keys_set_aside(providers, clock_.steady()), 1U);
}

TEST(SessionPlaces, RemembersTheLatestAndIsBounded) {
  SessionPlaces places;
  places.remember(1, 10);
  places.remember(1, 11);
  EXPECT_EQ(places.find(1), 11U);
  EXPECT_FALSE(places.find(2));
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    places.remember(mix_hash(i + 100), i);
    if (i % 1'000 == 0) ASSERT_EQ(places.find(1), 11U) << "who is looked for is kept";
  }
  EXPECT_LE(places.size(), SessionPlaces::kSessionsMax);
  EXPECT_GE(places.size(), SessionPlaces::kSessionsMax / 3);
  EXPECT_FALSE(places.find(mix_hash(100)));
}

}  // namespace
}  // namespace reeve::gateway
