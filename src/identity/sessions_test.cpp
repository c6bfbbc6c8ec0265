#include <gtest/gtest.h>

#include "identity/identity.h"

namespace reeve::identity {
namespace {

using enum SessionEvent::Kind;
using enum SessionSource;
using std::chrono::minutes;

const Instant kNow = from_unix_seconds(1'700'000'000);

SessionEvent event_of(std::string_view client, std::string_view session, Duration after = {}) {
  SessionEvent event;
  event.time = kNow + after;
  event.person = "ada";
  event.key_id = "key_1";
  event.client = client;
  event.session = session;
  return event;
}
SessionEvent ended(SessionEvent event, std::int64_t tokens, std::int64_t cost) {
  event.kind = kCallEnded;
  event.input_tokens = tokens;
  event.output_tokens = 1;
  event.cost_nanos = cost;
  return event;
}
SessionEvent seen_by(SessionSource source, SessionEvent event) {
  event.source = source;
  return event;
}
std::vector<std::string> ids(const SessionBook& book) {
  std::vector<std::string> list;
  for (const Session& session : book.sessions()) list.push_back(session.id);
  return list;
}
using Ids = std::vector<std::string>;

TEST(SessionBook, JoinsAllSourcesByTheClientsName) {
  SessionBook book;
  book.take(ended(event_of("claude-code", "s-1"), 100, 5));
  book.take(seen_by(kHook, event_of("claude-code", "s-1", minutes(1))));
  book.take(seen_by(kMcp, event_of("claude-code", "s-1", minutes(2))));
  book.take(seen_by(kTelemetry, ended(event_of("claude-code", "s-1", minutes(3)), 100, 6)));
  ASSERT_EQ(ids(book), Ids{"s-1"});
  const Session session = book.sessions().front();
  EXPECT_EQ(session.sources.size(), 4u);
  EXPECT_EQ(session.use, (SessionUse{1, 100, 1, 5})) << "counted once, by the gateway";
  EXPECT_EQ(session.told, (SessionUse{1, 100, 1, 6}));
  EXPECT_EQ(session.started, kNow);
  EXPECT_EQ(session.last_seen, kNow + minutes(3));
}

TEST(SessionBook, OthersMayUseTheSameName) {
  SessionBook book;
  book.take(event_of("claude-code", "s-1"));
  SessionEvent bob = event_of("claude-code", "s-1");
  bob.person = "bob";
  book.take(bob);
  EXPECT_EQ(book.sessions().size(), 2u);
}

TEST(SessionBook, CountsWhatIsUnderWay) {
  SessionBook book;
  SessionEvent began = event_of("codex", "s-1");
  began.kind = kCallBegan;
  book.take(began);
  book.take(began);
  EXPECT_EQ(book.sessions().front().under_way, 2);
  EXPECT_EQ(book.sessions().front().state(), "live");
  book.take(ended(event_of("codex", "s-1"), 1, 1));
  book.take(ended(event_of("codex", "s-1"), 1, 1));
  book.take(ended(event_of("codex", "s-1"), 1, 1));
  EXPECT_EQ(book.sessions().front().under_way, 0) << "one began before anybody listened";
  book.take(began);
  book.set_under_way({});
  EXPECT_EQ(book.sessions().front().state(), "idle");
  const std::vector<SessionEvent> calls{event_of("codex", "s-1"), event_of("codex", "s-2")};
  book.set_under_way(calls);
  for (const Session& session : book.sessions()) EXPECT_EQ(session.under_way, 1) << session.id;
  SessionEvent over = seen_by(kHook, event_of("codex", "s-3"));
  over.kind = kOver;
  book.take(over);
  EXPECT_EQ(book.sessions().back().state(), "over") << "of one moment the order is by name";
}

TEST(SessionBook, WithoutANameAKeyAndItsPausesMakeTheSession) {
  SessionBook book;
  book.take(event_of("gemini-cli", ""));
  book.take(event_of("gemini-cli", "", minutes(29)));
  book.take(event_of("gemini-cli", "", minutes(58)));
  book.take(event_of("copilot-cli", "", minutes(58)));
  SessionEvent other_key = event_of("gemini-cli", "", minutes(58));
  other_key.key_id = "key_2";
  book.take(other_key);
  EXPECT_EQ(book.sessions().size(), 3u);
  book.take(event_of("gemini-cli", "", minutes(89)));
  EXPECT_EQ(book.sessions().size(), 4u) << "after a pause it is another one";
  const Session newest = book.sessions().front();
  EXPECT_FALSE(newest.named);
  EXPECT_EQ(newest.id, "~gemini-cli-2023-11-14T23:42:20-key_1");
}

TEST(SessionBook, WhatGoesWithoutANameJoinsTheOnlySessionThatAHookNames) {
  SessionBook book;
  book.take(seen_by(kHook, event_of("gemini-cli", "g-1")));
  book.take(ended(event_of("gemini-cli", "", minutes(1)), 10, 1));
  ASSERT_EQ(ids(book), Ids{"g-1"});
  EXPECT_EQ(book.sessions().front().use.calls, 1);
  // Another tool, another person, long after: not this one.
  book.take(event_of("copilot-cli", "", minutes(1)));
  SessionEvent bob = event_of("gemini-cli", "", minutes(1));
  bob.person = "bob";
  book.take(bob);
  book.take(event_of("gemini-cli", "", minutes(40)));
  EXPECT_EQ(book.sessions().size(), 4u);
}

TEST(SessionBook, WithTwoThatItMayBeItIsNeither) {
  SessionBook book;
  book.take(seen_by(kHook, event_of("gemini-cli", "g-1")));
  book.take(seen_by(kHook, event_of("gemini-cli", "g-2")));
  book.take(ended(event_of("gemini-cli", "", minutes(1)), 10, 1));
  EXPECT_EQ(book.sessions().size(), 3u);
  EXPECT_FALSE(book.sessions().front().named);
  SessionEvent over = seen_by(kHook, event_of("gemini-cli", "g-1", minutes(2)));
  over.kind = kOver;
  book.take(over);
  book.take(ended(event_of("gemini-cli", "", minutes(3)), 10, 1));
  EXPECT_EQ(book.sessions().front().id, "g-2") << "the other one is over";
}

// A client that names its sessions and once does not is no reason to guess.
TEST(SessionBook, WhatTheSourceItselfNamesIsNotGuessed) {
  SessionBook book;
  book.take(event_of("claude-code", "s-1"));
  book.take(event_of("claude-code", "", minutes(1)));
  EXPECT_EQ(book.sessions().size(), 2u);
}

TEST(SessionBook, SubAgentsMakeATree) {
  SessionBook book;
  const auto agent = [&](std::string_view id, std::string_view parent, std::int64_t cost) {
    SessionEvent event = ended(event_of("codex", "s-1"), 10, cost);
    event.agent = id;
    event.parent_agent = parent;
    book.take(event);
  };
  book.take(ended(event_of("codex", "s-1"), 10, 1));
  agent("lead", "s-1", 2);  // Codex names the session as the parent
  agent("b", "lead", 4);
  agent("a", "lead", 8);
  agent("c", "b", 16);
  agent("alone", "", 32);
  const Session session = book.sessions().front();
  EXPECT_EQ(session.use.cost_nanos, 63) << "all of it";
  std::vector<std::string> lines;
  for (const SessionBranch& branch : agent_tree(session)) {
    lines.push_back(std::string(branch.depth, ' ') + std::string(branch.id) + " " +
                    std::to_string(branch.agent->use.cost_nanos));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"alone 32", "lead 2", " a 8", " b 4", "  c 16"}));
}

TEST(SessionBook, ATreeOfLiesEnds) {
  SessionBook book;
  for (const auto& [id, parent] : std::vector<std::pair<const char*, const char*>>{
           {"a", "b"}, {"b", "a"}, {"self", "self"}, {"child", "nobody"}}) {
    SessionEvent event = event_of("claude-code", "s-1");
    event.agent = id;
    event.parent_agent = parent;
    book.take(event);
  }
  EXPECT_EQ(agent_tree(book.sessions().front()).size(), 4u);
}

TEST(SessionBook, IsBounded) {
  SessionBook book;
  for (std::size_t i = 0; i < SessionBook::kSessionsMax + 10; ++i) {
    const std::string id = "s-" + std::to_string(i);
    book.take(event_of("other", id, std::chrono::seconds(i)));
  }
  EXPECT_LE(book.sessions().size(), SessionBook::kSessionsMax);
  EXPECT_GT(book.sessions().size(), SessionBook::kSessionsMax / 2);
  EXPECT_EQ(book.sessions().front().id, "s-" + std::to_string(SessionBook::kSessionsMax + 9));
  for (std::size_t i = 0; i < SessionBook::kAgentsMax + 10; ++i) {
    const std::string agent = "agent-" + std::to_string(i);
    SessionEvent event = event_of("other", "s-9000", std::chrono::hours(10));
    event.agent = agent;
    book.take(event);
  }
  EXPECT_EQ(book.sessions().front().agents.size(), SessionBook::kAgentsMax);
  EXPECT_EQ(book.sessions().front().agents_left_out, 10);
  book.forget_seen_before(kNow + std::chrono::hours(10));
  EXPECT_EQ(ids(book), Ids{"s-9000"});
}

TEST(SessionBook, LongNamesAreTheSameAsRecordsHaveThem) {
  SessionBook book;
  const std::string longest(256, 's');
  book.take(event_of("other", longest));
  book.take(seen_by(kHook, event_of("other", longest.substr(0, 200))));
  EXPECT_EQ(book.sessions().size(), 1u);
}

}  // namespace
}  // namespace reeve::identity
