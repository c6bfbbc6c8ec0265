#pragma once

// What every implementation of identity::AgentStore must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()` and `identity::AgentStore& agents()`, each instance
// with storage of its own.

#include <gtest/gtest.h>

#include <thread>

#include "identity/identity.h"

namespace reeve::store {

inline identity::Agent sample_agent(const std::string& id) {
  identity::Agent agent;
  agent.id = id;
  agent.title = "it's a \"title\"'); DROP TABLE agent; -- ä";
  agent.owner = "ada@example.com";
  agent.purpose = "reviews changes";
  agent.team = "payments";
  agent.risk = "reads source code";
  agent.permissions = {{"claude-*"}, {"*"}, {"pii"}, {"acme/*"}, {"group:payments"}};
  agent.identities = {{identity::AgentIdentity::Kind::kSpiffe, "spiffe://corp.example.com/agent/" + id, {}, {}}};
  agent.requested_by = "bob@example.com";
  agent.requested = from_unix_seconds(1'700'000'000) + std::chrono::microseconds(7);
  return agent;
}

/// The next version of it.
inline identity::Agent decided(identity::Agent agent, identity::AgentState state) {
  agent.state = state;
  agent.decided_by = "carol@example.com";
  agent.decided = from_unix_seconds(1'700'000'100);
  agent.reason = "looks fine";
  ++agent.version;
  return agent;
}

template <typename Storage>
class AgentStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  identity::AgentStore& agents() { return storage_->agents(); }
  ErrorCode refused(const identity::Agent& agent) {
    const auto put = agents().put(agent);
    EXPECT_FALSE(put.ok());
    return put.ok() ? ErrorCode::kInternal : put.error().code;
  }
};
TYPED_TEST_SUITE_P(AgentStoreConformance);

TYPED_TEST_P(AgentStoreConformance, KeepsEveryField) {
  EXPECT_TRUE(this->agents().list()->empty());
  auto full = sample_agent("full");
  full.expires = from_unix_seconds(1'800'000'000);
  full.identities.push_back({identity::AgentIdentity::Kind::kWorkload,
                             "https://ci.example.com",
                             {{"ref", "refs/heads/main"}, {"repository", "acme/app"}},
                             {}});
  full.identities.push_back({identity::AgentIdentity::Kind::kCard, {}, {}, R"({"keys":[]})"});
  ASSERT_TRUE(this->agents().put(full).ok());
  ASSERT_TRUE(this->agents().put(sample_agent("bare")).ok());
  EXPECT_EQ(*this->agents().find("full").value(), full);
  EXPECT_FALSE(this->agents().find("none").value());
  const auto list = this->agents().list().value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].id, "bare");
  EXPECT_EQ(list[1], full);
}

TYPED_TEST_P(AgentStoreConformance, EachVersionFollowsTheOneBefore) {
  const auto first = sample_agent("review");
  ASSERT_TRUE(this->agents().put(first).ok());
  EXPECT_EQ(this->refused(first), ErrorCode::kConflict);
  const auto approved = decided(first, identity::AgentState::kApproved);
  ASSERT_TRUE(this->agents().put(approved).ok());
  EXPECT_EQ(this->refused(approved), ErrorCode::kConflict) << "somebody else decided meanwhile";
  EXPECT_EQ(*this->agents().find("review").value(), approved);
  auto unknown = sample_agent("unknown");
  unknown.version = 2;
  EXPECT_EQ(this->refused(unknown), ErrorCode::kConflict);
}

TYPED_TEST_P(AgentStoreConformance, OneCredentialSpeaksForOneAgentUntilThatIsRetired) {
  const auto first = sample_agent("first");
  ASSERT_TRUE(this->agents().put(first).ok());
  auto second = sample_agent("second");
  second.identities = first.identities;
  EXPECT_EQ(this->refused(second), ErrorCode::kConflict);
  ASSERT_TRUE(this->agents().put(decided(first, identity::AgentState::kRetired)).ok());
  EXPECT_TRUE(this->agents().put(second).ok());
}

TYPED_TEST_P(AgentStoreConformance, GenerationMovesWithEveryChangeAndOnlyThen) {
  const auto start = this->agents().generation();
  EXPECT_TRUE(this->agents().list().ok());
  EXPECT_EQ(this->agents().generation(), start);
  ASSERT_TRUE(this->agents().put(sample_agent("one")).ok());
  const auto put = this->agents().generation();
  EXPECT_NE(put, start);
  ASSERT_FALSE(this->agents().put(sample_agent("one")).ok());
  EXPECT_EQ(this->agents().generation(), put);
}

TYPED_TEST_P(AgentStoreConformance, OfManyWhoDecideAtOnceOneIsHeard) {
  const auto first = sample_agent("review");
  ASSERT_TRUE(this->agents().put(first).ok());
  std::atomic<int> heard{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(
        [&] { heard += this->agents().put(decided(first, identity::AgentState::kDenied)).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(heard.load(), 1);
}

REGISTER_TYPED_TEST_SUITE_P(AgentStoreConformance, KeepsEveryField, EachVersionFollowsTheOneBefore,
                            OneCredentialSpeaksForOneAgentUntilThatIsRetired, GenerationMovesWithEveryChangeAndOnlyThen,
                            OfManyWhoDecideAtOnceOneIsHeard);

}  // namespace reeve::store
