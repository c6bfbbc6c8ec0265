#include "reeve/approvals.h"

#include <algorithm>
#include <tuple>

#include "core/bytes.h"
#include "reeve/exception_desk.h"

namespace reeve::app {

namespace {

using control::IntakeCase;

Waiting of_intake(const IntakeCase& one, std::string kind, std::string to_do, std::string what, Instant now) {
  return {.kind = std::move(kind),
          .id = one.intake.id,
          .title = one.intake.title,
          .what = std::move(what),
          .asked_by = one.intake.requested_by,
          .since = one.intake.submitted.value_or(one.intake.started),
          .due = one.intake.due,
          .overdue = one.intake.is_overdue(now),
          .to_do = std::move(to_do),
          .link = "/api/v1/intake/" + one.intake.id};
}

void add_intake(std::vector<Waiting>& list, const IntakeCase& one, const control::Actor& person,
                const control::IntakeRules& rules, Instant now) {
  const control::Intake& intake = one.intake;
  if (intake.state == control::IntakeState::kOpen) {
    if (!control::may_answer(intake, person.name)) return;
    const auto* const questions = rules.questions();
    const std::size_t missing = questions == nullptr ? 0 : control::missing_answers(*questions, intake.answers).size();
    list.push_back(
        of_intake(one, "intake_answers", "answer", std::to_string(missing) + " questions need an answer", now));
    return;
  }
  const control::ReviewRule* const rule = intake.tier ? rules.for_tier(intake.tier->tier) : nullptr;
  if (rule == nullptr) return;
  const std::string tier = "tier " + std::to_string(rule->tier);
  bool all_done = true;
  for (const std::string& name : rule->checklists) {
    const bool done = std::any_of(intake.reviews.begin(), intake.reviews.end(),
                                  [&](const auto& review) { return review.checklist == name; });
    all_done = all_done && done;
    if (!done && control::may_review(one, name, person, rules)) {
      list.push_back(of_intake(one, "intake_review", "review:" + name, tier + ": the checklist " + name, now));
    }
  }
  if (all_done && control::may_decide(one, person, rules)) {
    list.push_back(of_intake(one, "intake_decision", "decide", tier + ": a decision", now));
  }
}

Result<void> add_intakes(std::vector<Waiting>& list, const RegisterDesk& desk, const control::Actor& person,
                         Instant now) {
  return each_row(desk.rows(), control::kIntakeRegister, 0, [&](const control::RegisterRow& row) -> Result<bool> {
    auto intake = control::intake_from_json(row.document);
    if (!intake) return std::move(intake).error();
    if (intake->is_over()) return true;
    auto item = desk.item(intake->item);
    if (!item) return std::move(item).error();
    add_intake(list, {*std::move(intake), *std::move(item)}, person, desk.rules, now);
    return true;
  });
}

Result<void> add_exceptions(std::vector<Waiting>& list, const RegisterDesk& desk, const control::Actor& person,
                            const control::ApprovalPolicies& policies, Instant now) {
  const auto requests = desk.registers().exceptions().list();
  if (!requests) return requests.error();
  for (const control::ExceptionRequest& request : *requests) {
    control::ExceptionRequest trial = request;
    if (!control::approve(trial, person, {}, policies, now)) continue;
    list.push_back({.kind = "exception",
                    .id = request.id,
                    .title = describe(request),
                    .what = request.asked.reason,
                    .asked_by = request.asked.requested_by,
                    .since = request.made,
                    .due = request.asked.until,
                    .to_do = "decide",
                    .link = "/api/v1/exceptions/" + request.id});
  }
  return {};
}

Result<void> add_agents(std::vector<Waiting>& list, const control::Actor& person, identity::AgentStore& agents) {
  const auto registered = agents.list();
  if (!registered) return registered.error();
  for (const identity::Agent& agent : *registered) {
    const bool own =
        equal_ignoring_case(agent.owner, person.name) || equal_ignoring_case(agent.requested_by, person.name);
    if (agent.state != identity::AgentState::kRequested || own) continue;
    list.push_back({.kind = "agent",
                    .id = agent.id,
                    .title = agent.title,
                    .what = agent.purpose,
                    .asked_by = agent.requested_by,
                    .since = agent.requested,
                    .to_do = "decide",
                    .link = "/api/v1/agents/" + agent.id});
  }
  return {};
}

}  // namespace

Result<std::vector<Waiting>> waiting_for(const RegisterDesk& desk, const control::Actor& person,
                                         const control::ApprovalPolicies* policies, identity::AgentStore* agents,
                                         Instant now) {
  std::vector<Waiting> list;
  if (auto added = add_intakes(list, desk, person, now); !added) return std::move(added).error();
  if (policies != nullptr) {
    if (auto added = add_exceptions(list, desk, person, *policies, now); !added) return std::move(added).error();
  }
  if (agents != nullptr) {
    if (auto added = add_agents(list, person, *agents); !added) return std::move(added).error();
  }
  // What has no time of its own comes last.
  const auto order = [](const Waiting& one) {
    return std::tuple(!one.due, one.due.value_or(one.since), one.since, std::string_view(one.id),
                      std::string_view(one.to_do));
  };
  std::sort(list.begin(), list.end(),
            [&](const Waiting& left, const Waiting& right) { return order(left) < order(right); });
  return list;
}

void write_waiting(JsonWriter& json, const Waiting& one) {
  json.begin_object().member("asked_by", one.asked_by).member("do", one.to_do);
  if (one.due) json.member("due", format_time(*one.due));
  json.member("id", one.id).member("kind", one.kind).member("link", one.link).member("overdue", one.overdue);
  json.member("since", format_time(one.since)).member("title", one.title).member_if("what", one.what).end_object();
}

}  // namespace reeve::app
