// `reeve exception list`, `show`, `approve`, `deny` and `withdraw`: looking and deciding.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "reeve/exception_desk.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::ExceptionRequest;
using control::ExceptionState;

namespace {

bool concerns(const ExceptionRequest& request, const std::string& person) {
  return equal_ignoring_case(request.asked.requested_by, person) ||
         equal_ignoring_case(request.asked.requested_for, person);
}

int print_table(const std::vector<ExceptionRequest>& requests, Instant now) {
  if (requests.empty()) {
    std::printf("No exceptions. Ask for one with: reeve exception request\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "STATE", "WHAT", "BY", "UNTIL", "REASON"}};
  for (const ExceptionRequest& request : requests) {
    std::string state(control::state_name(current_state(request, now)));
    if (state == "requested" && !request.reviews.empty()) state += " (1 of 2)";
    rows.push_back({request.id, state, describe(request), printable(request.asked.requested_by),
                    format_time(request.ends()).substr(0, 16) + "Z", printable(request.asked.reason, 60)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

/// Changes one row by `decide` and tells of it.
template <typename Decide>
int decide_on(const Common& common, const DecisionArguments& arguments, std::string_view kind, const Decide& decide) {
  auto desk = ExceptionDesk::open(common);
  if (!desk) return fail(common, exit_code_of(desk.error()), desk.error().message);
  const Instant now = system_clock().now();
  const auto by = desk->actor(acting_person(arguments.by), now);
  if (!by) return fail(common, kFailed, by.error().message);
  auto request = desk->find(arguments.id);
  if (!request) return fail(common, workflow_exit_code(request.error()), request.error().message);
  Result<void> done = decide(*request, *by, desk->policies, now);
  if (done) done = desk->update(*request, kind, by->name, now);
  if (!done) return fail(common, workflow_exit_code(done.error()), done.error().message);
  if (common.json) {
    JsonWriter json;
    write_exception(json, *request, now);
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  print_exception(*request, desk->policies, now);
  if (kind == "exception.approved" && !request->granted()) std::printf("A second person has to approve it.\n");
  return kDone;
}

}  // namespace

int exception_list_command(const Common& common, const ExceptionListArguments& arguments) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  auto list = access->registers().exceptions().list();
  if (!list) return fail(common, kFailed, list.error().message);
  const Instant now = system_clock().now();
  const std::string person = acting_person(arguments.by);
  std::erase_if(*list, [&](const ExceptionRequest& request) {
    const bool open = current_state(request, now) == ExceptionState::kRequested;
    return (arguments.open && !open) || (arguments.mine && !concerns(request, person));
  });
  if (!common.json) return print_table(*list, now);
  JsonWriter json;
  json.begin_array();
  for (const ExceptionRequest& request : *list) write_exception(json, request, now);
  std::printf("%s\n", json.end_array().text().c_str());
  return kDone;
}

int exception_show_command(const Common& common, const std::string& id) {
  auto desk = ExceptionDesk::open(common);
  if (!desk) return fail(common, exit_code_of(desk.error()), desk.error().message);
  const auto request = desk->find(id);
  if (!request) return fail(common, workflow_exit_code(request.error()), request.error().message);
  const Instant now = system_clock().now();
  if (common.json) {
    JsonWriter json;
    write_exception(json, *request, now);
    std::printf("%s\n", json.text().c_str());
  } else {
    print_exception(*request, desk->policies, now);
  }
  return kDone;
}

int exception_approve_command(const Common& common, const DecisionArguments& arguments) {
  control::Approval approval;
  for (const std::string& condition : arguments.conditions) approval.conditions.emplace_back(trim(condition));
  approval.digest = arguments.digest;
  if (!arguments.until.empty()) {
    const auto until = parse_until(arguments.until, system_clock().now());
    if (!until) return fail(common, kWrongUse, "--until: " + until.error().message);
    approval.until = *until;
  }
  return decide_on(common, arguments, "exception.approved",
                   [&](ExceptionRequest& request, const control::Actor& by, const control::ApprovalPolicies& policies,
                       Instant now) { return control::approve(request, by, approval, policies, now); });
}

int exception_deny_command(const Common& common, const DecisionArguments& arguments) {
  return decide_on(common, arguments, "exception.denied",
                   [&](ExceptionRequest& request, const control::Actor& by, const control::ApprovalPolicies& policies,
                       Instant now) { return control::deny(request, by, trim(arguments.reason), policies, now); });
}

int exception_withdraw_command(const Common& common, const DecisionArguments& arguments) {
  return decide_on(common, arguments, "exception.withdrawn",
                   [&](ExceptionRequest& request, const control::Actor& by, const control::ApprovalPolicies& policies,
                       Instant now) { return control::withdraw(request, by, trim(arguments.reason), policies, now); });
}

}  // namespace reeve::app
