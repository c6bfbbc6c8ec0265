// `reeve intake` and `reeve approvals`: from a question to a decision.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "reeve/approvals.h"
#include "reeve/exception_desk.h"
#include "reeve/register_commands.h"
#include "reeve/register_desk.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::Intake;
using control::IntakeCase;

namespace {

int fail_with(const Common& common, const Error& error) {
  return fail(common, workflow_exit_code(error), error.message);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + printable(part, 500);
  return text;
}

std::string tier_in_words(const control::Tiering& tier) {
  std::string text = "tier " + std::to_string(tier.tier) + ": " + std::to_string(tier.points) + " points";
  for (const auto& one : tier.because) {
    text += "; " + one.question + "=" + one.answer + " +" + std::to_string(one.points);
    if (one.at_least > 1) text += ", at least " + std::to_string(one.at_least);
    if (!one.why.empty()) text += " (" + printable(one.why) + ")";
  }
  return text;
}

void print_open_questions(const Intake& intake, const control::IntakeRules& rules) {
  if (intake.state != control::IntakeState::kOpen || rules.questions() == nullptr) return;
  for (const std::string& id : control::missing_answers(*rules.questions(), intake.answers)) {
    const control::Question* const question = rules.questions()->find(id);
    if (question == nullptr) continue;
    std::printf("  %s  %s\n", bold(id).c_str(), question->text.c_str());
    for (const auto& answer : question->answers) {
      std::printf("      %s  %s\n", answer.id.c_str(), dim(answer.text).c_str());
    }
  }
}

void print_intake(const IntakeCase& one, const control::IntakeRules& rules, Instant now) {
  const Intake& intake = one.intake;
  std::printf("%s  %s%s\n", bold(intake.id).c_str(), std::string(control::intake_state_name(intake.state)).c_str(),
              intake.is_overdue(now) ? yellow("  overdue").c_str() : "");
  std::printf("  %s  %s  (%s, %s)\n", intake.item.c_str(), printable(intake.title).c_str(), intake.kind.c_str(),
              std::string(control::purpose_name(intake.purpose)).c_str());
  std::printf("  asked by %s, owner %s\n", printable(intake.requested_by).c_str(), printable(intake.owner).c_str());
  for (const auto& [question, values] : intake.answers) {
    std::printf("  %s: %s\n", question.c_str(), joined(values).c_str());
  }
  if (intake.tier) std::printf("  %s\n", tier_in_words(*intake.tier).c_str());
  if (intake.due) std::printf("  due %s\n", format_time(*intake.due).substr(0, 16).c_str());
  for (const auto& review : intake.reviews) {
    std::printf("  %s: %s by %s%s\n", review.checklist.c_str(),
                std::string(control::verdict_name(review.verdict)).c_str(), bold(printable(review.by)).c_str(),
                review.comment.empty() ? "" : (", " + printable(review.comment, 1000)).c_str());
  }
  for (const auto& decision : intake.decisions) {
    std::printf("  %s by %s: %s\n", std::string(control::decision_name(decision.kind)).c_str(),
                bold(printable(decision.by)).c_str(), printable(decision.reason, 1000).c_str());
    for (const std::string& condition : decision.conditions) {
      std::printf("    condition: %s\n", printable(condition, 300).c_str());
    }
  }
  print_open_questions(intake, rules);
  const control::ReviewRule* const rule = intake.tier ? rules.for_tier(intake.tier->tier) : nullptr;
  if (intake.state == control::IntakeState::kInReview && rule != nullptr) {
    for (const std::string& name : rule->checklists) {
      const bool done = std::any_of(intake.reviews.begin(), intake.reviews.end(),
                                    [&](const auto& review) { return review.checklist == name; });
      const auto* const list = rules.checklist(name);
      if (!done && list != nullptr) {
        std::printf("  the checklist %s waits for %s\n", name.c_str(), list->reviewers.in_words().c_str());
      }
    }
    std::printf("  %d of %d decisions; waits for %s\n", static_cast<int>(intake.decisions.size()), rule->decisions,
                rule->deciders.in_words().c_str());
  }
  std::printf("  digest %s\n", control::digest_of(one).c_str());
}

int show(const Common& common, const RegisterDesk& desk, const IntakeCase& one, Instant now) {
  if (!common.json) {
    print_intake(one, desk.rules, now);
    return kDone;
  }
  JsonWriter json;
  control::write_intake(json, one, desk.rules, now);
  std::printf("%s\n", json.text().c_str());
  return kDone;
}

/// Changes one intake by `step` and tells of it.
template <typename Step>
int change(const Common& common, const IntakeArguments& arguments, std::string_view told, const Step& step) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto by = actor_by_keys(desk->registers(), acting_person(arguments.by), now);
  if (!by) return fail_with(common, by.error());
  const auto id = desk->whole_id(control::kIntakeRegister, arguments.id);
  if (!id) return fail_with(common, id.error());
  const auto before = desk->intake(*id);
  if (!before) return fail_with(common, before.error());
  const Result<IntakeCase> after = step(*desk, *before, *by, now);
  if (!after) return fail_with(common, after.error());
  const auto changed = desk->rows().change(control::change_of_intake(*after, &*before, told, by->name, now));
  if (!changed) return fail_with(common, changed.error());
  return show(common, *desk, *after, now);
}

/// "data=internal": repeated names collect.
Result<control::Answers> read_pairs(const std::vector<std::string>& pairs) {
  control::Answers answers;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kInvalid, "an answer is QUESTION=ANSWER, such as data=internal"};
    }
    std::vector<std::string>& values = answers[pair.substr(0, equals)];
    const std::string value(trim(std::string_view(pair).substr(equals + 1)));
    if (!value.empty()) values.push_back(value);
  }
  return answers;
}

}  // namespace

int intake_start_command(const Common& common, const IntakeArguments& arguments) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  control::IntakeStart start{arguments.kind, arguments.title, arguments.owner, acting_person(arguments.by)};
  IntakeCase before;
  if (!arguments.item.empty()) {
    const auto id = desk->whole_id(control::kInventoryRegister, arguments.item);
    if (!id) return fail_with(common, id.error());
    auto item = desk->item(*id);
    if (!item) return fail_with(common, item.error());
    before.item = *std::move(item);
    start.existing = &before.item;
  }
  const auto made = desk->start(start, now);
  if (!made) return fail_with(common, made.error());
  const auto changed = desk->rows().change(control::change_of_intake(
      *made, start.existing == nullptr ? nullptr : &before, "register.intake_started", start.by, now));
  if (!changed) return fail_with(common, changed.error());
  return show(common, *desk, *made, now);
}

int intake_answer_command(const Common& common, const IntakeArguments& arguments) {
  const auto answers = read_pairs(arguments.answers);
  if (!answers) return fail(common, kWrongUse, answers.error().message);
  return change(common, arguments, "register.intake_answered",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by, Instant now) {
                  return control::answer_intake(before, *answers, by.name, desk.rules, now);
                });
}

int intake_review_command(const Common& common, const IntakeArguments& arguments) {
  const auto answers = read_pairs(arguments.answers);
  if (!answers) return fail(common, kWrongUse, answers.error().message);
  const auto verdict = control::verdict_from_name(arguments.verdict);
  if (!verdict) return fail(common, kWrongUse, "--verdict is pass, concerns or fail");
  return change(common, arguments, "register.intake_reviewed",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by, Instant now) {
                  control::ChecklistReview review;
                  review.checklist = arguments.checklist;
                  review.verdict = *verdict;
                  review.comment = trim(arguments.comment);
                  for (const auto& [id, values] : *answers) review.answers[id] = values.empty() ? "" : values.front();
                  const control::Checklist* const list = desk.rules.checklist(arguments.checklist);
                  if (list != nullptr && !arguments.all.empty()) {
                    for (const auto& [id, text] : list->questions) review.answers.emplace(id, arguments.all);
                  }
                  return control::review_intake(before, review, by, {}, desk.rules, now);
                });
}

int intake_decide_command(const Common& common, const IntakeArguments& arguments) {
  control::IntakeDecision decision;
  const auto kind = control::decision_from_name(arguments.decision);
  if (!kind) {
    return fail(common, kWrongUse, "a decision is approve, approve_with_conditions, approve_with_exception or deny");
  }
  decision.kind = *kind;
  decision.reason = trim(arguments.reason);
  for (const std::string& condition : arguments.conditions) decision.conditions.emplace_back(trim(condition));
  decision.exception = arguments.exception;
  if (!arguments.until.empty()) {
    const auto until = parse_until(arguments.until, system_clock().now());
    if (!until) return fail(common, kWrongUse, "--until: " + until.error().message);
    decision.until = *until;
  }
  return change(common, arguments, "register.intake_decided",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by,
                    Instant now) -> Result<IntakeCase> {
                  if (auto known = desk.check_exception(decision.exception); !known) return std::move(known).error();
                  decision.digest = arguments.digest.empty() ? control::digest_of(before) : arguments.digest;
                  return control::decide_intake(before, decision, by, desk.rules, now);
                });
}

int intake_withdraw_command(const Common& common, const IntakeArguments& arguments) {
  return change(common, arguments, "register.intake_withdrawn",
                [&](const RegisterDesk&, const IntakeCase& before, const control::Actor& by, Instant now) {
                  return control::withdraw_intake(before, by.name, trim(arguments.reason), now);
                });
}

int intake_show_command(const Common& common, const IntakeArguments& arguments) {
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto id = desk->whole_id(control::kIntakeRegister, arguments.id);
  if (!id) return fail_with(common, id.error());
  const auto one = desk->intake(*id);
  if (!one) return fail_with(common, one.error());
  return show(common, *desk, *one, system_clock().now());
}

int intake_list_command(const Common& common, const IntakeArguments& arguments) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const std::string person = acting_person(arguments.by);
  std::vector<IntakeCase> found;
  const auto read = each_row(desk->rows(), control::kIntakeRegister, 0, [&](const auto& row) -> Result<bool> {
    auto intake = control::intake_from_json(row.document);
    if (!intake) return std::move(intake).error();
    const bool own = equal_ignoring_case(intake->requested_by, person) || equal_ignoring_case(intake->owner, person);
    if ((arguments.mine && !own) || (arguments.open && intake->is_over())) return true;
    if (arguments.overdue && !intake->is_overdue(now)) return true;
    auto item = desk->item(intake->item);
    if (!item) return std::move(item).error();
    found.push_back({*std::move(intake), *std::move(item)});
    return true;
  });
  if (!read) return fail_with(common, read.error());
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const IntakeCase& one : found) control::write_intake(json, one, desk->rules, now);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (found.empty()) {
    std::printf("No intakes. Ask for something new with: reeve intake start\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "STATE", "TIER", "WHAT", "BY", "DUE", ""}};
  for (const auto& [intake, item] : found) {
    rows.push_back({intake.id, std::string(control::intake_state_name(intake.state)),
                    intake.tier ? std::to_string(intake.tier->tier) : "", printable(intake.title, 50),
                    printable(intake.requested_by), intake.due ? format_time(*intake.due).substr(0, 10) : "",
                    intake.is_overdue(now) ? "overdue" : ""});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

int approvals_command(const Common& common, const std::string& by) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto person = actor_by_keys(desk->registers(), acting_person(by), now);
  if (!person) return fail_with(common, person.error());
  const auto list = waiting_for(*desk, *person, &desk->policies, nullptr, now);
  if (!list) return fail_with(common, list.error());
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const Waiting& one : *list) write_waiting(json, one);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (list->empty()) {
    std::printf("Nothing waits for %s.\n", printable(person->name).c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "DO", "WHAT", "ASKED BY", "DUE", ""}};
  for (const Waiting& one : *list) {
    rows.push_back({one.id, one.to_do, printable(one.title, 60), printable(one.asked_by),
                    one.due ? format_time(*one.due).substr(0, 10) : "", one.overdue ? "overdue" : ""});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
