#include "identity/agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity.h"
#include "identity/issuer_for_tests.h"
#include "identity/spiffe_id.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Instant kNow = from_unix_seconds(1'700'000'000);

AgentRequest request(const std::string& id = "review") {
  AgentRequest request;
  request.id = id;
  request.title = "Reviews changes";
  request.owner = "Dev@Example.com";
  request.purpose = "code review";
  request.by = "lead@example.com";
  request.permissions.models = {"claude-*"};
  request.identities = {{AgentIdentity::Kind::kSpiffe, "spiffe://corp.example.com/agent/" + id, {}, {}}};
  return request;
}

Agent agent(const std::string& id = "review") { return request_agent(request(id), std::nullopt, kNow).value(); }

Agent approved(Agent asked) {
  return decide_agent(asked, AgentDecision::kApprove, "security@example.com", "", kNow).value();
}

std::string why(const AgentRequest& asked) {
  const auto made = request_agent(asked, std::nullopt, kNow);
  return made ? "" : made.error().message;
}

TEST(SpiffeId, IsReadInOneWayOnly) {
  const auto id = parse_spiffe_id("spiffe://corp.example.com/agent/Review_1.x");
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(id->trust_domain, "corp.example.com");
  EXPECT_EQ(id->path, "/agent/Review_1.x");
  EXPECT_EQ(parse_spiffe_id("spiffe://corp.example.com")->path, "");
  for (const char* text : {"",
                           "spiffe://",
                           "spiffe:///a",
                           "SPIFFE://a/b",
                           "spiffe:/a/b",
                           "spiffe://A/b",
                           "spiffe://a:1/b",
                           "spiffe://u@a/b",
                           "spiffe://a/",
                           "spiffe://a//b",
                           "spiffe://a/./b",
                           "spiffe://a/../b",
                           "spiffe://a/b/",
                           "spiffe://a/b?c",
                           "spiffe://a/b#c",
                           "spiffe://a/%62",
                           "spiffe://a%2e/b",
                           "spiffe://a/b c",
                           "https://a/b",
                           " spiffe://a/b",
                           "spiffe://a/b\n",
                           "spiffe://\xc3\xa4/b",
                           "spiffe://a/\xc3\xa4"}) {
    EXPECT_FALSE(parse_spiffe_id(text).ok()) << text;
  }
  EXPECT_FALSE(parse_spiffe_id("spiffe://" + std::string(256, 'a') + "/b").ok());
  EXPECT_FALSE(parse_spiffe_id("spiffe://a/" + std::string(2100, 'b')).ok());
}

TEST(AgentRegister, SaysWhatMakesNoSense) {
  EXPECT_EQ(why(request()), "");
  for (const char* id : {"", "a", "1a", "A-b", "a_b", "a-", "a b", "agent:a"}) EXPECT_NE(why(request(id)), "") << id;
  auto asked = request();
  asked.owner = " ";
  EXPECT_THAT(why(asked), HasSubstr("owner"));
  asked = request();
  asked.purpose = "";
  EXPECT_THAT(why(asked), HasSubstr("purpose"));
  asked = request();
  asked.title = "two\nlines";
  EXPECT_THAT(why(asked), HasSubstr("title"));
  asked = request();
  asked.identities.clear();
  EXPECT_THAT(why(asked), HasSubstr("credentials"));
  asked = request();
  asked.identities = {{AgentIdentity::Kind::kWorkload, "https://ci.example.com", {}, {}}};
  EXPECT_THAT(why(asked), HasSubstr("claims"));
  asked = request();
  asked.permissions.tools.assign(101, "t");
  EXPECT_THAT(why(asked), HasSubstr("100"));
  asked = request();
  asked.expires = kNow;
  EXPECT_THAT(why(asked), HasSubstr("expired"));
  asked = request();
  for (int i = 0; i < 100; ++i) asked.permissions.repos.push_back(std::string(100, 'r') + std::to_string(i));
  EXPECT_THAT(why(asked), HasSubstr("7 KB"));
}

TEST(AgentRegister, NobodyApprovesTheirOwn) {
  const Agent asked = agent();
  EXPECT_EQ(asked.owner, "dev@example.com");
  for (const char* by : {"dev@example.com", "DEV@EXAMPLE.COM", "lead@example.com", "Lead@example.com"}) {
    const auto own = decide_agent(asked, AgentDecision::kApprove, by, "", kNow);
    ASSERT_FALSE(own.ok()) << by;
    EXPECT_EQ(own.error().code, ErrorCode::kDenied);
  }
  EXPECT_TRUE(decide_agent(asked, AgentDecision::kDeny, "dev@example.com", "not needed", kNow).ok());
}

TEST(AgentRegister, EachStateHasItsDecisions) {
  const Agent asked = agent();
  const auto decide = [](const Agent& one, AgentDecision decision) {
    return decide_agent(one, decision, "security@example.com", "because", kNow);
  };
  EXPECT_FALSE(decide(asked, AgentDecision::kSuspend).ok());
  const Agent live = decide(asked, AgentDecision::kApprove).value();
  EXPECT_TRUE(live.acts_at(kNow));
  EXPECT_EQ(live.version, 2u);
  EXPECT_FALSE(decide(live, AgentDecision::kApprove).ok());
  EXPECT_FALSE(decide(live, AgentDecision::kDeny).ok());
  EXPECT_FALSE(decide_agent(live, AgentDecision::kSuspend, "security@example.com", "", kNow).ok()) << "no reason";
  const Agent suspended = decide(live, AgentDecision::kSuspend).value();
  EXPECT_FALSE(suspended.acts_at(kNow));
  EXPECT_THAT(agent_refusal(suspended, kNow), HasSubstr("because"));
  EXPECT_TRUE(decide(suspended, AgentDecision::kApprove).ok());
  const Agent retired = decide(suspended, AgentDecision::kRetire).value();
  for (const auto decision :
       {AgentDecision::kApprove, AgentDecision::kDeny, AgentDecision::kSuspend, AgentDecision::kRetire}) {
    EXPECT_FALSE(decide(retired, decision).ok());
  }
  EXPECT_FALSE(request_agent(request(), retired, kNow).ok());
  const Agent again = request_agent(request(), live, kNow).value();
  EXPECT_EQ(again.state, AgentState::kRequested) << "a change is a new request";
  EXPECT_EQ(again.version, 3u);
}

TEST(AgentRegister, ATransferIsARequestOfItsOwn) {
  const Agent live = approved(agent());
  const auto transfer = [](const Agent& one, const char* to) {
    return transfer_agent(one, to, "lead@example.com", kNow);
  };
  const Agent next = transfer(live, "Grace@example.com").value();
  EXPECT_EQ(next.owner, "grace@example.com");
  EXPECT_EQ(next.state, AgentState::kRequested);
  EXPECT_EQ(next.version, live.version + 1);
  EXPECT_EQ(next.permissions, live.permissions);
  EXPECT_EQ(next.identities, live.identities);
  EXPECT_FALSE(next.decided);
  for (const char* by : {"grace@example.com", "lead@example.com"}) {
    EXPECT_FALSE(decide_agent(next, AgentDecision::kApprove, by, "", kNow).ok()) << by;
  }
  EXPECT_TRUE(decide_agent(next, AgentDecision::kApprove, "dev@example.com", "", kNow).ok()) << "it is not theirs now";
  EXPECT_EQ(transfer(live, "DEV@example.com").error().code, ErrorCode::kConflict);
  EXPECT_EQ(transfer(live, " ").error().code, ErrorCode::kInvalid);
  const Agent retired = decide_agent(live, AgentDecision::kRetire, "security@example.com", "over", kNow).value();
  EXPECT_EQ(transfer(retired, "grace@example.com").error().code, ErrorCode::kConflict);
}

class AgentsOfLeavers : public ::testing::Test {
 protected:
  AgentsOfLeavers() {
    entry_.id = "usr_1";
    entry_.name = entry_.folded_name = "dev@example.com";
    entry_.logins = {"dev@example.com"};
    entry_.created = entry_.modified = clock_.now();
  }
  void put(bool active, bool cut_off) {
    entry_.active = active;
    entry_.modified = clock_.now();
    DirectoryChange change{entry_,    false, {}, {}, cut_off ? entry_.logins : std::vector<std::string>(),
                           "changed", "{}"};
    ASSERT_EQ(people_->change(change).value(), ChangeOutcome::kDone);
    ++entry_.version;
  }
  Agent approved_now() {
    return decide_agent(agent(), AgentDecision::kApprove, "security@example.com", "", clock_.now()).value();
  }
  std::string why_not(const Agent& one) { return agents_.why_not(one, clock_.now()).value(); }

  ManualClock clock_{kNow};
  DirectoryEntry entry_;
  std::unique_ptr<DirectoryStore> people_ = make_memory_directory();
  std::unique_ptr<AgentStore> store_ = make_memory_agent_store();
  Directory directory_{*people_, DirectoryMode::kRequired, clock_};
  Agents agents_{*store_, UnregisteredAgents::kRefuse, clock_, &directory_};
};

TEST_F(AgentsOfLeavers, StandStillUntilSomebodyApprovesThemAnew) {
  const Agent live = approved_now();
  EXPECT_EQ(why_not(live), "") << "the directory never knew the owner";
  put(true, false);
  EXPECT_EQ(why_not(live), "");
  const std::uint64_t version = agents_.people_version();
  clock_.advance(std::chrono::seconds(1));
  put(false, true);
  EXPECT_THAT(why_not(live), HasSubstr("reeve agent transfer review --to THEM"));
  EXPECT_NE(agents_.people_version(), version);
  clock_.advance(std::chrono::seconds(1));
  put(true, false);
  EXPECT_THAT(why_not(live), HasSubstr("has left")) << "what was approved before she left stays void";
  EXPECT_EQ(why_not(approved_now()), "");
}

TEST_F(AgentsOfLeavers, AreRefusedAlsoWhereALoopRememberedThem) {
  put(true, false);
  ASSERT_TRUE(store_->put(agent()).ok());
  ASSERT_TRUE(store_->put(approved_now()).ok());
  AgentView view(&agents_);
  const auto given = std::make_shared<Principal>();
  given->id = "agent:review";
  given->type = "agent";
  const AuthOutcome admitted = view.admit({given, {}, {}});
  ASSERT_TRUE(admitted.ok()) << admitted.message;
  EXPECT_EQ(admitted.principal->owners, std::vector<std::string>{"dev@example.com"});
  clock_.advance(std::chrono::seconds(1));
  put(false, true);
  const AuthOutcome refused = view.admit({given, {}, {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure, AuthFailure::kRevoked);
  EXPECT_THAT(refused.message, HasSubstr("reeve agent transfer"));
}

TEST(AgentRegister, JsonKeepsEverythingAndTheLedgerNoKeys) {
  Agent full = agent();
  full.identities.push_back({AgentIdentity::Kind::kWorkload, "https://ci.example.com", {{"ref", "main"}}, {}});
  full.identities.push_back({AgentIdentity::Kind::kCard, {}, {}, R"({"keys":[{"kty":"OKP"}]})"});
  full.expires = kNow + std::chrono::hours(1);
  full = approved(full);
  EXPECT_EQ(agent_from_json(agent_to_json(full)).value(), full);
  EXPECT_THAT(agent_event_detail(full), ::testing::Not(HasSubstr("OKP")));
  EXPECT_EQ(agent_event_kind(full), "agent.approved");
  for (const char* bad : {"", "{}", "[]", R"({"id":"a b","state":"approved","requested":"2026-01-01T00:00:00Z"})"}) {
    EXPECT_FALSE(agent_from_json(bad).ok()) << bad;
  }
}

TEST(AgentSet, AWorkloadIsKnownByAllItsClaims) {
  Agent one = agent("one"), two = agent("two");
  one.identities = {{AgentIdentity::Kind::kWorkload, "https://ci.example.com", {{"repository", "acme/app"}}, {}}};
  two.identities = {{AgentIdentity::Kind::kWorkload,
                     "https://ci.example.com",
                     {{"kubernetes.io.namespace", "prod"}, {"ref", "main"}},
                     {}}};
  const AgentSet set({one, two});
  const auto find = [&](const char* claims, const char* issuer = "https://ci.example.com") {
    AgentCredential credential;
    credential.kind = AgentIdentity::Kind::kWorkload;
    credential.name = issuer;
    credential.claims = claims;
    const auto found = set.find(credential);
    return !found ? "several" : *found == nullptr ? "none" : (*found)->id;
  };
  EXPECT_EQ(find(R"({"repository":"acme/app","ref":"topic"})"), "one");
  EXPECT_EQ(find(R"({"repository":"acme/app"})", "https://other.example.com"), "none");
  EXPECT_EQ(find(R"({"repository":"acme/application"})"), "none");
  EXPECT_EQ(find(R"({"repository":["acme/app"]})"), "none");
  EXPECT_EQ(find(R"({"ref":"main"})"), "none");
  EXPECT_EQ(find(R"({"ref":"main","kubernetes":{"io":{"namespace":"prod"}}})"), "two");
  EXPECT_EQ(find(R"({"ref":"main","kubernetes.io":{"namespace":"prod"}})"), "two") << "as Kubernetes names it";
  EXPECT_EQ(find(R"({"ref":"main","repository":"acme/app","kubernetes.io":{"namespace":"prod"}})"), "several");
}

TEST(AgentView, HoldsAnAgentToTheRegisterAsItIsNow) {
  ManualClock clock(kNow);
  const auto store = make_memory_agent_store();
  Agent asked = agent();
  asked.expires = kNow + std::chrono::hours(1);
  ASSERT_TRUE(store->put(asked).ok());
  Agents agents(*store, UnregisteredAgents::kRefuse, clock);
  AgentView view(&agents);
  const auto principal = std::make_shared<Principal>();
  principal->id = "agent:review";
  principal->type = "agent";
  principal->actors = {"review"};
  const auto admit = [&] { return view.admit({principal, {}, {}}); };
  EXPECT_THAT(admit().message, HasSubstr("waits for approval"));
  const Agent live = approved(asked);
  ASSERT_TRUE(store->put(live).ok());
  const auto held = admit();
  ASSERT_TRUE(held.ok()) << held.message;
  EXPECT_TRUE(held.principal->in_scope("models", "claude-opus"));
  EXPECT_FALSE(held.principal->in_scope("models", "gpt-5"));
  EXPECT_FALSE(held.principal->in_scope("classes", "pii")) << "what is not named is not permitted";
  EXPECT_EQ(admit().principal, held.principal) << "remembered";
  clock.advance(std::chrono::hours(1));
  EXPECT_THAT(admit().message, HasSubstr("expired"));
  ASSERT_TRUE(store->put(decide_agent(live, AgentDecision::kRetire, "a@example.com", "over", kNow).value()).ok());
  EXPECT_THAT(admit().message, HasSubstr("retired"));
}

TEST(AgentView, PeopleAreNoneOfItsBusinessAndStrangersAreRefusedOrHeld) {
  ManualClock clock(kNow);
  const auto store = make_memory_agent_store();
  const auto person = std::make_shared<Principal>();
  person->id = "dev@example.com";
  const auto stranger = std::make_shared<Principal>();
  stranger->id = "bot";
  stranger->type = "agent";
  Agents strict(*store, UnregisteredAgents::kRefuse, clock), open(*store, UnregisteredAgents::kSandbox, clock);
  AgentView strict_view(&strict), open_view(&open), none(nullptr);
  EXPECT_EQ(strict_view.admit({person, {}, {}}).principal, person);
  EXPECT_EQ(none.admit({stranger, {}, {}}).principal, stranger);
  EXPECT_FALSE(strict_view.admit({stranger, {}, {}}).ok());
  const auto held = open_view.admit({stranger, {}, {}});
  ASSERT_TRUE(held.ok());
  EXPECT_THAT(held.principal->groups, ::testing::ElementsAre(kSandboxGroup));
}

TEST(AgentCards, ProveTheKeyOfWhoeverRegistersThem) {
  const auto key = SigningKey::ed25519("k1"), other = SigningKey::ed25519("k1");
  const auto card = [&](const SigningKey& signer, const std::string& claims, const char* type = "agent-card+jwt") {
    return signer.token_with_header("EdDSA", std::string(R"({"alg":"EdDSA","kid":"k1","typ":")") + type + "\"}",
                                    claims);
  };
  const std::string jwks = R"("jwks":{"keys":[)" + key.jwk() + "]}";
  const std::string good = R"({"sub":"review","exp":1700000600,)" + jwks + "}";
  EXPECT_TRUE(read_agent_card(card(key, good), "review", kNow).ok());
  for (const std::string& bad :
       {card(other, good), card(key, good, "jwt"), card(key, R"({"sub":"review",)" + jwks + "}"),
        card(key, R"({"sub":"review","exp":1600000000,)" + jwks + "}"),
        card(key, R"({"sub":"review","exp":1700000600})"),
        card(key, R"({"sub":"review","exp":1700000600,"jwks":{"keys":[]}})"), std::string("nonsense")}) {
    EXPECT_FALSE(read_agent_card(bad, "review", kNow).ok());
  }
  EXPECT_FALSE(read_agent_card(card(key, good), "another", kNow).ok());
}

TEST(ScopesOfAChain, AreAllAskedFor) {
  Principal principal;
  EXPECT_TRUE(principal.in_scope("models", "m"));
  principal.permitted = {{"models:a*"}, {"models:*b"}};
  EXPECT_TRUE(principal.in_scope("models", "ab"));
  EXPECT_FALSE(principal.in_scope("models", "ac"));
  EXPECT_FALSE(principal.in_scope("models", "bb"));
  principal.held_to = {{"models:abb"}};
  EXPECT_FALSE(principal.in_scope("models", "ab"));
  EXPECT_TRUE(principal.in_scope("models", "abb"));
  principal.permitted.push_back({"models:"});
  EXPECT_FALSE(principal.in_scope("models", "abb"));
}

}  // namespace
}  // namespace reeve::identity
