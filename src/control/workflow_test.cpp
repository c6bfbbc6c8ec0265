#include <gmock/gmock.h>

#include "control/control.h"

namespace reeve::control {
namespace {

using ::testing::HasSubstr;

constexpr Duration kDay = std::chrono::hours(24);

class WorkflowTest : public ::testing::Test {
 protected:
  static ApprovalPolicies read(const std::string& yaml) {
    std::vector<Diagnostic> complaints;
    const auto documents = parse_yaml(yaml, "approvals.yaml", complaints);
    auto policies = ApprovalPolicies::build(documents, complaints);
    for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
    return policies;
  }
  Asked budget(std::int64_t dollars) const {
    Asked asked;
    asked.kind = ExceptionKind::kBudget;
    asked.budget = "payments-month";
    asked.extra.money = Money{dollars * 1'000'000'000};
    asked.scope = {{"person", {"dev@example.com"}}};
    asked.reason = "the migration";
    asked.from = now_;
    asked.until = now_ + 7 * kDay;
    asked.requested_by = "dev@example.com";
    return asked;
  }
  Asked rule() const {
    Asked asked;
    asked.kind = ExceptionKind::kRule;
    asked.rules = {"small-models-only"};
    asked.scope = {{"groups", {"contractors"}}};
    asked.reason = "the migration";
    asked.from = now_;
    asked.until = now_ + 7 * kDay;
    asked.requested_by = "dev@example.com";
    return asked;
  }
  ExceptionRequest made(Asked asked) const {
    auto request = make_request(std::move(asked), now_);
    EXPECT_TRUE(request.ok()) << request.error().message;
    return *request;
  }
  Result<void> approve_by(ExceptionRequest& request, const Actor& by, const Approval& approval = {}) const {
    return approve(request, by, approval, policies_, now_);
  }
  static void expect_refused(const Result<void>& result, ErrorCode code, std::string_view says) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(says));
  }

  Instant now_ = from_unix_seconds(1'800'000'000);
  ApprovalPolicies policies_ = read(R"(
kind: ApprovalPolicy
name: leads
match: {budgets: [payments-*]}
reviewers: {groups: [leads]}
up_to: $500
second_person_over: $200
longest: 14d
renewals: 1
---
kind: ApprovalPolicy
name: chief
reviewers: {people: [Chief@Example.com]}
longest: 60d
renewals: 2
---
kind: ApprovalPolicy
name: security
for: rule
reviewers: {groups: [security-team]}
second_person: always
)");
  const Actor lead_{"lead@example.com", {"leads"}};
  const Actor other_lead_{"other@example.com", {"leads"}};
  const Actor chief_{"chief@example.com", {}};
};

TEST_F(WorkflowTest, OneReviewerIsEnoughBelowTheThreshold) {
  auto request = made(budget(200));
  EXPECT_FALSE(request.in_effect(now_));
  ASSERT_TRUE(approve_by(request, lead_).ok());
  EXPECT_EQ(request.state, ExceptionState::kApproved);
  EXPECT_EQ(request.version, 2u);
  EXPECT_EQ(request.reviews.front().policy, "leads");
  EXPECT_TRUE(request.in_effect(now_));
}

TEST_F(WorkflowTest, NobodyApprovesTheirOwn) {
  auto request = made(budget(10));
  expect_refused(approve_by(request, {"dev@example.com", {"leads"}}), ErrorCode::kDenied, "their own");
  expect_refused(approve_by(request, {"DEV@Example.com", {"leads"}}), ErrorCode::kDenied, "their own");
  EXPECT_EQ(request.state, ExceptionState::kRequested);
  EXPECT_TRUE(request.reviews.empty());
}

TEST_F(WorkflowTest, NobodyApprovesWhatOthersAskForThem) {
  auto asked = budget(10);
  asked.requested_for = "lead@example.com";
  asked.scope.clear();
  auto request = made(asked);
  expect_refused(approve_by(request, lead_), ErrorCode::kDenied, "asked for you");
  EXPECT_TRUE(approve_by(request, other_lead_).ok());

  auto named = budget(10);
  named.scope = {{"person", {"lead@example.com"}}};
  auto for_lead = made(named);
  expect_refused(approve_by(for_lead, lead_), ErrorCode::kDenied, "you are or belong to");
}

TEST_F(WorkflowTest, NobodyIsLetOffThroughTheirOwnGroup) {
  auto request = made(rule());
  const Actor contractor{"sec@example.com", {"security-team", "Contractors"}};
  expect_refused(approve_by(request, contractor), ErrorCode::kDenied, "you are or belong to");
}

TEST_F(WorkflowTest, OverTheThresholdASecondPersonIsNeeded) {
  auto request = made(budget(300));
  ASSERT_TRUE(approve_by(request, lead_).ok());
  EXPECT_EQ(request.state, ExceptionState::kRequested);
  EXPECT_FALSE(request.in_effect(now_));
  expect_refused(approve_by(request, lead_), ErrorCode::kDenied, "a second person");
  expect_refused(approve_by(request, {"LEAD@example.com", {"leads"}}), ErrorCode::kDenied, "a second person");
  ASSERT_TRUE(approve_by(request, other_lead_).ok());
  EXPECT_EQ(request.state, ExceptionState::kApproved);
  EXPECT_TRUE(request.in_effect(now_));
}

TEST_F(WorkflowTest, WhoMayAloneNeedsNoSecond) {
  auto request = made(budget(300));
  ASSERT_TRUE(approve_by(request, chief_).ok());
  EXPECT_EQ(request.state, ExceptionState::kApproved);
}

TEST_F(WorkflowTest, AuthorityHasAnAmountAScopeAndALength) {
  auto much = made(budget(501));
  expect_refused(approve_by(much, lead_), ErrorCode::kDenied, "up to $500.00");
  auto elsewhere = budget(10);
  elsewhere.budget = "search-month";
  auto other = made(elsewhere);
  expect_refused(approve_by(other, lead_), ErrorCode::kDenied, "for others to decide: Chief@Example.com");
  auto lasting = budget(10);
  lasting.until = now_ + 15 * kDay;
  auto longer = made(lasting);
  expect_refused(approve_by(longer, lead_), ErrorCode::kDenied, "at most 2w");
  EXPECT_TRUE(approve_by(longer, lead_, {.until = now_ + 14 * kDay}).ok()) << "but for a shorter time";
  EXPECT_EQ(longer.ends(), now_ + 14 * kDay);
  auto tokens = budget(10);
  tokens.extra.tokens = 1;
  auto unnamed = made(tokens);
  expect_refused(approve_by(unnamed, lead_), ErrorCode::kDenied, "up to 0 tokens");
  expect_refused(approve_by(unnamed, {"nobody@example.com", {}}), ErrorCode::kDenied, "for others to decide");
}

TEST_F(WorkflowTest, WithoutAPolicyNobodyMay) {
  auto request = made(budget(10));
  expect_refused(approve(request, chief_, {}, ApprovalPolicies(), now_), ErrorCode::kDenied, "no ApprovalPolicy");
  expect_refused(ApprovalPolicies().somebody_may_approve(request), ErrorCode::kDenied, "no ApprovalPolicy");
}

TEST_F(WorkflowTest, SaysEarlyWhenNobodyMayApproveSoMuch) {
  auto asked = budget(10);
  asked.until = now_ + 90 * kDay;
  expect_refused(policies_.somebody_may_approve(made(asked)), ErrorCode::kDenied, "chief: for at most 60d");
  EXPECT_EQ(policies_.reviewers_of(made(budget(10))), "the group leads, Chief@Example.com");
}

TEST_F(WorkflowTest, AnApprovalIsForExactlyWhatWasAsked) {
  auto request = made(budget(300));
  const std::string before = digest_of(request);
  ASSERT_TRUE(approve_by(request, lead_, {.digest = before}).ok());
  auto more = budget(400);
  ASSERT_TRUE(change_request(request, more, "dev@example.com", now_).ok());
  EXPECT_TRUE(request.reviews.empty()) << "what was said yes to is gone";
  expect_refused(approve_by(request, lead_, {.digest = before}), ErrorCode::kConflict, "look at it again");
  expect_refused(approve_by(request, lead_, {.digest = "sha256:"}), ErrorCode::kConflict, "look at it again");
  const std::string after = digest_of(request);
  EXPECT_NE(after, before);
  ASSERT_TRUE(approve_by(request, lead_, {.digest = after.substr(0, 20)}).ok());
  ASSERT_TRUE(approve_by(request, other_lead_, {.digest = after.substr(7, 12)}).ok());
  EXPECT_TRUE(request.granted());
  request.asked.extra.money = Money{9'000'000'000'000};
  EXPECT_FALSE(request.granted()) << "a row that was changed by hand is approved by nobody";
  EXPECT_TRUE(allowances(std::span(&request, 1), now_).empty());
}

TEST_F(WorkflowTest, OnlyWhoAskedChangesARequestAndOnlyWhileItIsOpen) {
  auto request = made(budget(10));
  expect_refused(change_request(request, budget(20), "lead@example.com", now_), ErrorCode::kDenied, "only who asked");
  auto another = budget(20);
  another.requested_for = "friend@example.com";
  expect_refused(change_request(request, another, "dev@example.com", now_), ErrorCode::kInvalid, "another request");
  expect_refused(change_request(request, budget(10), "dev@example.com", now_), ErrorCode::kConflict, "nothing would");
  ASSERT_TRUE(approve_by(request, lead_).ok());
  expect_refused(change_request(request, budget(20), "dev@example.com", now_), ErrorCode::kConflict,
                 "approved already");
}

TEST_F(WorkflowTest, EndsByItselfAtItsTime) {
  auto request = made(budget(10));
  ASSERT_TRUE(approve_by(request, lead_).ok());
  const Instant end = request.asked.until;
  EXPECT_TRUE(request.in_effect(end - Duration(1)));
  EXPECT_FALSE(request.in_effect(end));
  EXPECT_FALSE(expire(request, end - Duration(1)));
  EXPECT_TRUE(expire(request, end));
  EXPECT_EQ(request.state, ExceptionState::kExpired);
  EXPECT_FALSE(expire(request, end));
}

TEST_F(WorkflowTest, WhatNobodyDecidedInTimeIsOver) {
  auto request = made(budget(10));
  expect_refused(approve(request, lead_, {}, policies_, request.asked.until), ErrorCode::kConflict, "time was over");
  EXPECT_TRUE(expire(request, request.asked.until));
  EXPECT_FALSE(request.granted());
}

TEST_F(WorkflowTest, RenewalsAreBoundedAndNeedApprovalAnew) {
  auto first = made(budget(10));
  ASSERT_TRUE(approve_by(first, lead_).ok());
  const Instant until = first.ends() + 7 * kDay;
  auto second = renew(first, "dev@example.com", until, "", {}, now_);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->asked.from, first.ends()) << "so that both are not in effect at once";
  EXPECT_EQ(second->renews, first.id);
  EXPECT_EQ(second->state, ExceptionState::kRequested);
  EXPECT_FALSE(renew(first, "dev@example.com", until, "", std::span(&*second, 1), now_).ok()) << "it was asked already";
  ASSERT_TRUE(approve_by(*second, lead_).ok());

  auto third = renew(*second, "dev@example.com", until + 7 * kDay, "", {}, now_);
  ASSERT_TRUE(third.ok());
  expect_refused(approve_by(*third, lead_), ErrorCode::kDenied, "at most 1 renewals");
  ASSERT_TRUE(approve_by(*third, chief_).ok());
  auto fourth = renew(*third, "dev@example.com", until + 14 * kDay, "", {}, now_);
  expect_refused(policies_.somebody_may_approve(*fourth), ErrorCode::kDenied, "at most 2 renewals");
  EXPECT_FALSE(renew(first, "lead@example.com", until, "", {}, now_).ok()) << "not by others";
  EXPECT_FALSE(renew(made(budget(1)), "dev@example.com", until, "", {}, now_).ok()) << "not what was never approved";
}

TEST_F(WorkflowTest, WhatIsOverIsRenewedFromNow) {
  auto first = made(budget(10));
  ASSERT_TRUE(approve_by(first, lead_).ok());
  const Instant later = first.ends() + kDay;
  ASSERT_TRUE(expire(first, later));
  const auto second = renew(first, "dev@example.com", later + kDay, "still migrating", {}, later);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->asked.from, later);
  EXPECT_EQ(second->asked.reason, "still migrating");
}

TEST_F(WorkflowTest, ADenialNeedsAReasonAndAReviewerAndIsFinal) {
  auto request = made(budget(10'000));
  expect_refused(deny(request, lead_, "", policies_, now_), ErrorCode::kInvalid, "reason");
  expect_refused(deny(request, {"nobody@example.com", {}}, "no", policies_, now_), ErrorCode::kDenied, "others");
  expect_refused(deny(request, {"dev@example.com", {"leads"}}, "no", policies_, now_), ErrorCode::kDenied, "withdraw");
  ASSERT_TRUE(deny(request, lead_, "too much", policies_, now_).ok()) << "also of what they could not approve";
  EXPECT_EQ(request.state, ExceptionState::kDenied);
  expect_refused(approve_by(request, chief_), ErrorCode::kConflict, "denied already");
}

TEST_F(WorkflowTest, IsTakenBackByWhoAskedOrByAReviewer) {
  for (const Actor& by : {Actor{"dev@example.com", {}}, lead_}) {
    auto request = made(budget(10));
    ASSERT_TRUE(approve_by(request, other_lead_).ok());
    expect_refused(withdraw(request, {"nobody@example.com", {}}, "", policies_, now_), ErrorCode::kDenied, "others");
    ASSERT_TRUE(withdraw(request, by, "done early", policies_, now_).ok());
    EXPECT_FALSE(request.in_effect(now_));
    expect_refused(withdraw(request, by, "", policies_, now_), ErrorCode::kConflict, "withdrawn already");
  }
}

TEST_F(WorkflowTest, ConditionsAndShorterTimesAreKept) {
  auto request = made(budget(300));
  ASSERT_TRUE(approve_by(request, lead_, {.conditions = {"report weekly"}}).ok());
  ASSERT_TRUE(approve_by(request, other_lead_, {.until = now_ + 2 * kDay}).ok());
  EXPECT_EQ(request.state, ExceptionState::kApprovedWithConditions);
  EXPECT_EQ(request.ends(), now_ + 2 * kDay);
  auto longer = made(budget(10));
  expect_refused(approve_by(longer, lead_, {.until = longer.asked.until + kDay}), ErrorCode::kInvalid, "not longer");
}

TEST_F(WorkflowTest, RefusesRequestsThatMakeNoSense) {
  const auto expect_invalid = [&](const Asked& asked, std::string_view says) {
    const auto request = make_request(asked, now_);
    ASSERT_FALSE(request.ok()) << says;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr(says));
  };
  auto asked = budget(0);
  expect_invalid(asked, "an amount");
  asked = budget(1);
  asked.extra.tokens = -1;
  expect_invalid(asked, "an amount");
  asked = budget(1);
  asked.reason = "two\nlines";
  expect_invalid(asked, "reason");
  asked = budget(1);
  asked.until = asked.from;
  expect_invalid(asked, "some time");
  asked = budget(1);
  asked.from = now_ - 2 * kDay;
  asked.until = now_ - kDay;
  expect_invalid(asked, "has passed");
  asked = budget(1);
  asked.requested_by = "";
  expect_invalid(asked, "who asks");
  asked = budget(1);
  asked.uses = 3;
  expect_invalid(asked, "exceptions to rules only");
  asked = rule();
  asked.rules.clear();
  expect_invalid(asked, "names the rules");
  asked = rule();
  asked.scope.clear();
  expect_invalid(asked, "for whom or what");
  asked = rule();
  asked.kind = ExceptionKind::kApproval;
  expect_invalid(asked, "repos and work_items");
}

TEST_F(WorkflowTest, ARowSurvivesItsJson) {
  auto request = made(rule());
  request.asked.uses = 5;
  request.asked.when = "model.tier == \"frontier\"";
  request.asked.compensating_check = "audited";
  request.asked.work_item = "PAY-1";
  request.renews = "ex-0";
  request.renewal = 2;
  ASSERT_TRUE(approve_by(request, chief_, {.conditions = {"a", "b"}, .until = now_ + kDay}).ok());
  const std::string text = request_to_json(request);
  const auto read = request_from_json(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(request_to_json(*read), text);
  EXPECT_EQ(digest_of(*read), digest_of(request));
  EXPECT_TRUE(read->granted());
  for (const char* damaged : {"", "{}", "[1]", "{\"id\":\"x\",\"state\":\"approved\",\"version\":1}"}) {
    EXPECT_FALSE(request_from_json(damaged).ok()) << damaged;
  }
}

TEST_F(WorkflowTest, AllowancesAreWhatWasApprovedAndIsNotOver) {
  auto request = made(budget(10));
  EXPECT_TRUE(allowances(std::span(&request, 1), now_).empty());
  ASSERT_TRUE(approve_by(request, lead_, {.until = now_ + kDay}).ok());
  const auto list = allowances(std::span(&request, 1), now_);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].exception, request.id);
  EXPECT_EQ(list[0].budget, "payments-month");
  EXPECT_EQ(list[0].extra.money.nanos, 10'000'000'000);
  EXPECT_EQ(list[0].scope.at(spend::Dimension::kPerson), "dev@example.com");
  EXPECT_EQ(list[0].until, now_ + kDay);
  EXPECT_TRUE(allowances(std::span(&request, 1), now_ + kDay).empty());
  EXPECT_TRUE(exception_documents(std::span(&request, 1), now_).empty());
}

TEST_F(WorkflowTest, AnApprovedExceptionIsADocumentForTheRules) {
  auto asked = rule();
  asked.from = now_ + kDay;
  asked.when = "model.tier == \"frontier\"";
  auto request = made(asked);
  ASSERT_TRUE(approve_by(request, chief_).ok());
  auto documents = exception_documents(std::span(&request, 1), now_);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].find("name")->text(), request.id);
  EXPECT_EQ(documents[0].find("approved_by")->text(), "chief@example.com");
  EXPECT_THAT(documents[0].find("when")->text(), HasSubstr(") && now >= timestamp("));
  std::vector<Diagnostic> complaints;
  const std::string rules =
      "kind: Policy\nname: small-models-only\non: model.call\neffect: deny\nmessage: no\n"
      "---\nkind: Policy\nname: all\non: model.call\neffect: allow\n";
  for (YamlValue& document : parse_yaml(rules, "rules.yaml", complaints)) documents.push_back(std::move(document));
  const auto bundle = policy::Bundle::build(documents, complaints);
  ASSERT_TRUE(bundle != nullptr) << complaints.front().to_string();
  const auto effect = [&](Instant at, const char* tier) {
    const std::string given =
        "{\"now\":\"" + format_time(at) + "\",\"principal.groups\":[\"contractors\"],\"model.tier\":\"" + tier + "\"}";
    const auto json = JsonDocument::parse(given);
    const auto facts = policy::facts_from_json(policy::Point::kModelCall, json->root());
    policy::Scratch scratch;
    policy::Decision decision;
    bundle->decide(policy::Point::kModelCall, **facts, nullptr, scratch, decision);
    return decision.effect;
  };
  EXPECT_EQ(effect(now_ + kDay, "frontier"), policy::Effect::kAllow);
  EXPECT_EQ(effect(now_ + kDay, "small"), policy::Effect::kDeny);
  EXPECT_EQ(effect(now_ + kDay - Duration(1000), "frontier"), policy::Effect::kDeny) << "not before it begins";
  EXPECT_EQ(effect(now_ + 7 * kDay, "frontier"), policy::Effect::kDeny) << "not after it ended";
}

TEST_F(WorkflowTest, AnApprovalIsForOnePersonAndItsPlace) {
  auto asked = rule();
  asked.kind = ExceptionKind::kApproval;
  asked.scope = {{"repos", {"acme/*"}}};
  auto request = made(asked);
  ASSERT_TRUE(approve_by(request, chief_).ok());
  const auto list = given_approvals(std::span(&request, 1), now_);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].rule, "small-models-only");
  EXPECT_EQ(list[0].by, "chief@example.com");
  EXPECT_TRUE(list[0].covers("Dev@example.com", "acme/payments", "", now_));
  EXPECT_FALSE(list[0].covers("other@example.com", "acme/payments", "", now_));
  EXPECT_FALSE(list[0].covers("dev@example.com", "other/payments", "", now_));
  EXPECT_FALSE(list[0].covers("dev@example.com", "acme/payments", "", request.ends()));
}

TEST_F(WorkflowTest, TheLedgerIsToldWhoWhatAndUnderWhichDigest) {
  auto request = made(budget(10));
  ASSERT_TRUE(approve_by(request, lead_).ok());
  const Step step = step_of(request, "exception.approved", lead_.name, now_);
  const auto detail = JsonDocument::parse(step.detail);
  ASSERT_TRUE(detail.ok());
  EXPECT_EQ(detail->root()["by"].string_or(""), "lead@example.com");
  EXPECT_EQ(detail->root()["digest"].string_or(""), digest_of(request));
  EXPECT_EQ(detail->root().at("asked.extra_nanos").int_or(0), 10'000'000'000);
  EXPECT_EQ(detail->root().at("review.policy").string_or(""), "leads");
  EXPECT_EQ(detail->root()["state"].string_or(""), "approved");
}

TEST(ApprovalPolicies, ComplainsWithThePlace) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(
      "kind: ApprovalPolicy\nname: a\nreviewers: {}\nup_to: much\nlongest: 900d\nsecond_person: never\nfor: [wish]\n"
      "renewals: -1\nlonger: 3d\n---\nkind: ApprovalPolicy\nname: a\nreviewers: {groups: [x]}\n",
      "approvals.yaml", complaints);
  ApprovalPolicies::build(documents, complaints);
  std::string all;
  for (const Diagnostic& complaint : complaints) all += complaint.to_string() + "\n";
  for (const char* said : {":3:12: 'reviewers' names nobody", ":4:8:", "'longest' is a time", "only be 'always'",
                           "not 'wish'", "'renewals' is a whole number", "longer", "is there twice"}) {
    EXPECT_THAT(all, HasSubstr(said));
  }
}

}  // namespace
}  // namespace reeve::control
