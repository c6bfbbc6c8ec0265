// Who is signed in on nodes that share a database, on a real PostgreSQL: the suite that every storage passes, and what
// several nodes bring.

#include "store/postgres/grant_store.h"

#include <gmock/gmock.h>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/grant_store_conformance.h"

namespace reeve::store {
namespace {

using postgres_test::CuttingProxy;
using postgres_test::shared_server;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Postgres {
 public:
  static std::unique_ptr<Postgres> make() { return std::make_unique<Postgres>(); }
  identity::GrantStore& grants() { return *grants_.value(); }

 private:
  const std::string database_ = shared_server().create_database();
  Result<std::unique_ptr<SharedGrants>> grants_ = open_shared_grants(shared_server().options(database_), "node-1");
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, GrantStoreConformance, Postgres);

TEST(PostgresGrants, WhatEndsOnOneNodeIsSeenOnTheOtherWhenItCatchesUp) {
  const std::string database = shared_server().create_database();
  const auto first = open_shared_grants(shared_server().options(database), "node-1").value();
  const auto second = open_shared_grants(shared_server().options(database), "node-2").value();
  ASSERT_TRUE(second->catch_up().ok());
  const auto before = second->generation();
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_EQ(second->generation(), before);
  const Instant now = from_unix_seconds(1'700'000'300);
  ASSERT_TRUE(first->apply({{}, {}, sample_session("sgn_1")}).ok());
  ASSERT_TRUE(first->end_session("sgn_1", {now, "signed out", ""}).value());
  const identity::TokenKey key{"reeve-a", std::string(32, '\1'), now, now + std::chrono::hours(1)};
  ASSERT_TRUE(first->publish_key(key).ok());
  EXPECT_THAT(second->ended_since(now).value(), IsEmpty());
  ASSERT_TRUE(second->catch_up().ok());
  EXPECT_GT(second->generation(), before);
  EXPECT_THAT(second->ended_since(now).value(), ElementsAre("sgn_1"));
  EXPECT_THAT(second->keys().value(), ElementsAre(key));
}

TEST(PostgresGrants, ASecretIsUsedOnOneNodeOnly) {
  const std::string database = shared_server().create_database();
  const auto first = open_shared_grants(shared_server().options(database), "node-1").value();
  const auto second = open_shared_grants(shared_server().options(database), "node-2").value();
  const auto grant = sample_grant("one");
  ASSERT_TRUE(first->apply({{grant}, {}, {}}).ok());
  const auto used = next_version(grant, "{}");
  EXPECT_TRUE(second->apply({{}, {used}, {}}).ok());
  const auto again = first->apply({{}, {used}, {}});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
}

TEST(PostgresGrants, AChangeWhoseAnswerWasLostIsRecognisedWhenItIsRepeated) {
  const std::string database = shared_server().create_database();
  const auto direct = open_shared_grants(shared_server().options(database), "node-1").value();
  CuttingProxy proxy(shared_server().port());
  PostgresGrantStore over_proxy(shared_server().options(database, proxy.port()), "node-1");
  auto grant = sample_grant("one");
  ASSERT_TRUE(over_proxy.apply({{grant}, {}, {}}).ok());
  proxy.cut_at_random(200);
  for (int i = 0; i < 1'000 && proxy.lost_answers() < 12; ++i) {
    const auto next = next_version(grant, "{\"i\":" + std::to_string(i) + "}");
    const auto applied = over_proxy.apply({{sample_grant("successor " + std::to_string(i))}, {next}, {}});
    if (!applied) {
      EXPECT_NE(applied.error().code, ErrorCode::kConflict) << "nobody else changes it";
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it connects again after a pause
    }
    const auto stored = direct->find(grant.kind, grant.hash).value();
    ASSERT_TRUE(stored);
    if (applied.ok()) EXPECT_EQ(stored->version, next.version);
    grant = *stored;
  }
  EXPECT_GE(proxy.lost_answers(), 12u);
}

TEST(PostgresGrants, WhatIsForgottenOrEndedInVainMovesNothing) {
  const std::string database = shared_server().create_database();
  const auto grants = open_shared_grants(shared_server().options(database), "node-1").value();
  ASSERT_TRUE(grants->catch_up().ok());
  const auto before = grants->generation();
  const Instant now = from_unix_seconds(1'700'000'300);
  ASSERT_TRUE(grants->forget_expired(now).ok());
  EXPECT_FALSE(grants->end_session("sgn_none", {now, "none", ""}).value());
  EXPECT_THAT(grants->end_sessions_of("nobody", {now, "none", ""}).value(), IsEmpty());
  ASSERT_TRUE(grants->catch_up().ok());
  EXPECT_EQ(grants->generation(), before);
}

TEST(PostgresGrants, AnEndIsToldByItsNodeOnceAlsoWhenItsAnswerWasLost) {
  const std::string database = shared_server().create_database();
  const auto direct = open_shared_grants(shared_server().options(database), "node-2").value();
  const auto notes = open_shared_budgets(shared_server().options(database), "node-1").value();
  CuttingProxy proxy(shared_server().port());
  PostgresGrantStore over_proxy(shared_server().options(database, proxy.port()), "node-1");
  ASSERT_TRUE(over_proxy.catch_up().ok());
  proxy.cut_at_random(60);
  std::size_t ended = 0;
  // No more notes than are listed at a time.
  for (int i = 0; i < 1'000 && ended < 60; ++i) {
    const std::string id = "sgn_" + std::to_string(i);
    ASSERT_TRUE(direct->apply({{}, {}, sample_session(id)}).ok());
    const auto done = over_proxy.end_session(id, {from_unix_seconds(1'700'000'300), "left", "ada"});
    if (!done) std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it connects again after a pause
    if (done) EXPECT_TRUE(*done) << id << ": nobody else ends it";
    const auto stored = direct->session(id).value();
    ended += stored->ended ? 1 : 0;
    if (done) EXPECT_TRUE(stored->ended) << id;
  }
  EXPECT_GT(proxy.lost_answers(), 0u);
  const auto told = notes->unrecorded_notes().value();
  EXPECT_EQ(told.size(), ended);
  EXPECT_EQ(told.front().kind, identity::kSignInEndedKind);
  EXPECT_THAT(told.front().detail, ::testing::HasSubstr("\"by\":\"ada\""));
}

}  // namespace
}  // namespace reeve::store
