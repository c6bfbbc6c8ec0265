#include "reeve/exception_desk.h"

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "reeve/complaints.h"
#include "reeve/kept_reading.h"
#include "reeve/register_desk.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::ExceptionKind;
using control::ExceptionRequest;
using control::ExceptionState;

namespace {

constexpr std::size_t kEndBytesMin = 4;

std::string to_the_second(Instant at) { return format_time(at).substr(0, 19) + "Z"; }

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + printable(part);
  return text;
}

void write_allowance(JsonWriter& json, const spend::Allowance& allowance, const control::Asked& asked) {
  json.key("allowance").begin_object().member("budget", allowance.budget);
  json.member("extra_nanos", allowance.extra.money.nanos).member("extra_requests", allowance.extra.requests);
  json.member("extra_tokens", allowance.extra.tokens).member("from", format_time(allowance.from));
  json.key("scope").begin_object();
  for (const auto& [key, values] : asked.scope) json.member(key, values.front());
  json.end_object().member("until", format_time(allowance.until)).end_object();
}

void print_reviews(const ExceptionRequest& request) {
  for (const control::Review& review : request.reviews) {
    std::printf("  %s by %s at %s%s\n", review.approved ? green("approved").c_str() : red("denied").c_str(),
                bold(printable(review.by)).c_str(), to_the_second(review.at).c_str(),
                review.policy.empty() ? "" : dim(" (" + printable(review.policy) + ")").c_str());
    for (const std::string& condition : review.conditions)
      std::printf("    condition: %s\n", printable(condition).c_str());
    if (!review.reason.empty()) std::printf("    reason: %s\n", printable(review.reason, 1000).c_str());
    if (review.until) std::printf("    until %s only\n", to_the_second(*review.until).c_str());
  }
}

}  // namespace

Result<ExceptionDesk> ExceptionDesk::open(const Common& common) {
  ExceptionDesk desk;
  desk.common = common;
  auto access = open_registers(common, false);
  if (!access) return std::move(access).error();
  desk.access = *std::move(access);
  if (auto read = desk.read_documents(); !read) return std::move(read).error();
  return desk;
}

Result<ExceptionDesk> ExceptionDesk::open(const Common& common, store::Registers& registers,
                                          spend::BudgetRegister& budgets) {
  ExceptionDesk desk;
  desk.common = common;
  desk.served = &registers;
  desk.budgets = &budgets;
  if (auto read = desk.read_documents(); !read) return std::move(read).error();
  return desk;
}

Result<ExceptionDesk> ExceptionDesk::open(const Workflow& workflow, store::Registers& registers) {
  if (!workflow.is_readable) return nobody_may_decide();
  ExceptionDesk desk;
  desk.served = &registers;
  desk.policies = workflow.approvals;
  return desk;
}

Result<void> ExceptionDesk::read_documents() {
  const auto directory = governance_directory(common, "");
  if (!directory) return directory.error();
  const auto read = governance_documents(*directory);
  std::vector<Diagnostic> complaints = read->complaints;
  policies = control::ApprovalPolicies::build(read->documents, complaints);
  documents = read->documents;
  if (!has_errors(complaints)) return {};
  return Error{ErrorCode::kInvalid, "the governance files have errors, so it is not certain who may decide: " +
                                        complaints.front().to_string()};
}

Result<ExceptionRequest> ExceptionDesk::find(std::string_view id) const {
  auto list = registers().exceptions().list();
  if (!list) return std::move(list).error();
  const ExceptionRequest* found = nullptr;
  for (const ExceptionRequest& request : *list) {
    if (request.id == id) return request;
    if (id.size() < kEndBytesMin || !request.id.ends_with(to_lower(id))) continue;
    if (found != nullptr)
      return Error{ErrorCode::kInvalid, "several exceptions end in " + printable(id) + "; say more of it"};
    found = &request;
  }
  if (found != nullptr) return *found;
  return Error{ErrorCode::kNotFound,
               "there is no exception " + printable(id, 60) + "; 'reeve exception list' shows them"};
}

Result<control::Actor> ExceptionDesk::actor(std::string_view name, Instant now) const {
  return actor_by_keys(registers(), name, now);
}

Result<control::Actor> actor_by_keys(store::Registers& registers, std::string_view name, Instant now) {
  control::Actor actor{std::string(name), {}};
  const auto keys = registers.keys().list();
  if (!keys) return keys.error();
  for (const identity::VirtualKey& key : *keys) {
    if (!equal_ignoring_case(key.owner, name) || key.revoked || (key.expires && *key.expires <= now)) continue;
    actor.groups.insert(actor.groups.end(), key.groups.begin(), key.groups.end());
  }
  add_groups(actor, {});
  return actor;
}

void add_groups(control::Actor& actor, std::span<const std::string> groups) {
  actor.groups.insert(actor.groups.end(), groups.begin(), groups.end());
  std::sort(actor.groups.begin(), actor.groups.end());
  actor.groups.erase(std::unique(actor.groups.begin(), actor.groups.end()), actor.groups.end());
}

Result<void> ExceptionDesk::update(const ExceptionRequest& request, std::string_view kind, std::string_view by,
                                   Instant now) {
  auto updated = registers().exceptions().update(request, control::step_of(request, kind, by, now));
  if (!updated || request.renews.empty() || !request.granted()) return updated;
  // The earlier one keeps its effect until its end; only its name says that another one goes on.
  auto earlier = find(request.renews);
  if (!earlier ||
      (earlier->state != ExceptionState::kApproved && earlier->state != ExceptionState::kApprovedWithConditions)) {
    return {};
  }
  earlier->state = ExceptionState::kRenewed;
  ++earlier->version;
  return registers().exceptions().update(*earlier, control::step_of(*earlier, "exception.renewed", by, now));
}

std::string acting_person(const std::string& by) { return by.empty() ? system_user_name() : std::string(trim(by)); }

Result<Instant> parse_until(std::string_view text, Instant now) {
  if (const auto duration = parse_duration(text)) return now + *duration;
  auto time = parse_time(text);
  if (time) return time;
  return Error{ErrorCode::kInvalid, "'" + printable(text, 60) +
                                        "' is neither a time from now, such as 7d, nor a time such "
                                        "as 2026-12-01 or 2026-12-01T18:00:00Z"};
}

ExceptionState current_state(const ExceptionRequest& request, Instant now) {
  ExceptionRequest copy = request;
  control::expire(copy, now);
  return copy.state;
}

std::string describe(const ExceptionRequest& request) {
  const control::Asked& asked = request.asked;
  std::string text;
  if (asked.kind == ExceptionKind::kBudget) {
    if (asked.extra.money.nanos > 0) text += format_money(asked.extra.money);
    if (asked.extra.tokens > 0) text += (text.empty() ? "" : ", ") + std::to_string(asked.extra.tokens) + " tokens";
    if (asked.extra.requests > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(asked.extra.requests) + " requests";
    text += " more of " + printable(asked.budget);
  } else {
    text = (asked.kind == ExceptionKind::kRule ? "off " : "approval for ") + joined(asked.rules);
  }
  for (const auto& [key, values] : asked.scope) text += ", " + printable(key) + " " + joined(values);
  return text;
}

void write_exception(JsonWriter& json, const ExceptionRequest& request, Instant now) {
  json.begin_object();
  for (const spend::Allowance& allowance : control::allowances(std::span(&request, 1), now)) {
    write_allowance(json, allowance, request.asked);
  }
  json.member("digest", control::digest_of(request)).member("ends", format_time(request.ends()));
  json.member("id", request.id).member("in_effect", request.in_effect(now));
  json.key("request").raw(control::request_to_json(request));
  json.member("state", control::state_name(current_state(request, now))).end_object();
}

void print_exception(const ExceptionRequest& request, const control::ApprovalPolicies& policies, Instant now) {
  const control::Asked& asked = request.asked;
  const ExceptionState state = current_state(request, now);
  std::printf("%s  %s\n", bold(request.id).c_str(), std::string(control::state_name(state)).c_str());
  std::printf("  %s\n", describe(request).c_str());
  std::printf("  from %s until %s%s\n", to_the_second(asked.from).c_str(), to_the_second(request.ends()).c_str(),
              request.in_effect(now) ? green(", in effect").c_str() : "");
  if (!asked.when.empty()) std::printf("  when %s\n", printable(asked.when, 500).c_str());
  if (asked.uses) std::printf("  at most %llu uses\n", static_cast<unsigned long long>(*asked.uses));
  if (!asked.compensating_check.empty())
    std::printf("  while %s is green\n", printable(asked.compensating_check).c_str());
  std::printf("  reason: %s\n", printable(asked.reason, 1000).c_str());
  if (!asked.work_item.empty()) std::printf("  work item: %s\n", printable(asked.work_item).c_str());
  const bool for_another = asked.requested_for != asked.requested_by;
  std::printf("  asked by %s%s at %s\n", printable(asked.requested_by).c_str(),
              for_another ? (" for " + printable(asked.requested_for)).c_str() : "",
              to_the_second(request.made).c_str());
  if (!request.renews.empty())
    std::printf("  goes on after %s (renewal %d)\n", request.renews.c_str(), request.renewal);
  print_reviews(request);
  if (!request.ended_by.empty()) {
    std::printf("  withdrawn by %s%s%s\n", printable(request.ended_by).c_str(), request.end_reason.empty() ? "" : ": ",
                printable(request.end_reason, 1000).c_str());
  }
  if (state == ExceptionState::kRequested) {
    const std::string who = policies.reviewers_of(request);
    std::printf("  waits for %s\n",
                who.empty() ? "nobody: no ApprovalPolicy is about it" : printable(who, 500).c_str());
  }
  std::printf("  digest %s\n", control::digest_of(request).c_str());
}

int workflow_exit_code(const Error& error) {
  const bool no =
      error.code == ErrorCode::kDenied || error.code == ErrorCode::kConflict || error.code == ErrorCode::kNotFound;
  return no ? kAnswerIsNo : exit_code_of(error);
}

}  // namespace reeve::app
