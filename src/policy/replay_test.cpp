#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"

namespace reeve::policy {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

const char* const kAllow = "kind: Policy\nname: everyone\nowner: t\non: model.call\neffect: allow\n";
const char* const kDenyLarge =
    "---\nkind: Policy\nname: no-large\nowner: t\non: model.call\nmatch: {groups: [contractors], tiers: [frontier]}\n"
    "effect: deny\nmessage: Smaller, please.\n";
const char* const kShadowAll =
    "---\nkind: Policy\nname: later\nowner: t\non: model.call\nmatch: {tiers: [frontier]}\nmode: shadow\n"
    "effect: deny\nmessage: Smaller, please.\n";
const char* const kTwoUses =
    "---\nkind: Exception\nname: pilot\nrules: [no-large]\nmatch: {groups: [contractors]}\nreason: a pilot\n"
    "requested_by: a@example.com\napproved_by: b@example.com\nends: 2026-12-31\nuses: 2\n";

std::shared_ptr<const Bundle> rules(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto bundle = Bundle::build(parse_yaml(yaml, "rules.yaml", complaints), complaints);
  EXPECT_TRUE(bundle) << (complaints.empty() ? "" : complaints.front().to_string());
  return bundle;
}

template <typename Named>
std::string names_json(const std::vector<const Named*>& named) {
  JsonWriter json;
  json.begin_array();
  for (const Named* one : named) json.value(one->name);
  return json.end_array().take();
}

struct Call {
  std::string request, person = "dev@example.com", group = "contractors", tier = "frontier";
  std::string time = "2026-11-20T10:00:00.000000Z";
};

/// What a surface decides with.
class TakenUses final : public UseGate {
 public:
  bool admit(const ExceptionInfo& exception) override { return counter_.take(exception.name, *exception.uses); }

 private:
  UseCounter counter_;
};

/// Makes entries as the gateway writes them.
class Recorder {
 public:
  explicit Recorder(std::shared_ptr<const Bundle> bundle) : bundle_(std::move(bundle)) {}

  /// The entry that holds the decision.
  std::string decide(const Call& call) {
    const std::string bare = entry(call, "{\"time\":\"" + call.time + "\"}", "");
    const auto document = JsonDocument::parse(bare);
    const auto facts = facts_from_entry(document->root());
    bundle_->decide(Point::kModelCall, *facts, &uses_, scratch_, decision_);
    JsonWriter json;
    json.begin_object().member("bundle", bundle_->digest()).member("effect", effect_name(decision_.effect));
    if (!decision_.ended.empty()) {
      json.key("ended").begin_array();
      for (const EndedException& ended : decision_.ended) {
        json.value(ended.exception->name + " " + std::string(ended_reason(ended.why)));
      }
      json.end_array();
    }
    if (!decision_.exceptions.empty()) json.key("exceptions").raw(names_json(decision_.exceptions));
    json.member("input", input_digest(Point::kModelCall, *facts));
    if (decision_.rule != nullptr) json.member("rule", decision_.rule->name);
    if (!decision_.matched.empty()) json.key("rules").raw(names_json(decision_.matched));
    if (!decision_.shadow.empty()) json.key("shadow").raw(names_json(decision_.shadow));
    if (decision_.shadow_effect != decision_.effect) {
      json.member("shadow_effect", effect_name(decision_.shadow_effect));
    }
    json.member("time", call.time).end_object();
    return entry(call, json.text(), decision_.refused() ? "" : "\"attempt\":1,");
  }

  std::string outcome(const Call& call, std::int64_t nanos, int attempt = 1) {
    return "{\"attempt\":" + std::to_string(attempt) +
           ",\"cost\":{\"currency\":\"USD\",\"nanos\":" + std::to_string(nanos) +
           "},\"decision\":{\"effect\":\"allow\"},\"kind\":\"model.outcome\",\"request_id\":\"" + call.request +
           "\",\"seq\":" + std::to_string(seq_++) + ",\"time\":\"" + call.time + "\",\"v\":1}";
  }

 private:
  std::string entry(const Call& call, const std::string& decision, const std::string& attempt) {
    const std::string kind = attempt.empty() ? "model.outcome" : "model.intent";
    return "{" + attempt + "\"decision\":" + decision + ",\"kind\":\"" + kind +
           "\",\"model\":{\"asked\":\"claude-opus-4-6\",\"tier\":\"" + call.tier + "\"},\"principal\":{\"groups\":[\"" +
           call.group + "\"],\"id\":\"" + call.person + "\"},\"request_id\":\"" + call.request +
           "\",\"seq\":" + std::to_string(seq_++) + ",\"time\":\"" + call.time + "\",\"v\":1}";
  }

  std::shared_ptr<const Bundle> bundle_;
  TakenUses uses_;
  Scratch scratch_;
  Decision decision_;
  std::uint64_t seq_ = 0;
};

ReplayQuestion with_own(std::shared_ptr<const Bundle> bundle) {
  ReplayQuestion question;
  question.find_bundle = [bundle](const std::string& digest) { return digest == bundle->digest() ? bundle : nullptr; };
  return question;
}

ReplayReport replay(const ReplayQuestion& question, const std::vector<std::string>& entries) {
  Replayer replayer(question);
  for (const std::string& entry : entries) replayer.feed(entry);
  return replayer.report();
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  return text.replace(at, what.size(), with);
}

TEST(Replay, EveryDecisionAgreesUnderTheRulesItWasMadeUnder) {
  const auto bundle = rules(std::string(kAllow) + kDenyLarge + kShadowAll + kTwoUses);
  Recorder recorder(bundle);
  std::vector<std::string> entries;
  for (int i = 0; i < 5; ++i) entries.push_back(recorder.decide({.request = "req_" + std::to_string(i)}));
  entries.push_back(recorder.decide({.request = "req_s", .tier = "small"}));
  entries.push_back(R"({"kind":"service.started","seq":9,"time":"2026-11-20T10:00:00.000000Z","v":1})");
  const ReplayReport report = replay(with_own(bundle), entries);
  EXPECT_EQ(report.decisions, 6U);
  EXPECT_EQ(report.agreed, 6U);
  EXPECT_EQ(report.inputs_checked, 6U);
  EXPECT_EQ(report.inputs_differing, 0U);
  EXPECT_THAT(report.by_effect, IsEmpty());
}

TEST(Replay, OtherRulesShowWhatTheyWouldHaveChangedAndItsCost) {
  Recorder recorder(rules(kAllow));
  const Call costly{.request = "req_a"};
  const Call other{.request = "req_b", .person = "lead@example.com"};
  const Call small{.request = "req_c", .tier = "small"};
  std::vector<std::string> entries{recorder.decide(costly),        recorder.decide(small),
                                   recorder.decide(other),         recorder.outcome(costly, 500, 1),
                                   recorder.outcome(small, 70),    recorder.outcome(other, 9),
                                   recorder.outcome(costly, 40, 2)};
  ReplayQuestion question;
  question.after = rules(std::string(kAllow) + kDenyLarge);
  const ReplayReport report = replay(question, entries);
  EXPECT_EQ(report.decisions, 3U);
  EXPECT_EQ(report.agreed, 1U);
  EXPECT_EQ(report.changes.decisions, 2U);
  EXPECT_EQ(report.changes.now_refused, 2U);
  EXPECT_EQ(report.changes.people, 2U);
  EXPECT_EQ(report.changes.refused_cost.nanos, 549);
  ASSERT_THAT(report.by_effect, ElementsAre(Field(&ReplayGroup::name, "allow -> deny")));
  ASSERT_THAT(report.by_rule, ElementsAre(Field(&ReplayGroup::name, "no-large")));
  ASSERT_EQ(report.by_person.size(), 2U);
  EXPECT_EQ(report.by_person[0].name, "dev@example.com");
  EXPECT_EQ(report.by_person[0].refused_cost.nanos, 540);
  ASSERT_EQ(report.differences.size(), 2U);
  EXPECT_EQ(report.differences[0].request_id, "req_a");
  EXPECT_EQ(report.differences[0].before + report.differences[0].after, "allowdeny");
  EXPECT_EQ(report.differences[0].after_rule, "no-large");
  EXPECT_EQ(report.differences[1].request_id, "req_b");
}

TEST(Replay, CallsThatWereRefusedAndWouldGoOnAreCountedUnderTheRuleThatRefusedThem) {
  Recorder recorder(rules(std::string(kAllow) + kDenyLarge));
  ReplayQuestion question;
  question.after = rules(kAllow);
  const ReplayReport report = replay(question, {recorder.decide({.request = "req_a"})});
  EXPECT_EQ(report.changes.now_allowed, 1U);
  EXPECT_EQ(report.changes.now_refused, 0U);
  ASSERT_EQ(report.by_rule.size(), 1U);
  EXPECT_EQ(report.by_rule[0].name, "no-large");
}

TEST(Replay, TwoSetsAreComparedWithEachOtherWhateverWasRecorded) {
  Recorder recorder(rules(std::string(kAllow) + kDenyLarge));
  const std::vector<std::string> entries{recorder.decide({.request = "req_a"})};
  ReplayQuestion question;
  question.before = rules(kAllow);
  question.after = rules(kAllow);
  EXPECT_EQ(replay(question, entries).agreed, 1U);
  question.after = rules(std::string(kAllow) + kDenyLarge);
  EXPECT_EQ(replay(question, entries).changes.now_refused, 1U);
}

TEST(Replay, ARecordThatSaysSomethingElseIsFound) {
  const auto bundle = rules(std::string(kAllow) + kDenyLarge + kShadowAll);
  Recorder recorder(bundle);
  const std::string large = recorder.decide({.request = "req_a"});
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"effect\":\"deny\"", "\"effect\":\"ask\""},
      {"\"rule\":\"no-large\"", "\"rule\":\"no-larger\""},
      {"\"rules\":[\"everyone\",\"no-large\"]", "\"rules\":[\"no-large\"]"},
      {"\"shadow\":[\"later\"]", "\"shadow\":[\"sooner\"]"},
      {"\"input\"", "\"exceptions\":[\"pilot\"],\"input\""}};
  for (const auto& [what, with] : changes) {
    const ReplayReport report = replay(with_own(bundle), {replaced(large, what, with)});
    EXPECT_EQ(report.differing, 1U) << with;
    EXPECT_EQ(report.differences.size(), 1U) << with;
  }
  const ReplayReport facts = replay(with_own(bundle), {replaced(large, "claude-opus-4-6", "claude-opus-4-7")});
  EXPECT_EQ(facts.agreed, 1U);
  EXPECT_EQ(facts.inputs_differing, 1U);
}

TEST(Replay, WhatCannotBeMadeAgainIsCountedApart) {
  const auto bundle = rules(kAllow);
  Recorder recorder(bundle);
  const std::string entry = recorder.decide({.request = "req_a"});
  const std::string cut = replaced(entry, "\"v\":1", "\"truncated\":true,\"v\":1");
  const ReplayReport report = replay(
      with_own(bundle), {replaced(entry, "sha256:", "sha256:0"), entry.substr(0, entry.size() / 2), cut,
                         replaced(cut, "claude-opus-4-6", "claude-opus"), replaced(entry, "\"allow\"", "\"perhaps\""),
                         replaced(entry, "\"asked\":\"", "\"asked\":\"\\x")});
  EXPECT_EQ(report.decisions, 6U);
  EXPECT_EQ(report.bundle_unknown, 1U);
  EXPECT_EQ(report.unreadable, 3U);
  EXPECT_EQ(report.facts_cut, 1U);
  EXPECT_EQ(report.agreed, 1U);
  EXPECT_EQ(report.inputs_differing, 0U);
}

TEST(Replay, OnlyTheEntryThatHoldsTheDecisionIsOne) {
  const auto bundle = rules(kAllow);
  Recorder recorder(bundle);
  const std::string entry = recorder.decide({.request = "req_a"});
  const std::string second = replaced(entry, "\"attempt\":1", "\"attempt\":2");
  const std::string no_rules_asked =
      R"({"decision":{"effect":"deny"},"kind":"model.outcome","request_id":"req_b","seq":4,"v":1})";
  EXPECT_EQ(replay(with_own(bundle), {entry, second, no_rules_asked}).decisions, 1U);
}

TEST(Replay, UsesOfExceptionsAreAnsweredFromTheRecordAndOthersAreCounted) {
  const std::string yaml = std::string(kAllow) + kDenyLarge + kTwoUses;
  Recorder recorder(rules(yaml));
  std::vector<std::string> entries;
  for (int i = 0; i < 4; ++i) entries.push_back(recorder.decide({.request = "req_" + std::to_string(i)}));
  EXPECT_NE(entries[1].find("\"exceptions\":[\"pilot\"]"), std::string::npos);
  EXPECT_NE(entries[2].find("\"ended\":[\"pilot used_up\"]"), std::string::npos);
  // In whatever order: the record says which two had it.
  const std::vector<std::string> backwards(entries.rbegin(), entries.rend());
  EXPECT_EQ(replay(with_own(rules(yaml)), backwards).agreed, 4U);

  Recorder without(rules(std::string(kAllow) + kDenyLarge));
  std::vector<std::string> denied;
  for (int i = 0; i < 4; ++i) denied.push_back(without.decide({.request = "req_" + std::to_string(i)}));
  UseCounter uses;
  ReplayQuestion question;
  question.after = rules(yaml);
  question.uses_after = &uses;
  EXPECT_EQ(replay(question, denied).changes.now_allowed, 2U);
}

TEST(Replay, PartsOfSeveralThreadsAddUpToTheWhole) {
  Recorder recorder(rules(kAllow));
  ReplayQuestion question;
  question.after = rules(std::string(kAllow) + kDenyLarge);
  Replayer whole(question);
  std::vector<Replayer> parts;
  for (int i = 0; i < 3; ++i) parts.emplace_back(question);
  for (std::size_t i = 0; i < 200; ++i) {
    const Call call{.request = "req_" + std::to_string(i), .person = "p" + std::to_string(i % 30)};
    for (const std::string& entry : {recorder.decide(call), recorder.outcome(call, static_cast<std::int64_t>(i))}) {
      whole.feed(entry);
      parts[i % 3].feed(entry);
    }
  }
  parts[1].merge(parts[0]);
  parts[1].merge(parts[2]);
  const ReplayReport one = whole.report();
  const ReplayReport sum = parts[1].report();
  EXPECT_EQ(sum.decisions, 200U);
  EXPECT_EQ(sum.changes.refused_cost.nanos, 199 * 200 / 2);
  EXPECT_EQ(sum.changes.refused_cost, one.changes.refused_cost);
  EXPECT_EQ(sum.changes.people, 30U);
  EXPECT_EQ(sum.by_person.size(), 20U);
  ASSERT_EQ(sum.differences.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(sum.differences[i].seq, one.differences[i].seq);
  EXPECT_EQ(parts[0].report().decisions, 0U);
}

TEST(Replay, DecisionsBehindTheEndAreLeftOutButNotTheCostOfEarlierCalls) {
  Recorder recorder(rules(kAllow));
  const Call early{.request = "req_a"};
  const Call late{.request = "req_b", .time = "2026-11-20T10:00:01.000000Z"};
  std::string outcome = replaced(recorder.outcome(early, 5), "10:00:00", "11:00:00");
  ReplayQuestion question;
  question.after = rules(std::string(kAllow) + kDenyLarge);
  question.until = *parse_time("2026-11-20T10:00:00Z");
  const ReplayReport report =
      replay(question, {recorder.decide(early), recorder.decide(late), outcome, recorder.outcome(late, 7)});
  EXPECT_EQ(report.decisions, 1U);
  EXPECT_EQ(report.changes.refused_cost.nanos, 5);
}

TEST(Replay, EqualDigestsDecideAlikeInWhateverOrderTheRulesStood) {
  const std::string second = replaced(kDenyLarge, "no-large", "another-one");
  const auto forwards = rules(std::string(kAllow) + kDenyLarge + second);
  const auto backwards = rules(second.substr(4) + "---\n" + kAllow + kDenyLarge);
  ASSERT_EQ(forwards->digest(), backwards->digest());
  Recorder recorder(forwards);
  const std::string entry = recorder.decide({.request = "req_a"});
  EXPECT_NE(entry.find("\"rule\":\"another-one\""), std::string::npos);
  EXPECT_EQ(replay(with_own(backwards), {entry}).agreed, 1U);
}

}  // namespace
}  // namespace reeve::policy
