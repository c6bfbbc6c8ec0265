#include "identity/agent_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/own_token_verifier.h"
#include "identity/sign_in_for_tests.h"

namespace reeve::identity {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TokensOfAgents : public SignInHouse {
 protected:
  TokensOfAgents() {
    for (const char* id : {"review", "planner", "writer", "fourth"}) put(id, {"group:payments"});
    put("selfish", {});
    agent_tokens_ = std::make_unique<AgentTokens>(
        agents_, *store_, *tokens_, clock_, [this](std::string_view kind, const std::string& detail) -> Result<void> {
          if (ledger_is_down_) return Error{ErrorCode::kUnavailable, "no ledger"};
          recorded_.emplace_back(kind, detail);
          return {};
        });
  }

  void put(const std::string& id, std::vector<std::string> acts_for) {
    AgentRequest asked{id, "T", "owner@example.com", "p", "", "", "lead@example.com", {{"*"}, {}, {}, {}, {}}, {}, {}};
    asked.permissions.acts_for = std::move(acts_for);
    asked.identities = {{AgentIdentity::Kind::kSpiffe, "spiffe://corp.example.com/" + id, {}, {}}};
    const Agent requested = request_agent(asked, std::nullopt, clock_.now()).value();
    ASSERT_TRUE(agent_store_->put(requested).ok());
    ASSERT_TRUE(
        agent_store_->put(decide_agent(requested, AgentDecision::kApprove, "a@example.com", "", clock_.now()).value())
            .ok());
  }
  AgentCredential credential(const std::string& id, Duration good_for = std::chrono::hours(1)) {
    AgentCredential credential;
    credential.name = credential.subject = "spiffe://corp.example.com/" + id;
    credential.expires = clock_.now() + good_for;
    return credential;
  }
  /// What the token is worth to whoever shows it.
  Principal read(const std::string& token) {
    OwnTokenVerifier verifier(*tokens_, clock_);
    const AuthOutcome outcome = AgentView(&agents_).admit(verifier.decide(token));
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.ok() ? *outcome.principal : Principal();
  }
  Principal own(const std::string& id) {
    const auto agent = agent_tokens_->admit(credential(id)).value();
    const TokenAnswer given = agent_tokens_->sign_in(agent, credential(id).expires, "127.0.0.1");
    EXPECT_TRUE(given.ok()) << given.description;
    return read(given.access_token);
  }
  TokenAnswer exchange(const Principal& subject, const Principal& actor, std::vector<std::string> scopes = {}) {
    return agent_tokens_->exchange({subject, actor, clock_.now() + std::chrono::hours(1), std::move(scopes), "here"});
  }

  std::unique_ptr<AgentStore> agent_store_ = make_memory_agent_store();
  Agents agents_{*agent_store_, UnregisteredAgents::kRefuse, clock_};
  std::unique_ptr<AgentTokens> agent_tokens_;
};

TEST_F(TokensOfAgents, AnAgentIsItselfAndNobodyElse) {
  const Principal agent = own("review");
  EXPECT_EQ(agent.id, "agent:review");
  EXPECT_EQ(agent.type, "agent");
  EXPECT_THAT(agent.actors, ElementsAre("review"));
  EXPECT_FALSE(agent.is_delegated());
  EXPECT_FALSE(agent_tokens_->admit(credential("nobody")).ok());
  EXPECT_THAT(kinds(), ElementsAre("identity.signed_in"));
}

TEST_F(TokensOfAgents, ATokenEndsWithItsCredential) {
  const auto agent = agent_tokens_->admit(credential("review")).value();
  const Instant soon = clock_.now() + std::chrono::seconds(90);
  const TokenAnswer given = agent_tokens_->sign_in(agent, soon, "");
  EXPECT_EQ(given.expires_in, std::chrono::seconds(90));
  EXPECT_FALSE(agent_tokens_->sign_in(agent, clock_.now(), "").ok());
}

TEST_F(TokensOfAgents, AnAssertionIsGoodOnce) {
  AgentCredential once = credential("review");
  once.once = "review-1";
  EXPECT_TRUE(agent_tokens_->admit(once).ok());
  const auto again = agent_tokens_->admit(once);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("good once"));
}

TEST_F(TokensOfAgents, AChainIsThePersonsWithWhoActs) {
  const Principal dev = read(sign_in().access_token);
  const Principal one = read(exchange(dev, own("review")).access_token);
  EXPECT_EQ(one.id, "dev@example.com");
  EXPECT_EQ(one.type, "person");
  EXPECT_EQ(one.sign_in, dev.sign_in);
  EXPECT_TRUE(one.is_delegated());
  const Principal three = read(exchange(read(exchange(one, own("planner")).access_token), own("writer")).access_token);
  EXPECT_THAT(three.actors, ElementsAre("writer", "planner", "review"));
  EXPECT_EQ(exchange(three, own("fourth")).error, "invalid_target") << "five in a chain";
  EXPECT_EQ(exchange(one, own("review")).error, "invalid_target") << "twice";
  EXPECT_THAT(kinds(), Contains("identity.delegated"));
}

TEST_F(TokensOfAgents, NobodyActsForWhomTheyAreNotRegistered) {
  const Principal dev = read(sign_in().access_token);
  Principal stranger = person("other@example.com");
  stranger.groups = {"sales"};
  const Principal other = read(sign_in(stranger).access_token);
  EXPECT_THAT(exchange(other, own("review")).description, HasSubstr("not registered to act for"));
  EXPECT_FALSE(exchange(dev, own("selfish")).ok());
  EXPECT_TRUE(exchange(read(sign_in(person("owner@example.com")).access_token), own("selfish")).ok()) << "its owner";
  EXPECT_FALSE(exchange(own("planner"), own("review")).ok()) << "another agent";
  EXPECT_FALSE(exchange(dev, other).ok()) << "a person acts for nobody";
  const Principal chain = read(exchange(dev, own("review")).access_token);
  EXPECT_FALSE(exchange(dev, chain).ok()) << "nor does a chain";
}

TEST_F(TokensOfAgents, ScopesOnlyNarrowAndStay) {
  const Principal dev = read(sign_in().access_token);
  for (const char* scope : {"control:*", "ledger:read", "*", "models", "models:", "operations:*", "groups:admins"}) {
    EXPECT_EQ(exchange(dev, own("review"), {scope}).error, "invalid_scope") << scope;
  }
  const Principal held = read(exchange(dev, own("review"), {"models:small-*"}).access_token);
  EXPECT_TRUE(held.in_scope("models", "small-1"));
  EXPECT_FALSE(held.in_scope("models", "large"));
  const Principal wider = read(exchange(held, own("planner"), {"models:*"}).access_token);
  EXPECT_FALSE(wider.in_scope("models", "large"));
}

TEST_F(TokensOfAgents, AChainEndsWithTheFirstOfItsTokensAndWithItsPersonsSignIn) {
  const TokenAnswer person = sign_in();
  const Principal dev = read(person.access_token);
  const Principal agent = own("review");
  const Instant soon = clock_.now() + std::chrono::seconds(60);
  const TokenAnswer brief = agent_tokens_->exchange({dev, agent, soon, {}, ""});
  EXPECT_EQ(brief.expires_in, std::chrono::seconds(60));
  EXPECT_EQ(brief.refresh_token, "");
  ASSERT_TRUE(grants_->end_session(dev.sign_in, "signed out", "dev@example.com").value());
  OwnTokenVerifier verifier(*tokens_, clock_);
  EXPECT_EQ(verifier.decide(brief.access_token).failure, AuthFailure::kRevoked);
  EXPECT_EQ(exchange(dev, agent).error, "invalid_grant");
}

TEST_F(TokensOfAgents, WhatCannotBeRecordedIsNotGiven) {
  const Principal dev = read(sign_in().access_token);
  const Principal agent = own("review");
  ledger_is_down_ = true;
  EXPECT_EQ(exchange(dev, agent).error, "temporarily_unavailable");
  EXPECT_EQ(agent_tokens_->sign_in(agent, clock_.now() + std::chrono::hours(1), "").error, "temporarily_unavailable");
}

TEST_F(TokensOfAgents, AChainCannotSignItsPersonOut) {
  const Principal dev = read(sign_in().access_token);
  const auto revoked = grants_->revoke(exchange(dev, own("review")).access_token, "signed out");
  ASSERT_FALSE(revoked.ok());
  EXPECT_EQ(revoked.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(exchange(dev, own("review")).ok());
}

}  // namespace
}  // namespace reeve::identity
