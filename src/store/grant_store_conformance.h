#pragma once

// What every implementation of identity::GrantStore must do. A test file instantiates the suite with a type that has
// `static std::unique_ptr<T> make()` and `identity::GrantStore& grants()`, each instance with storage of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "identity/identity.h"

namespace reeve::store {

inline identity::Grant sample_grant(const std::string& secret, std::int64_t expires = 1'700'000'600) {
  return {identity::GrantKind::kRefresh, sha256(secret), R"({"state":"waiting","note":"it's \"ä\""})", 1,
          from_unix_seconds(expires)};
}

inline identity::Grant next_version(identity::Grant grant, std::string document) {
  ++grant.version;
  grant.document = std::move(document);
  return grant;
}

inline identity::SignInSession sample_session(const std::string& id, const std::string& person = "dev@example.com",
                                              std::int64_t created = 1'700'000'000) {
  identity::SignInSession session;
  session.id = id;
  session.person = person;
  session.client = "reeve-cli";
  session.document = R"({"id":"dev@example.com"})";
  session.created = from_unix_seconds(created);
  session.expires = from_unix_seconds(created + 3600);
  return session;
}

template <typename Storage>
class GrantStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  identity::GrantStore& grants() { return storage_->grants(); }
  void insert(const identity::Grant& grant) { ASSERT_TRUE(grants().apply({{grant}, {}, {}}).ok()); }
  void begin(const identity::SignInSession& session) { ASSERT_TRUE(grants().apply({{}, {}, session}).ok()); }
  ErrorCode error_of(const identity::GrantChange& change) {
    const auto applied = grants().apply(change);
    EXPECT_FALSE(applied.ok());
    return applied.ok() ? ErrorCode::kInternal : applied.error().code;
  }
};
TYPED_TEST_SUITE_P(GrantStoreConformance);

TYPED_TEST_P(GrantStoreConformance, KeepsASecretByItsKindAndHash) {
  const auto grant = sample_grant("one");
  this->insert(grant);
  const auto found = this->grants().find(grant.kind, grant.hash).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->document, grant.document);
  EXPECT_EQ(found->version, 1u);
  EXPECT_EQ(found->expires, grant.expires);
  EXPECT_FALSE(this->grants().find(identity::GrantKind::kCode, grant.hash).value());
  EXPECT_FALSE(this->grants().find(grant.kind, sha256("another")).value());
  EXPECT_EQ(this->error_of({{grant}, {}, {}}), ErrorCode::kConflict);
}

TYPED_TEST_P(GrantStoreConformance, ReplacesOnlyTheVersionBefore) {
  const auto grant = sample_grant("one");
  EXPECT_EQ(this->error_of({{}, {next_version(grant, "{}")}, {}}), ErrorCode::kConflict);
  this->insert(grant);
  const auto used = next_version(grant, R"({"state":"used"})");
  ASSERT_TRUE(this->grants().apply({{}, {used}, {}}).ok());
  EXPECT_EQ(this->error_of({{}, {next_version(grant, R"({"state":"other"})")}, {}}), ErrorCode::kConflict);
  const auto found = this->grants().find(grant.kind, grant.hash).value();
  EXPECT_EQ(found->document, used.document);
  EXPECT_EQ(found->version, 2u);
}

TYPED_TEST_P(GrantStoreConformance, AChangeIsMadeWholeOrNotAtAll) {
  const auto grant = sample_grant("one");
  this->insert(grant);
  const auto session = sample_session("sgn_1");
  const identity::GrantChange stale{{sample_grant("two")}, {next_version(next_version(grant, "{}"), "{}")}, session};
  EXPECT_EQ(this->error_of(stale), ErrorCode::kConflict);
  EXPECT_FALSE(this->grants().find(grant.kind, sha256("two")).value());
  EXPECT_FALSE(this->grants().session("sgn_1").value());
  ASSERT_TRUE(this->grants().apply({{sample_grant("two")}, {next_version(grant, "{}")}, session}).ok());
  EXPECT_TRUE(this->grants().find(grant.kind, sha256("two")).value());
  EXPECT_TRUE(this->grants().session("sgn_1").value());
  EXPECT_EQ(this->error_of({{sample_grant("three")}, {}, session}), ErrorCode::kConflict);
  EXPECT_FALSE(this->grants().find(grant.kind, sha256("three")).value());
}

TYPED_TEST_P(GrantStoreConformance, OfManyThatReplaceAtOnceOneWins) {
  const auto grant = sample_grant("one");
  this->insert(grant);
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto mine = next_version(grant, "{\"by\":" + std::to_string(i) + "}");
      const auto applied = this->grants().apply({{sample_grant("successor " + std::to_string(i))}, {mine}, {}});
      if (applied.ok()) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won.load(), 1);
}

TYPED_TEST_P(GrantStoreConformance, KeepsSessionsAndTheirFirstEnd) {
  this->begin(sample_session("sgn_1"));
  this->begin(sample_session("sgn_2", "dev@example.com", 1'700'000'100));
  this->begin(sample_session("sgn_3", "other@example.com", 1'700'000'200));
  const auto mine = this->grants().sessions("dev@example.com").value();
  ASSERT_EQ(mine.size(), 2u);
  EXPECT_EQ(mine[0].id, "sgn_2");
  EXPECT_EQ(this->grants().sessions("").value().size(), 3u);
  const Instant first = from_unix_seconds(1'700'000'300);
  EXPECT_TRUE(this->grants().end_session("sgn_1", {first, "signed out", ""}).value());
  EXPECT_FALSE(this->grants().end_session("sgn_1", {first + std::chrono::seconds(5), "again", ""}).value());
  EXPECT_FALSE(this->grants().end_session("sgn_none", {first, "none", ""}).value());
  const auto ended = this->grants().session("sgn_1").value();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->ended, first);
  EXPECT_EQ(ended->why, "signed out");
  EXPECT_EQ(ended->client, "reeve-cli");
  EXPECT_EQ(ended->document, sample_session("sgn_1").document);
  EXPECT_EQ(ended->expires, sample_session("sgn_1").expires);
  EXPECT_FALSE(this->grants().session("sgn_2").value()->ended);
}

TYPED_TEST_P(GrantStoreConformance, EndsAllSessionsOfAPerson) {
  this->begin(sample_session("sgn_1"));
  this->begin(sample_session("sgn_2"));
  this->begin(sample_session("sgn_3", "other@example.com"));
  const Instant now = from_unix_seconds(1'700'000'300);
  ASSERT_TRUE(this->grants().end_session("sgn_1", {now - std::chrono::hours(1), "signed out", ""}).value());
  const identity::SignInEnd left{now, "left", ""};
  EXPECT_THAT(this->grants().end_sessions_of("dev@example.com", left).value(), ::testing::ElementsAre("sgn_2"));
  EXPECT_THAT(this->grants().end_sessions_of("dev@example.com", left).value(), ::testing::IsEmpty());
}

TYPED_TEST_P(GrantStoreConformance, APersonIsMeantInWhateverCaseOfLetters) {
  this->begin(sample_session("sgn_1", "Åda.Иван"));
  this->begin(sample_session("sgn_2", "adm\u0131n"));
  EXPECT_EQ(this->grants().sessions("ÅDA.ИВАН").value().size(), 1u);
  const identity::SignInEnd left{from_unix_seconds(1'700'000'300), "left", ""};
  EXPECT_THAT(this->grants().end_sessions_of("admin", left).value(), ::testing::IsEmpty()) << "it only looks like it";
  EXPECT_THAT(this->grants().end_sessions_of("åda.иван", left).value(), ::testing::ElementsAre("sgn_1"));
}

TYPED_TEST_P(GrantStoreConformance, GenerationMovesWithEndsAndKeysAndThenTheyAreSeen) {
  const Instant now = from_unix_seconds(1'700'000'300);
  const auto start = this->grants().generation();
  this->begin(sample_session("sgn_1"));
  EXPECT_THAT(this->grants().ended_since(now).value(), ::testing::IsEmpty());
  ASSERT_TRUE(this->grants().end_session("sgn_1", {now, "signed out", ""}).value());
  const auto after_end = this->grants().generation();
  EXPECT_GT(after_end, start);
  EXPECT_THAT(this->grants().ended_since(now).value(), ::testing::ElementsAre("sgn_1"));
  EXPECT_THAT(this->grants().ended_since(now + std::chrono::seconds(1)).value(), ::testing::IsEmpty());
  identity::TokenKey key{"reeve-a", std::string(32, '\1'), now, now + std::chrono::hours(1)};
  ASSERT_TRUE(this->grants().publish_key(key).ok());
  EXPECT_GT(this->grants().generation(), after_end);
  EXPECT_THAT(this->grants().keys().value(), ::testing::ElementsAre(key));
  key.retired = now + std::chrono::hours(2);
  ASSERT_TRUE(this->grants().publish_key(key).ok());
  EXPECT_THAT(this->grants().keys().value(), ::testing::ElementsAre(key));
}

TYPED_TEST_P(GrantStoreConformance, ForgetsWhatHasExpired) {
  this->insert(sample_grant("old", 1'700'000'000));
  this->insert(sample_grant("new", 1'700'001'000));
  this->begin(sample_session("sgn_old", "dev@example.com", 1'600'000'000));
  this->begin(sample_session("sgn_new"));
  ASSERT_TRUE(this->grants().forget_expired(from_unix_seconds(1'700'000'500)).ok());
  EXPECT_FALSE(this->grants().find(identity::GrantKind::kRefresh, sha256("old")).value());
  EXPECT_TRUE(this->grants().find(identity::GrantKind::kRefresh, sha256("new")).value());
  EXPECT_FALSE(this->grants().session("sgn_old").value());
  EXPECT_TRUE(this->grants().session("sgn_new").value());
}

REGISTER_TYPED_TEST_SUITE_P(GrantStoreConformance, KeepsASecretByItsKindAndHash, ReplacesOnlyTheVersionBefore,
                            AChangeIsMadeWholeOrNotAtAll, OfManyThatReplaceAtOnceOneWins, KeepsSessionsAndTheirFirstEnd,
                            EndsAllSessionsOfAPerson, APersonIsMeantInWhateverCaseOfLetters,
                            GenerationMovesWithEndsAndKeysAndThenTheyAreSeen, ForgetsWhatHasExpired);

}  // namespace reeve::store
