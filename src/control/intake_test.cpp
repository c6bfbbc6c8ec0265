// From a question to a decision: the tier by its rules, who may look at what, clocks, and what becomes of the item.

#include <gtest/gtest.h>

#include <random>

#include "control/control.h"

namespace reeve::control {
namespace {

constexpr const char* kRules = R"yaml(
kind: IntakeQuestions
name: standard
version: "1"
tiers: {2: 4, 3: 8}
questions:
  - {id: purpose, text: "What for?", fills: purpose}
  - id: data
    text: "Which data?"
    fills: data_classes
    many: true
    answers:
      - {id: public, text: Public}
      - {id: internal, text: Internal, points: 2}
      - {id: personal, text: Personal, points: 3, at_least: 2, why: "personal data"}
      - {id: health, text: Health, points: 3, at_least: 3}
  - id: autonomy
    text: "Alone?"
    fills: human_review
    answers:
      - {id: suggests, text: Suggests, value: always}
      - {id: alone, text: Alone, points: 5, value: none}
  - {id: notes, text: "Anything else?", fills: notes, optional: true}
---
kind: Review
name: tier-1
tier: 1
due: 3d
deciders: {groups: [council]}
---
kind: Review
name: tier-2
tier: 2
due: 10d
checklists: [security]
deciders: {groups: [council]}
---
kind: Review
name: tier-3
tier: 3
due: 15d
review_again: 90d
grace: 14d
checklists: [security, legal]
deciders: {groups: [council], people: [head@example.com]}
decisions: 2
longest_exception: 30d
---
kind: Checklist
name: security
title: Security
reviewers: {groups: [security]}
questions: [{id: identity, text: "Identity?"}]
---
kind: Checklist
name: legal
title: Legal
reviewers: {groups: [legal, security]}
questions: [{id: contract, text: "Contract?"}]
)yaml";

constexpr Instant kNow{1'800'000'000'000'000'000};

IntakeRules rules_of(const std::string& text) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(text, "rules.yaml", complaints);
  const auto rules = IntakeRules::build(documents, complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return rules;
}

const IntakeRules& rules() {
  static const IntakeRules all = rules_of(kRules);
  return all;
}

const Actor kDev{"dev@example.com", {}};
const Actor kLead{"lead@example.com", {"council"}};
const Actor kChair{"chair@example.com", {"council"}};
const Actor kSecurity{"sec@example.com", {"security", "council"}};
const Actor kLegal{"law@example.com", {"legal"}};

IntakeCase asked(const Answers& answers) {
  auto one = start_intake({"model", "Opus", "owner@example.com", kDev.name}, rules(), kNow).value();
  return answer_intake(one, answers, kDev.name, rules(), kNow).value();
}
IntakeCase tier1() { return asked({{"purpose", {"code"}}, {"data", {"public"}}, {"autonomy", {"suggests"}}}); }
IntakeCase tier2() { return asked({{"purpose", {"code"}}, {"data", {"personal"}}, {"autonomy", {"suggests"}}}); }
IntakeCase tier3() { return asked({{"purpose", {"code"}}, {"data", {"health"}}, {"autonomy", {"suggests"}}}); }

Result<IntakeCase> reviewed(const IntakeCase& one, const std::string& list, const Actor& by,
                            Verdict verdict = Verdict::kPass) {
  ChecklistReview review{.checklist = list, .verdict = verdict};
  review.answers[list == "legal" ? "contract" : "identity"] = "yes";
  if (verdict != Verdict::kPass) review.comment = "look at it";
  return review_intake(one, review, by, {}, rules(), kNow);
}

Result<IntakeCase> decided(const IntakeCase& one, const Actor& by, DecisionKind kind = DecisionKind::kApprove,
                           std::vector<std::string> conditions = {}, std::optional<Instant> until = {}) {
  IntakeDecision decision{.kind = kind, .reason = "as discussed", .conditions = std::move(conditions), .until = until};
  decision.digest = digest_of(one);
  return decide_intake(one, decision, by, rules(), kNow);
}

TEST(Tier, FollowsFromPointsAndFromTheLowestThatAnAnswerAllows) {
  EXPECT_EQ(tier1().intake.tier->tier, 1);
  EXPECT_EQ(tier2().intake.tier->tier, 2) << "at_least";
  EXPECT_EQ(tier3().intake.tier->tier, 3);
  const auto alone = asked({{"purpose", {"x"}}, {"data", {"public"}}, {"autonomy", {"alone"}}});
  EXPECT_EQ(alone.intake.tier->tier, 2) << "5 points";
  ASSERT_EQ(alone.intake.tier->because.size(), 1u);
  EXPECT_EQ(alone.intake.tier->because[0].answer, "alone");
  const auto sum = asked({{"purpose", {"x"}}, {"data", {"internal", "personal"}}, {"autonomy", {"alone"}}});
  EXPECT_EQ(sum.intake.tier->points, 10);
  EXPECT_EQ(sum.intake.tier->tier, 3);
}

// Whatever is answered: one more answer never makes the tier lower, and the tier is what the rules say of it.
TEST(Tier, MoreNeverMakesItLower) {
  std::mt19937 random(7);
  const auto& questions = *rules().questions();
  for (int round = 0; round < 2'000; ++round) {
    Answers answers;
    int before = 0;
    std::int64_t points = 0;
    int at_least = 1;
    for (const Question& question : questions.questions) {
      for (const OfferedAnswer& answer : question.answers) {
        if (random() % 2 == 0) continue;
        answers[question.id].push_back(answer.id);
        points += answer.points;
        at_least = std::max(at_least, answer.at_least);
        const Tiering tiering = tier_of(questions, answers);
        EXPECT_GE(tiering.tier, before);
        EXPECT_EQ(tiering.points, points);
        EXPECT_EQ(tiering.tier, std::max(at_least, points >= 8 ? 3 : points >= 4 ? 2 : 1));
        before = tiering.tier;
      }
    }
  }
}

TEST(Intake, AsksUntilNothingIsMissing) {
  auto one = start_intake({"model", "Opus", {}, kDev.name}, rules(), kNow).value();
  EXPECT_EQ(one.intake.owner, kDev.name);
  EXPECT_EQ(one.item.status, ItemStatus::kProposed);
  one = answer_intake(one, {{"purpose", {"code"}}, {"data", {"internal"}}}, kDev.name, rules(), kNow).value();
  EXPECT_EQ(one.intake.state, IntakeState::kOpen);
  EXPECT_EQ(missing_answers(*rules().questions(), one.intake.answers), std::vector<std::string>{"autonomy"});
  EXPECT_EQ(decided(one, kLead).error().code, ErrorCode::kConflict);
  one = answer_intake(one, {{"autonomy", {"suggests"}}}, kDev.name, rules(), kNow).value();
  EXPECT_EQ(one.intake.state, IntakeState::kInReview);
  EXPECT_EQ(one.item.status, ItemStatus::kInReview);
  EXPECT_EQ(one.item.human_review, "always");
  EXPECT_EQ(one.item.data_classes, std::vector<std::string>{"internal"});
  EXPECT_EQ(*one.intake.due, kNow + std::chrono::days(3));
  const auto refused = [&](const Answers& answers) {
    return answer_intake(one, answers, kDev.name, rules(), kNow).error().code;
  };
  EXPECT_EQ(refused({{"data", {"secret"}}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused({{"colour", {"red"}}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused({{"autonomy", {"suggests", "alone"}}}), ErrorCode::kInvalid) << "it takes one";
  EXPECT_EQ(refused({{"data", {"internal"}}}), ErrorCode::kConflict) << "nothing would change";
  EXPECT_EQ(answer_intake(one, {{"data", {"public"}}}, "eve@example.com", rules(), kNow).error().code,
            ErrorCode::kDenied);
}

TEST(Intake, EachTierHasItsWay) {
  const auto first = decided(tier1(), kLead).value();
  EXPECT_EQ(first.intake.state, IntakeState::kApproved);
  EXPECT_EQ(first.item.status, ItemStatus::kApproved);
  EXPECT_EQ(first.item.risk_tier, 1);
  EXPECT_EQ(*first.item.next_review, kNow + std::chrono::days(180));
  EXPECT_EQ(*first.item.expires, kNow + std::chrono::days(210));

  EXPECT_EQ(decided(tier2(), kLead).error().code, ErrorCode::kConflict) << "the checklist is not filled";
  const auto second = decided(reviewed(tier2(), "security", kSecurity).value(), kLead).value();
  EXPECT_EQ(second.item.status, ItemStatus::kApproved);

  auto third = reviewed(reviewed(tier3(), "security", kSecurity).value(), "legal", kLegal).value();
  third = decided(third, kLead).value();
  EXPECT_EQ(third.intake.state, IntakeState::kInReview) << "a second person";
  EXPECT_EQ(decided(third, kLead).error().code, ErrorCode::kDenied) << "twice the same";
  third = decided(third, kChair, DecisionKind::kApproveWithConditions, {"log it"}).value();
  EXPECT_EQ(third.intake.state, IntakeState::kApprovedWithConditions) << "the stricter counts";
  EXPECT_EQ(third.item.conditions, std::vector<std::string>{"log it"});
  EXPECT_EQ(*third.item.next_review, kNow + std::chrono::days(90));
}

// Every person, also one with all groups, under every way of writing the name: never about one's own.
TEST(Duties, NobodyLooksAtTheirOwn) {
  const std::vector<std::string> everything{"council", "security", "legal"};
  for (const IntakeCase& one : {tier1(), tier2(), tier3()}) {
    for (const char* name : {"dev@example.com", "DEV@Example.com", "owner@example.com", "Owner@EXAMPLE.com"}) {
      const Actor actor{name, everything};
      EXPECT_EQ(decided(one, actor).error().code, ErrorCode::kDenied) << name;
      EXPECT_EQ(decided(one, actor, DecisionKind::kDeny).error().code, ErrorCode::kDenied) << name;
      for (const char* list : {"security", "legal"}) EXPECT_FALSE(reviewed(one, list, actor).ok()) << name << list;
      for (const std::string& may : what_may(one, actor, rules())) {
        EXPECT_TRUE(may == "answer" || may == "withdraw") << name << " may " << may;
      }
    }
  }
}

TEST(Duties, WhoFilledAChecklistDoesNotDecideAlone) {
  const auto one = reviewed(tier2(), "security", kSecurity).value();
  EXPECT_EQ(decided(one, kSecurity).error().code, ErrorCode::kDenied);
  EXPECT_TRUE(decided(one, kSecurity, DecisionKind::kDeny).ok()) << "saying no needs nobody else";
  auto three = reviewed(tier3(), "security", kSecurity).value();
  EXPECT_EQ(reviewed(three, "legal", kSecurity).error().code, ErrorCode::kDenied) << "two checklists of one";
  three = reviewed(three, "legal", Actor{"law@example.com", {"legal", "council"}}).value();
  three = decided(three, kSecurity).value();
  EXPECT_EQ(decided(three, Actor{"law@example.com", {"council"}}).error().code, ErrorCode::kDenied);
  EXPECT_EQ(decided(three, kLead)->intake.state, IntakeState::kApproved);
}

TEST(Duties, OnlyWhomTheDocumentsName) {
  const Actor eve{"eve@example.com", {"everybody"}};
  EXPECT_EQ(decided(tier1(), eve).error().code, ErrorCode::kDenied);
  EXPECT_EQ(reviewed(tier2(), "security", kLead).error().code, ErrorCode::kDenied);
  EXPECT_EQ(reviewed(tier1(), "security", kSecurity).error().code, ErrorCode::kInvalid) << "tier 1 needs none";
}

TEST(Decision, IsAboutWhatWasSeen) {
  const auto one = tier1();
  IntakeDecision decision{.kind = DecisionKind::kApprove, .reason = "fine"};
  EXPECT_EQ(decide_intake(one, decision, kLead, rules(), kNow).error().code, ErrorCode::kConflict);
  decision.digest = digest_of(one);
  const auto changed = answer_intake(one, {{"purpose", {"other"}}}, kDev.name, rules(), kNow).value();
  EXPECT_EQ(decide_intake(changed, decision, kLead, rules(), kNow).error().code, ErrorCode::kConflict);
  decision.reason.clear();
  EXPECT_EQ(decide_intake(one, decision, kLead, rules(), kNow).error().code, ErrorCode::kInvalid);
  // What somebody said yes to is void when anything of it changes.
  auto three = reviewed(reviewed(tier3(), "security", kSecurity).value(), "legal", kLegal).value();
  three = decided(three, kLead).value();
  three = answer_intake(three, {{"purpose", {"other"}}}, kDev.name, rules(), kNow).value();
  EXPECT_TRUE(three.intake.reviews.empty() && three.intake.decisions.empty());
}

TEST(Decision, FollowsWhatChecklistsSay) {
  const auto concerns = reviewed(tier2(), "security", kSecurity, Verdict::kConcerns).value();
  EXPECT_EQ(decided(concerns, kLead).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(decided(concerns, kLead, DecisionKind::kApproveWithConditions, {"mend it"}).ok());
  const auto failed = reviewed(tier2(), "security", kSecurity, Verdict::kFail).value();
  EXPECT_EQ(decided(failed, kLead, DecisionKind::kApproveWithConditions, {"x"}).error().code, ErrorCode::kConflict);
  const auto until = kNow + std::chrono::days(20);
  const auto exception = decided(failed, kLead, DecisionKind::kApproveWithException, {"only here"}, until).value();
  EXPECT_EQ(exception.intake.state, IntakeState::kApprovedWithException);
  EXPECT_EQ(*exception.item.expires, until);
  const auto too_long = kNow + std::chrono::days(91);
  EXPECT_FALSE(decided(failed, kLead, DecisionKind::kApproveWithException, {"x"}, too_long).ok());
  EXPECT_FALSE(decided(tier1(), kLead, DecisionKind::kApprove, {"a condition"}).ok());
  EXPECT_EQ(decided(failed, kLead, DecisionKind::kDeny)->item.status, ItemStatus::kDenied);
}

TEST(Clocks, OverdueExpiryAndRecertification) {
  const auto one = tier1();
  EXPECT_FALSE(one.intake.is_overdue(kNow + std::chrono::days(3) - std::chrono::nanoseconds(1)));
  EXPECT_TRUE(one.intake.is_overdue(kNow + std::chrono::days(3)));
  auto item = decided(one, kLead)->item;
  EXPECT_FALSE(decided(one, kLead)->intake.is_overdue(kNow + std::chrono::days(300)));
  EXPECT_FALSE(expire_item(item, *item.expires - std::chrono::nanoseconds(1)));
  item.status = ItemStatus::kInUse;
  const auto expired = expire_item(item, *item.expires).value();
  EXPECT_EQ(expired.status, ItemStatus::kSuspended);
  const auto resumed = act_on_item(expired, ItemAction::kResume, "boss@example.com", "why not", kNow);
  EXPECT_EQ(resumed.error().code, ErrorCode::kConflict) << "the way back is a recertification";

  auto again = start_intake({{}, {}, {}, kDev.name, &item}, rules(), kNow).value();
  EXPECT_EQ(again.intake.purpose, IntakePurpose::kRecertification);
  EXPECT_EQ(again.item.status, ItemStatus::kInUse) << "it is used meanwhile";
  const Answers answers{{"purpose", {"code"}}, {"data", {"internal"}}, {"autonomy", {"suggests"}}};
  again = answer_intake(again, answers, kDev.name, rules(), kNow).value();
  EXPECT_EQ(again.item.data_classes, item.data_classes) << "not before somebody says yes";
  const auto yes = decided(again, kLead).value();
  EXPECT_EQ(yes.item.status, ItemStatus::kInUse);
  EXPECT_EQ(yes.item.data_classes, std::vector<std::string>{"internal"});
  EXPECT_EQ(decided(again, kLead, DecisionKind::kDeny)->item.status, ItemStatus::kSuspended);
}

TEST(Clocks, AskingAgainDoesNotBeginThemAnew) {
  const auto one = tier1();
  const auto later = kNow + std::chrono::days(2);
  const auto changed = answer_intake(one, {{"purpose", {"other"}}}, kDev.name, rules(), later).value();
  EXPECT_EQ(changed.intake.due, one.intake.due);
}

TEST(Intake, IsTakenBackByWhoAskedOnly) {
  const auto one = tier2();
  EXPECT_EQ(withdraw_intake(one, "owner@example.com", "", kNow).error().code, ErrorCode::kDenied);
  const auto back = withdraw_intake(one, "DEV@example.com", "not needed", kNow).value();
  EXPECT_EQ(back.intake.state, IntakeState::kWithdrawn);
  EXPECT_EQ(back.item.status, ItemStatus::kDecommissioned);
  EXPECT_EQ(withdraw_intake(back, kDev.name, "", kNow).error().code, ErrorCode::kConflict);
  Item seen = item_of_traffic({.what = "model:gpt-9", .first = kNow, .last = kNow}, kNow);
  auto other = start_intake({{}, {}, {}, kDev.name, &seen}, rules(), kNow).value();
  EXPECT_EQ(other.item.owner, kDev.name);
  EXPECT_EQ(withdraw_intake(other, kDev.name, "", kNow)->item.status, ItemStatus::kSeenNotRegistered);
}

TEST(Rows, ComeBackAsTheyWere) {
  auto one = reviewed(tier3(), "security", kSecurity, Verdict::kConcerns).value();
  one = decided(reviewed(one, "legal", kLegal).value(), kLead, DecisionKind::kApproveWithException, {"a", "b"},
                kNow + std::chrono::days(1))
            .value();
  EXPECT_EQ(intake_to_json(intake_from_json(intake_to_json(one.intake)).value()), intake_to_json(one.intake));
  EXPECT_EQ(item_to_json(item_from_json(item_to_json(one.item)).value()), item_to_json(one.item));
  EXPECT_EQ(intake_from_json("{}").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(item_from_json("[]").error().code, ErrorCode::kCorrupt);
  const auto change = change_of_intake(one, nullptr, "register.intake_decided", kLead.name, kNow);
  for (const RowChange& row : change.rows) {
    EXPECT_LE(row.step.detail.size(), 8'192u);
    EXPECT_TRUE(JsonDocument::parse(row.step.detail).ok() && JsonDocument::parse(row.history).ok());
  }
}

TEST(Documents, SayWhatIsWrongWithThem) {
  const auto complaints_of = [](const std::string& text) {
    std::vector<Diagnostic> complaints;
    IntakeRules::build(parse_yaml(text, "f", complaints), complaints);
    return complaints.empty() ? std::string() : complaints.front().message;
  };
  const std::string begin = "kind: IntakeQuestions\nname: a\nversion: '1'\n";
  EXPECT_NE(complaints_of(begin + "tiers: {2: 9, 3: 4}\nquestions: [{id: a, text: a}]\n").find("tiers"),
            std::string::npos);
  std::string eleven = begin + "tiers: {2: 4, 3: 9}\nquestions:\n";
  for (int i = 0; i < 11; ++i) eleven += "  - {id: q" + std::to_string(i) + ", text: a}\n";
  EXPECT_NE(complaints_of(eleven).find("1 to 10"), std::string::npos);
  EXPECT_NE(complaints_of("kind: Review\nname: a\ntier: 2\nchecklists: [none]\ndeciders: {groups: [a]}\n").find("none"),
            std::string::npos);
  EXPECT_FALSE(complaints_of("kind: Review\nname: a\ntier: 4\ndeciders: {groups: [a]}\n").empty());
  EXPECT_FALSE(
      complaints_of("kind: Checklist\nname: a\ntitle: a\nreviewers: {}\nquestions: [{id: a, text: a}]\n").empty());
}

// ---- Items ----

Item item_from(const std::string& body, std::vector<Diagnostic>& complaints) {
  Item item;
  read_item_members(JsonDocument::parse(body)->root(), item, complaints);
  return item;
}

TEST(Items, NameTheMemberAtFault) {
  std::vector<Diagnostic> complaints;
  item_from(R"({"kind":"toaster","title":"a","users":"all","colour":1,"seen_as":["gpt"]})", complaints);
  std::vector<std::string> places;
  for (const Diagnostic& complaint : complaints) places.push_back(complaint.file);
  EXPECT_EQ(places, (std::vector<std::string>{"#/kind", "#/users", "#/colour", "#/seen_as", "#/owner"}));
}

TEST(Items, WhatMattersNeedsAnotherYes) {
  auto item = decided(tier1(), kLead)->item;
  Item given = item;
  given.notes = "a note";
  EXPECT_EQ(change_item(item, given)->status, ItemStatus::kApproved);
  given.data_classes = {"health"};
  EXPECT_EQ(change_item(item, given)->status, ItemStatus::kProposed);
  EXPECT_EQ(change_item(item, item)->version, item.version) << "nothing changed";
  EXPECT_EQ(change_item(tier1().item, given).error().code, ErrorCode::kConflict) << "not while it is looked at";
  // Suspended, changed and resumed would be a way around.
  const auto suspended = act_on_item(item, ItemAction::kSuspend, "admin@example.com", "look", kNow).value();
  given = suspended;
  given.hosting = "provider";
  const auto changed = change_item(suspended, given).value();
  EXPECT_FALSE(act_on_item(changed, ItemAction::kResume, "other@example.com", "fine", kNow).ok());
  EXPECT_EQ(act_on_item(suspended, ItemAction::kResume, "admin@example.com", "fine", kNow).error().code,
            ErrorCode::kDenied);
  EXPECT_EQ(act_on_item(suspended, ItemAction::kResume, "other@example.com", "fine", kNow)->status,
            ItemStatus::kApproved);
}

TEST(Items, AreFoundInTrafficByTheirPatterns) {
  const auto at = [](int day) { return kNow + std::chrono::days(day); };
  const SeenTraffic traffic({{"client:claude-code", at(0), at(1), 5, Money{5}, {1, 2}},
                             {"model:claude-opus-4", at(0), at(2), 3, Money{30}, {1}},
                             {"model:claude-sonnet-4", at(1), at(4), 2, Money{10}, {2, 3}}});
  Item item;
  item.kind = "model";
  EXPECT_FALSE(traffic.of(item));
  item.model = "Claude-Opus-4";
  EXPECT_EQ(traffic.of(item)->calls, 3u) << "its model, in whatever case";
  item.seen_as = {"model:claude-*"};
  const auto seen = traffic.of(item).value();
  EXPECT_EQ(seen.calls, 5u);
  EXPECT_EQ(seen.cost.nanos, 40);
  EXPECT_EQ(seen.people.size(), 3u);
  EXPECT_EQ(seen.last, at(4));
  item.status = ItemStatus::kDenied;
  EXPECT_EQ(flags_of(item, seen, at(5)), std::vector<std::string_view>{"seen_without_approval"});
  item.status = ItemStatus::kInUse;
  item.reviewed = at(-100);
  item.next_review = at(75);
  EXPECT_TRUE(flags_of(item, seen, at(5)).empty());
  EXPECT_EQ(flags_of(item, seen, at(64)), (std::vector<std::string_view>{"review_due", "not_seen"}));
  EXPECT_EQ(flags_of(item, seen, at(80)).front(), "review_overdue");
  const Item filed = item_of_traffic({.what = "model:weird*name", .first = kNow, .last = kNow}, kNow);
  EXPECT_TRUE(is_seen_as(filed, "model:weird*name"));
  EXPECT_EQ(filed.id, item_of_traffic({.what = "model:weird*name"}, at(1)).id) << "all nodes make the same";
}

}  // namespace
}  // namespace reeve::control
