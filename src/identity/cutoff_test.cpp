#include <gtest/gtest.h>

#include "core/declared.h"
#include "identity/identity.h"

namespace reeve::identity {
namespace {

using enum CutoffKind;

const Instant kNow = from_unix_seconds(1'700'000'000);

CutoffScope scope(std::string_view text) {
  auto parsed = parse_cutoff_scope(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : CutoffScope{};
}

Cutoff cutoff(std::string_view text) {
  auto made = make_cutoff({scope(text), "because", "ada", {}, {}}, kNow);
  EXPECT_TRUE(made.ok());
  return *made;
}

bool covers(std::string_view text, const CutoffSubject& subject) {
  return CutoffSet({cutoff(text)}).covers(subject, kNow) != nullptr;
}

TEST(CutoffScope, ReadsWhatItWrites) {
  for (const char* text : {"all", "provider:anthropic", "model:claude-*", "person:ada@example.com", "group:contractors",
                           "agent:reviewer", "session:0a:1b", "mcp_server:github", "key:key_01"}) {
    EXPECT_EQ(scope(text).text(), text);
  }
  EXPECT_EQ(scope("person:Ada@Example.com").name, "ada@example.com") << "as credentials name her";
}

TEST(CutoffScope, RefusesWhatIsNone) {
  for (const char* text :
       {"", "everything", "all:", "all:x", "person", "person:", "person: ada", "team:x", "Person:x"}) {
    EXPECT_FALSE(parse_cutoff_scope(text).ok()) << text;
  }
}

TEST(Cutoff, NeedsAReasonAndATimeThatIsNotOver) {
  const CutoffScope all;
  EXPECT_FALSE(make_cutoff({all, "", "ada", {}, {}}, kNow).ok());
  EXPECT_FALSE(make_cutoff({all, "  ", "ada", {}, {}}, kNow).ok());
  EXPECT_FALSE(make_cutoff({all, "two\nlines", "ada", {}, {}}, kNow).ok());
  EXPECT_FALSE(make_cutoff({all, std::string(501, 'x'), "ada", {}, {}}, kNow).ok());
  EXPECT_FALSE(make_cutoff({all, "why", "", {}, {}}, kNow).ok());
  EXPECT_FALSE(make_cutoff({all, "why", "ada", kNow, {}}, kNow).ok());
  EXPECT_TRUE(make_cutoff({all, "why", "ada", kNow + std::chrono::seconds(1), {}}, kNow).ok());
}

TEST(Cutoff, ARepeatedRequestHasTheSameIdAndOthersHaveOthers) {
  const auto id = [](const char* by, const char* key) { return make_cutoff({{}, "why", by, {}, key}, kNow)->id; };
  EXPECT_EQ(id("ada", "k1"), id("ada", "k1"));
  EXPECT_NE(id("ada", "k1"), id("ada", "k2"));
  EXPECT_NE(id("ada", "k1"), id("bob", "k1"));
  EXPECT_NE(id("ada", ""), id("ada", ""));
}

TEST(Cutoff, ReadsItsOwnJson) {
  Cutoff full = cutoff("model:claude-*");
  full.until = kNow + std::chrono::hours(1);
  full.practice = true;
  full.drill = "drill_1";
  full.ended = kNow + std::chrono::seconds(5);
  full.ended_by = "bob";
  full.ended_reason = "over";
  EXPECT_EQ(cutoff_from_json(cutoff_to_json(full)).value(), full);
  EXPECT_FALSE(cutoff_from_json("{}").ok());
  EXPECT_FALSE(cutoff_from_json(R"({"at":"2026-01-01T00:00:00Z","id":"cut_1","scope":"all","until":"soon"})").ok())
      << "it would hold for ever";
}

TEST(CutoffSet, EachKindCoversItsOwnAndNothingElse) {
  const std::vector<std::string> groups{"contractors", "developers"};
  CutoffSubject subject;
  subject.provider = "anthropic";
  subject.model_asked = "claude-opus-4-5";
  subject.model_sent = "claude-haiku-4-5";
  subject.person = "ada@example.com";
  subject.groups = groups;
  subject.agent = "reviewer";
  subject.parent_agent = "lead";
  subject.session = "s1";
  subject.mcp_server = "github";
  subject.key_id = "key_1";
  for (const char* text :
       {"all", "provider:anthropic", "model:claude-opus-4-5", "model:claude-haiku-*", "person:ada@example.com",
        "group:contractors", "agent:reviewer", "agent:lead", "session:s1", "mcp_server:github", "key:key_1"}) {
    EXPECT_TRUE(covers(text, subject)) << text;
    EXPECT_EQ(covers(text, {}), std::string_view(text) == "all") << text;
  }
  for (const char* text : {"provider:openai", "provider:anthropi", "model:gpt-*", "person:bob@example.com",
                           "group:contractor", "agent:s1", "session:s", "mcp_server:gitlab", "key:key_2"}) {
    EXPECT_FALSE(covers(text, subject)) << text;
  }
}

TEST(CutoffSet, HoldsForAsLongAsItSays) {
  Cutoff timed = cutoff("all");
  timed.until = kNow + std::chrono::seconds(10);
  const CutoffSet set({timed});
  EXPECT_NE(set.covers({}, kNow + std::chrono::seconds(9)), nullptr);
  EXPECT_EQ(set.covers({}, kNow + std::chrono::seconds(10)), nullptr);
}

TEST(CutoffSet, PracticeAndEarnestDoNotMeet) {
  Cutoff practice = cutoff("all");
  practice.practice = true;
  CutoffSubject stream;
  stream.practice = true;
  EXPECT_EQ(CutoffSet({practice}).covers({}, kNow), nullptr);
  EXPECT_NE(CutoffSet({practice}).covers(stream, kNow), nullptr);
  EXPECT_EQ(CutoffSet({cutoff("all")}).covers(stream, kNow), nullptr);
}

// One of the same name that is over must not hide another.
TEST(CutoffSet, SeveralOfOneNameAreAllAsked) {
  Cutoff over = cutoff("person:ada@example.com");
  over.until = kNow;
  const Cutoff on = cutoff("person:ada@example.com");
  CutoffSubject ada;
  ada.person = "ada@example.com";
  const CutoffSet set({over, on});
  ASSERT_NE(set.covers(ada, kNow), nullptr);
  EXPECT_EQ(set.covers(ada, kNow)->id, on.id);
}

// A call's names are cut before they come here; a scope's are as somebody wrote them.
TEST(CutoffSet, ComparesNamesOfClientsAsFarAsCallsHaveThem) {
  const std::string longest(256, 's');
  const std::string agent = std::string(199, 'a') + "ü" + std::string(20, 'b');
  const CutoffSet set({cutoff("session:" + longest), cutoff("agent:" + agent), cutoff("person:" + longest)});
  CutoffSubject subject;
  const std::string session(bounded(longest));
  subject.session = session;
  ASSERT_NE(set.covers(subject, kNow), nullptr);
  const std::string parent(bounded(agent));
  CutoffSubject sub_agent;
  sub_agent.parent_agent = parent;
  EXPECT_NE(set.covers(sub_agent, kNow), nullptr);
  CutoffSubject verified;
  verified.verified_agent = agent;
  EXPECT_NE(set.covers(verified, kNow), nullptr) << "an agent's credential has its whole name";
  CutoffSubject person;
  person.person = session;
  EXPECT_EQ(set.covers(person, kNow), nullptr) << "a person's name is not cut, so that it is another one";
  subject.session = std::string_view(session).substr(1);
  EXPECT_EQ(set.covers(subject, kNow), nullptr);
}

TEST(CutoffSentence, SaysWhatWhyAndByWhom) {
  Cutoff off = cutoff("provider:anthropic");
  off.reason = "their key leaked";
  const std::string sentence = cutoff_sentence(off);
  for (const char* part : {"anthropic", "their key leaked.", "ada", off.id.c_str()}) {
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
  }
}

TEST(KillSwitch, TheGenerationMovesWithEachSet) {
  KillSwitch kill_switch;
  EXPECT_TRUE(kill_switch.current()->empty());
  const auto before = kill_switch.generation();
  kill_switch.replace(std::make_shared<CutoffSet>(std::vector{cutoff("all")}));
  EXPECT_NE(kill_switch.generation(), before);
  EXPECT_FALSE(kill_switch.current()->empty());
}

}  // namespace
}  // namespace reeve::identity
