#include <algorithm>

#include "control/control.h"
#include "control/item_members.h"
#include "control/register_rows.h"
#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr std::size_t kConditionsMax = 10;
constexpr std::size_t kConditionBytesMax = 300;
constexpr std::size_t kConditionsBytesMax = 2'000;  // with reason and names they have to fit into an entry's detail
constexpr std::size_t kDigestBytesMin = 12;         // "sha256:" and five digits
constexpr std::size_t kAnswerBytesMax = 2'000;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }
Error conflict(std::string message) { return {ErrorCode::kConflict, std::move(message)}; }

Error no_questions() {
  return invalid("there is no IntakeQuestions document in the governance directory, so nobody can ask");
}

Error over(const Intake& intake) {
  return conflict("the intake is " + std::string(intake_state_name(intake.state)) + " already");
}

/// Nobody looks at what they asked for or own.
Result<void> check_independent(const IntakeCase& one, std::string_view by) {
  if (same_person(by, one.intake.requested_by)) return denied("nobody decides about what they asked for themselves");
  if (same_person(by, one.intake.owner) || same_person(by, one.item.owner)) {
    return denied("you own it; somebody else has to decide");
  }
  return {};
}

Result<const ReviewRule*> rule_of(const Intake& intake, const IntakeRules& rules) {
  const int tier = intake.tier ? intake.tier->tier : 0;
  const ReviewRule* const rule = rules.for_tier(tier);
  if (rule != nullptr) return rule;
  return invalid("no Review document is about tier " + std::to_string(tier) + ", so nobody can decide");
}

Result<void> check_in_review(const IntakeCase& one) {
  if (one.intake.is_over()) return over(one.intake);
  if (one.intake.state == IntakeState::kOpen) {
    return conflict("answers are missing yet; nobody looks at it before that");
  }
  if (one.item.status == ItemStatus::kDecommissioned) {
    return conflict("the item is decommissioned; who asked can withdraw the intake");
  }
  return {};
}

bool is_done(const Intake& intake, std::string_view checklist) {
  return std::any_of(intake.reviews.begin(), intake.reviews.end(),
                     [&](const ChecklistReview& review) { return review.checklist == checklist; });
}

bool has_reviewed(const Intake& intake, std::string_view person) {
  return std::any_of(intake.reviews.begin(), intake.reviews.end(),
                     [&](const ChecklistReview& review) { return same_person(review.by, person); });
}

bool has_verdict(const Intake& intake, Verdict verdict) {
  return std::any_of(intake.reviews.begin(), intake.reviews.end(),
                     [&](const ChecklistReview& review) { return review.verdict == verdict; });
}

Result<void> check_seen(const IntakeCase& one, std::string_view seen) {
  const std::string digest = digest_of(one);
  if (seen.size() >= kDigestBytesMin && digest.starts_with(seen)) return {};
  return conflict("it is not what the digest " + printable(seen, 80) + " was of; it is " + digest +
                  " now: look at it again");
}

/// Writes the answers into the members that the questions name.
Item filled(Item item, const Intake& intake, const IntakeQuestions& questions) {
  for (const Question& question : questions.questions) {
    const auto given = intake.answers.find(question.id);
    if (question.fills.empty() || given == intake.answers.end()) continue;
    std::vector<std::string> values;
    for (const std::string& value : given->second) {
      const auto offered = std::find_if(question.answers.begin(), question.answers.end(),
                                        [&](const OfferedAnswer& one) { return one.id == value; });
      values.push_back(offered == question.answers.end() ? value : offered->value);
    }
    if (question.answers.empty() && find_item_member(question.fills)->list != nullptr && !values.empty()) {
      const std::string text = values.front();
      values.clear();
      for (const std::string_view part : split(text, ',')) {
        if (!trim(part).empty()) values.emplace_back(trim(part));
      }
    }
    set_item_member(item, question.fills, values);
  }
  return item;
}

Result<void> check_answer(const Question& question, const std::vector<std::string>& values) {
  const std::string name = "'" + question.id + "'";
  if (values.size() > 1 && (!question.many || question.answers.empty())) {
    return invalid(name + " takes one answer");
  }
  for (const std::string& value : values) {
    const bool offered = std::any_of(question.answers.begin(), question.answers.end(),
                                     [&](const OfferedAnswer& one) { return one.id == value; });
    if (question.answers.empty()) {
      if (!is_line(value, kAnswerBytesMax)) return invalid(name + " is one line of text, at most 2000 bytes");
    } else if (!offered) {
      std::string ids;
      for (const OfferedAnswer& one : question.answers) ids += (ids.empty() ? "" : ", ") + one.id;
      return invalid(name + " is answered with " + ids + ", not with " + printable(value, 60));
    }
  }
  return {};
}

/// The item as the answers make it; kInvalid when one does not fit its member.
Result<Item> checked_fill(const Item& item, const Intake& intake, const IntakeQuestions& questions) {
  Item result = filled(item, intake, questions);
  for (const ItemMember& member : item_members()) {
    if (auto fault = fault_of_member(member.name, values_of(result, member))) return invalid(*fault);
  }
  return result;
}

void submit(Intake& intake, const ReviewRule* rule, Instant now) {
  intake.state = IntakeState::kInReview;
  intake.submitted = whole_microseconds(now);
  intake.due = whole_microseconds(now + (rule == nullptr ? Duration(std::chrono::days(10)) : rule->due));
}

bool item_waits(const Intake& intake) { return intake.purpose != IntakePurpose::kRecertification; }

}  // namespace

Result<IntakeCase> start_intake(const IntakeStart& start, const IntakeRules& rules, Instant now) {
  const IntakeQuestions* const questions = rules.questions();
  if (questions == nullptr) return no_questions();
  if (!is_line(start.by, kPersonBytesMax)) return invalid("who asks is one line of text, at most 256 bytes");
  IntakeCase made;
  Intake& intake = made.intake;
  intake.id = register_id("in");
  intake.started = whole_microseconds(now);
  intake.requested_by = start.by;
  intake.questions_name = questions->name;
  intake.questions_version = questions->version;
  if (start.existing == nullptr) {
    Item given;
    given.kind = start.kind;
    given.title = start.title;
    given.owner = start.owner.empty() ? start.by : start.owner;
    for (const std::string_view name : {"kind", "title", "owner"}) {
      const auto values = values_of(given, *find_item_member(name));
      if (values.empty()) return invalid("an intake needs '" + std::string(name) + "' of what it is about");
      if (auto fault = fault_of_member(name, values)) return invalid(*fault);
    }
    auto item = register_item(std::move(given), start.by, now);
    if (!item) return std::move(item).error();
    made.item = *std::move(item);
    intake.made_item = true;
  } else {
    made.item = *start.existing;
    Item& item = made.item;
    if (item.status == ItemStatus::kDecommissioned) return conflict("it is decommissioned; ask for another item");
    if (item.status == ItemStatus::kInReview) return conflict("an intake for it is open: " + item.intake);
    const bool again = is_approved(item.status) || item.status == ItemStatus::kSuspended;
    intake.purpose = again                 ? IntakePurpose::kRecertification
                     : item.intake.empty() ? IntakePurpose::kNew
                                           : IntakePurpose::kChange;
    if (!start.title.empty()) item.title = start.title;
    if (item.owner.empty()) item.owner = start.owner.empty() ? start.by : start.owner;
    ++item.version;
  }
  intake.item_was = intake.made_item ? ItemStatus::kProposed : made.item.status;
  if (item_waits(intake)) made.item.status = ItemStatus::kProposed;
  intake.item = made.item.id;
  intake.kind = made.item.kind;
  intake.title = made.item.title;
  intake.owner = made.item.owner;
  made.item.intake = intake.id;
  return made;
}

Result<void> may_answer(const Intake& intake, std::string_view by) {
  if (intake.is_over()) return over(intake);
  if (same_person(by, intake.requested_by) || same_person(by, intake.owner)) return {};
  return denied("who asked answers, " + intake.requested_by + ", or the owner, " + intake.owner);
}

Result<IntakeCase> answer_intake(const IntakeCase& before, const Answers& given, std::string_view by,
                                 const IntakeRules& rules, Instant now) {
  const IntakeQuestions* const questions = rules.questions();
  if (questions == nullptr) return no_questions();
  if (auto may = may_answer(before.intake, by); !may) return std::move(may).error();
  IntakeCase after = before;
  Intake& intake = after.intake;
  for (const auto& [id, values] : given) {
    const Question* const question = questions->find(id);
    if (question == nullptr) return invalid("there is no question '" + printable(id, 60) + "'");
    if (auto good = check_answer(*question, values); !good) return std::move(good).error();
    if (values.empty()) {
      intake.answers.erase(id);
    } else {
      intake.answers[id] = values;
    }
  }
  if (intake.answers == before.intake.answers) return conflict("nothing would change");
  // Answers to questions that are not asked any more weigh nothing.
  std::erase_if(intake.answers, [&](const auto& one) { return questions->find(one.first) == nullptr; });
  intake.questions_name = questions->name;
  intake.questions_version = questions->version;
  ++intake.version;
  intake.reviews.clear();
  intake.decisions.clear();
  intake.tier.reset();
  intake.state = IntakeState::kOpen;
  const auto fits = checked_fill(before.item, intake, *questions);
  if (!fits) return fits.error();
  if (missing_answers(*questions, intake.answers).empty()) {
    intake.tier = tier_of(*questions, intake.answers);
    const auto submitted = intake.submitted;
    const auto due = intake.due;
    submit(intake, rules.for_tier(intake.tier->tier), now);
    // The clock began with the first time; what is asked differently later does not begin it anew.
    if (submitted && due) {
      intake.submitted = submitted;
      intake.due = due;
    }
  }
  if (!item_waits(intake)) return after;
  after.item = *fits;
  after.item.status = intake.state == IntakeState::kInReview ? ItemStatus::kInReview : ItemStatus::kProposed;
  if (item_to_json(after.item) != item_to_json(before.item)) ++after.item.version;
  return after;
}

Result<void> may_review(const IntakeCase& one, std::string_view checklist, const Actor& by, const IntakeRules& rules) {
  if (auto open = check_in_review(one); !open) return open;
  const auto rule = rule_of(one.intake, rules);
  if (!rule) return rule.error();
  const auto& needed = (*rule)->checklists;
  const Checklist* const list = rules.checklist(checklist);
  if (list == nullptr || std::find(needed.begin(), needed.end(), checklist) == needed.end()) {
    return invalid("tier " + std::to_string((*rule)->tier) + " needs no checklist '" + printable(checklist, 40) + "'");
  }
  if (auto independent = check_independent(one, by.name); !independent) return independent;
  if (!list->reviewers.names(by)) {
    return denied("the checklist " + list->name + " is for others: " + list->reviewers.in_words());
  }
  for (const ChecklistReview& review : one.intake.reviews) {
    const bool same = same_person(review.by, by.name);
    if (review.checklist == checklist && !same) return conflict(review.by + " has filled this checklist already");
    if (review.checklist != checklist && same) {
      return denied("you filled the checklist " + review.checklist + "; somebody else fills this one");
    }
  }
  return {};
}

Result<IntakeCase> review_intake(const IntakeCase& before, ChecklistReview review, const Actor& by,
                                 std::string_view seen, const IntakeRules& rules, Instant now) {
  if (auto may = may_review(before, review.checklist, by, rules); !may) return std::move(may).error();
  if (!seen.empty()) {
    if (auto same = check_seen(before, seen); !same) return std::move(same).error();
  }
  const Checklist& list = *rules.checklist(review.checklist);
  for (const auto& [id, answer] : review.answers) {
    const bool known =
        std::any_of(list.questions.begin(), list.questions.end(), [&](const auto& one) { return one.first == id; });
    if (!known) return invalid("the checklist " + list.name + " has no question '" + printable(id, 40) + "'");
    if (answer != "yes" && answer != "no" && answer != "na") return invalid("'" + id + "' is yes, no or na");
  }
  for (const auto& [id, text] : list.questions) {
    if (!review.answers.contains(id)) return invalid("'" + id + "' of the checklist needs an answer: yes, no or na");
  }
  if (!review.comment.empty() && !is_line(review.comment, kReasonBytesMax)) {
    return invalid("a comment is one line, at most 1000 bytes");
  }
  if (review.verdict != Verdict::kPass && review.comment.empty()) {
    return invalid("say in 'comment' what is the matter, so that it can be mended");
  }
  IntakeCase after = before;
  std::erase_if(after.intake.reviews, [&](const ChecklistReview& one) { return one.checklist == review.checklist; });
  review.by = by.name;
  review.at = whole_microseconds(now);
  after.intake.reviews.push_back(std::move(review));
  // Whoever decided before has not seen this.
  after.intake.decisions.clear();
  ++after.intake.version;
  return after;
}

Result<void> may_decide(const IntakeCase& one, const Actor& by, const IntakeRules& rules) {
  if (auto open = check_in_review(one); !open) return open;
  const auto rule = rule_of(one.intake, rules);
  if (!rule) return rule.error();
  if (auto independent = check_independent(one, by.name); !independent) return independent;
  if (!(*rule)->deciders.names(by)) return denied("this is for others to decide: " + (*rule)->deciders.in_words());
  for (const IntakeDecision& decision : one.intake.decisions) {
    if (same_person(decision.by, by.name)) return denied("you have decided; a second person has to");
  }
  return {};
}

namespace {

Result<void> check_decision(const IntakeCase& one, const IntakeDecision& decision, const ReviewRule& rule,
                            Instant now) {
  if (!is_line(decision.reason, kReasonBytesMax)) {
    return invalid("a decision needs its reason in writing: one line, at most 1000 bytes");
  }
  if (auto same = check_seen(one, decision.digest); !same) return same;
  if (decision.kind == DecisionKind::kDeny) return {};
  for (const std::string& name : rule.checklists) {
    if (!is_done(one.intake, name)) return conflict("the checklist " + name + " is not filled yet");
  }
  std::size_t bytes = 0;
  if (decision.conditions.size() > kConditionsMax) return invalid("at most ten conditions");
  for (const std::string& condition : decision.conditions) {
    if (!is_line(condition, kConditionBytesMax)) return invalid("a condition is one line of at most 300 bytes");
    bytes += condition.size();
  }
  if (bytes > kConditionsBytesMax) return invalid("the conditions are at most 2000 bytes together");
  const bool plain = decision.kind == DecisionKind::kApprove;
  const bool exception = decision.kind == DecisionKind::kApproveWithException;
  if (plain != decision.conditions.empty()) {
    return invalid(plain ? "an approval with conditions is approve_with_conditions" : "say which conditions");
  }
  if (exception != decision.until.has_value()) {
    return invalid(exception ? "an exception needs 'until'" : "only approve_with_exception takes 'until'");
  }
  if (exception && (*decision.until <= now || *decision.until > now + rule.longest_exception)) {
    return invalid("an exception ends within " + format_duration(rule.longest_exception));
  }
  if (has_verdict(one.intake, Verdict::kFail) && !exception) {
    return conflict("a checklist failed: deny it, or approve it with an exception that ends");
  }
  if (has_verdict(one.intake, Verdict::kConcerns) && plain) {
    return conflict("a checklist has concerns: approve it with conditions or an exception, or deny it");
  }
  return {};
}

/// Whether those who decided in favour are enough: so many, and one of them who filled no checklist.
Result<bool> is_enough(const Intake& intake, const ReviewRule& rule) {
  const bool independent = rule.checklists.empty() || std::any_of(intake.decisions.begin(), intake.decisions.end(),
                                                                  [&](const IntakeDecision& decision) {
                                                                    return !has_reviewed(intake, decision.by);
                                                                  });
  if (std::ssize(intake.decisions) < rule.decisions) return false;
  if (independent) return true;
  return denied("who filled a checklist does not decide alone; somebody who filled none has to");
}

void deny(IntakeCase& one, Instant now) {
  one.intake.state = IntakeState::kDenied;
  Item& item = one.item;
  if (item_waits(one.intake)) {
    item.status = ItemStatus::kDenied;
    return;
  }
  item.before_suspension = ItemStatus::kProposed;
  item.status = ItemStatus::kSuspended;
  item.ended = whole_microseconds(now);
  item.ended_by = one.intake.decisions.back().by;
  item.end_reason = "its recertification was denied";
}

/// All who decided agreed to go on; the strictest of them counts.
void approve(IntakeCase& one, const ReviewRule& rule, const IntakeQuestions& questions, Instant now) {
  Intake& intake = one.intake;
  DecisionKind kind = DecisionKind::kApprove;
  std::vector<std::string> conditions;
  std::optional<Instant> until;
  for (const IntakeDecision& decision : intake.decisions) {
    kind = std::max(kind, decision.kind);
    for (const std::string& condition : decision.conditions) {
      if (std::find(conditions.begin(), conditions.end(), condition) == conditions.end()) {
        conditions.push_back(condition);
      }
    }
    if (decision.until) until = until ? std::min(*until, *decision.until) : *decision.until;
  }
  constexpr std::array kStates{IntakeState::kApproved, IntakeState::kApprovedWithConditions,
                               IntakeState::kApprovedWithException};
  intake.state = kStates.at(static_cast<std::size_t>(kind));
  Item& item = one.item;
  const bool stays_in_use = item.status == ItemStatus::kInUse;
  const std::uint64_t version = item.version;
  item = filled(std::move(item), intake, questions);
  item.version = version;
  item.status = stays_in_use         ? ItemStatus::kInUse
                : conditions.empty() ? ItemStatus::kApproved
                                     : ItemStatus::kApprovedWithConditions;
  item.conditions = std::move(conditions);
  item.risk_tier = intake.tier ? intake.tier->tier : 0;
  item.reviewed = whole_microseconds(now);
  item.next_review = whole_microseconds(until.value_or(now + rule.review_again));
  item.expires = until ? item.next_review : whole_microseconds(now + rule.review_again + rule.grace);
  item.ended.reset();
  item.ended_by.clear();
  item.end_reason.clear();
}

}  // namespace

Result<IntakeCase> decide_intake(const IntakeCase& before, IntakeDecision decision, const Actor& by,
                                 const IntakeRules& rules, Instant now) {
  if (auto may = may_decide(before, by, rules); !may) return std::move(may).error();
  const ReviewRule& rule = **rule_of(before.intake, rules);
  if (auto good = check_decision(before, decision, rule, now); !good) return std::move(good).error();
  const IntakeQuestions* const questions = rules.questions();
  if (questions == nullptr) return no_questions();
  IntakeCase after = before;
  Intake& intake = after.intake;
  decision.by = by.name;
  decision.at = whole_microseconds(now);
  decision.digest = digest_of(before);
  // Whoever said yes to what it was before has to look again.
  std::erase_if(intake.decisions, [&](const IntakeDecision& one) { return one.digest != decision.digest; });
  const bool denies = decision.kind == DecisionKind::kDeny;
  intake.decisions.push_back(std::move(decision));
  ++intake.version;
  if (!denies) {
    const auto enough = is_enough(intake, rule);
    if (!enough) return enough.error();
    if (!*enough) return after;
  }
  intake.decided = whole_microseconds(now);
  ++after.item.version;
  if (denies) {
    deny(after, now);
  } else {
    approve(after, rule, *questions, now);
  }
  return after;
}

Result<IntakeCase> withdraw_intake(const IntakeCase& before, std::string_view by, std::string_view reason,
                                   Instant now) {
  if (before.intake.is_over()) return over(before.intake);
  if (!same_person(by, before.intake.requested_by)) return denied("only who asked takes it back");
  if (!reason.empty() && !is_line(reason, kReasonBytesMax)) return invalid("a reason is one line, at most 1000 bytes");
  IntakeCase after = before;
  after.intake.state = IntakeState::kWithdrawn;
  after.intake.decided = whole_microseconds(now);
  after.intake.end_reason = reason;
  ++after.intake.version;
  if (!item_waits(after.intake)) return after;
  Item& item = after.item;
  ++item.version;
  item.status = after.intake.item_was;
  if (!after.intake.made_item) return after;
  item.before_suspension = ItemStatus::kProposed;
  item.status = ItemStatus::kDecommissioned;
  item.ended = whole_microseconds(now);
  item.ended_by = by;
  item.end_reason = "its intake was withdrawn";
  return after;
}

std::vector<std::string> what_may(const IntakeCase& one, const Actor& by, const IntakeRules& rules) {
  std::vector<std::string> may;
  if (may_answer(one.intake, by.name).ok()) may.emplace_back("answer");
  if (const ReviewRule* rule = one.intake.tier ? rules.for_tier(one.intake.tier->tier) : nullptr) {
    for (const std::string& name : rule->checklists) {
      if (may_review(one, name, by, rules).ok()) may.push_back("review:" + name);
    }
  }
  if (may_decide(one, by, rules).ok()) may.emplace_back("decide");
  if (!one.intake.is_over() && same_person(by.name, one.intake.requested_by)) may.emplace_back("withdraw");
  return may;
}

}  // namespace reeve::control
