// `reeve exception request`, `change` and `renew`: asking.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "reeve/budget_desk.h"
#include "reeve/exception_desk.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::Asked;
using control::ExceptionKind;
using control::ExceptionRequest;

namespace {

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

/// "people=dev@example.com": repeated keys collect.
Result<void> read_scope(const std::vector<std::string>& pairs, Asked& asked) {
  if (!pairs.empty()) asked.scope.clear();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return invalid("--scope is KEY=VALUE, such as person=dev@example.com");
    asked.scope[pair.substr(0, equals)].push_back(pair.substr(equals + 1));
  }
  return {};
}

Result<void> read_amounts(const ExceptionRequestArguments& arguments, Asked& asked) {
  if (!arguments.add.empty()) {
    const auto money = parse_money(arguments.add);
    if (!money) return with_context(money.error(), "--add");
    asked.extra.money = *money;
  }
  if (arguments.tokens) asked.extra.tokens = *arguments.tokens;
  if (arguments.requests) asked.extra.requests = *arguments.requests;
  return {};
}

Result<void> read_times(const ExceptionRequestArguments& arguments, Instant now, Asked& asked) {
  if (!arguments.from.empty()) {
    const auto from = parse_until(arguments.from, now);
    if (!from) return with_context(from.error(), "--from");
    asked.from = *from;
  }
  if (!arguments.until.empty()) {
    const auto until = parse_until(arguments.until, now);
    if (!until) return with_context(until.error(), "--until");
    asked.until = *until;
  }
  return {};
}

/// What the options say, over what `asked` holds already.
Result<void> read_options(const ExceptionRequestArguments& arguments, Instant now, Asked& asked) {
  if (auto read = read_scope(arguments.scope, asked); !read) return read;
  if (auto read = read_amounts(arguments, asked); !read) return read;
  if (auto read = read_times(arguments, now, asked); !read) return read;
  if (!arguments.rules.empty()) asked.rules = arguments.rules;
  if (!arguments.when.empty()) asked.when = arguments.when;
  if (!arguments.check.empty()) asked.compensating_check = arguments.check;
  if (!arguments.reason.empty()) asked.reason = trim(arguments.reason);
  if (!arguments.work_item.empty()) asked.work_item = arguments.work_item;
  if (arguments.uses) asked.uses = arguments.uses;
  return {};
}

Result<Asked> read_request(const ExceptionRequestArguments& arguments, Instant now) {
  const int kinds = int{!arguments.budget.empty()} + int{!arguments.rules.empty()} + int{!arguments.approval.empty()};
  if (kinds != 1) return invalid("ask for one thing: --budget NAME, --rule NAME or --approval NAME");
  if (arguments.until.empty()) return invalid("say until when: --until 7d, or a time");
  Asked asked;
  asked.kind = !arguments.budget.empty()  ? ExceptionKind::kBudget
               : !arguments.rules.empty() ? ExceptionKind::kRule
                                          : ExceptionKind::kApproval;
  asked.budget = arguments.budget;
  if (!arguments.approval.empty()) asked.rules = {arguments.approval};
  asked.requested_by = acting_person(arguments.by);
  asked.requested_for = arguments.person.empty() ? asked.requested_by : std::string(trim(arguments.person));
  asked.from = now;
  if (auto read = read_options(arguments, now, asked); !read) return std::move(read).error();
  if (asked.kind == ExceptionKind::kRule && asked.scope.empty()) asked.scope["people"] = {asked.requested_for};
  return asked;
}

const YamlValue* find_document(const ExceptionDesk& desk, std::string_view kind, std::string_view name) {
  for (const YamlValue& document : desk.documents) {
    const YamlValue* its_name = document.find("name");
    if (document.find("kind")->text() == kind && its_name != nullptr && its_name->text() == name) return &document;
  }
  return nullptr;
}

/// Of a file, or else of the register.
Result<YamlValue> budget_document(const ExceptionDesk& desk, std::string_view name) {
  if (const YamlValue* document = find_document(desk, "Budget", name)) return *document;
  const auto registered = registered_budgets(desk.common);
  if (!registered) return registered.error();
  if (const auto* const row = find_registered(*registered, name)) return spend::document_of(*row);
  return invalid("there is no budget '" + printable(name, 80) + "'; 'reeve budget list' shows them");
}

/// A budget that is for each person is raised for whom it is asked, not for everybody; for each team, somebody has to
/// say which.
Result<void> complete_scope(const ExceptionDesk& desk, Asked& asked) {
  const auto budget = budget_document(desk, asked.budget);
  if (!budget) return budget.error();
  std::vector<std::string> each;
  if (const YamlValue* list = budget->find("each")) {
    if (list->is_scalar()) each.push_back(list->text());
    for (const YamlValue& item : list->items()) each.push_back(item.text());
  }
  for (const auto& [key, values] : asked.scope) {
    if (std::find(each.begin(), each.end(), key) != each.end()) continue;
    return invalid("the budget '" + asked.budget + "' has no counter for each " + printable(key, 40));
  }
  for (const std::string& key : each) {
    if (asked.scope.contains(key)) continue;
    if (key != "person") return invalid("the budget is for each " + key + "; say for which: --scope " + key + "=NAME");
    asked.scope["person"] = {asked.requested_for};
  }
  return {};
}

/// Whether the rules could take it: their names, and patterns and conditions in it.
Result<void> check_rules(const ExceptionDesk& desk, const ExceptionRequest& request) {
  const Asked& asked = request.asked;
  if (asked.kind == ExceptionKind::kApproval) {
    const YamlValue* rule = find_document(desk, "Policy", asked.rules.front());
    if (rule == nullptr) return invalid("there is no rule '" + printable(asked.rules.front(), 80) + "'");
    if (rule->find("approval") == nullptr) {
      return invalid("the rule '" + asked.rules.front() + "' requires no approval; ask to be let off with --rule");
    }
    return {};
  }
  std::vector<YamlValue> documents = desk.documents;
  documents.push_back(control::exception_document(request));
  std::vector<Diagnostic> complaints;
  static_cast<void>(policy::Bundle::build(documents, complaints));
  for (const Diagnostic& complaint : complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) return invalid(complaint.message);
  }
  return {};
}

int tell(const Common& common, const ExceptionDesk& desk, const ExceptionRequest& request, Instant now) {
  if (common.json) {
    JsonWriter json;
    write_exception(json, request, now);
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  print_exception(request, desk.policies, now);
  return kDone;
}

Result<void> prepare(const ExceptionDesk& desk, Asked& asked) {
  return asked.kind == ExceptionKind::kBudget ? complete_scope(desk, asked) : Result<void>();
}

Result<void> check(const ExceptionDesk& desk, const ExceptionRequest& request) {
  if (request.asked.kind != ExceptionKind::kBudget) {
    if (auto known = check_rules(desk, request); !known) return known;
  }
  return desk.policies.somebody_may_approve(request);
}

Result<ExceptionRequest> ask(ExceptionDesk& desk, Asked asked, Instant now) {
  if (auto prepared = prepare(desk, asked); !prepared) return std::move(prepared).error();
  auto request = control::make_request(std::move(asked), now);
  if (!request) return request;
  if (auto good = check(desk, *request); !good) return std::move(good).error();
  const auto step = control::step_of(*request, "exception.requested", request->asked.requested_by, now);
  if (auto kept = desk.registers().exceptions().insert(*request, step); !kept) return std::move(kept).error();
  return request;
}

Result<ExceptionRequest> change(ExceptionDesk& desk, const ExceptionRequestArguments& arguments, Instant now) {
  auto request = desk.find(arguments.id);
  if (!request) return request;
  Asked asked = request->asked;
  if (auto read = read_options(arguments, now, asked); !read) return std::move(read).error();
  if (auto prepared = prepare(desk, asked); !prepared) return std::move(prepared).error();
  const std::string by = acting_person(arguments.by);
  if (auto changed = control::change_request(*request, std::move(asked), by, now); !changed) {
    return std::move(changed).error();
  }
  if (auto good = check(desk, *request); !good) return std::move(good).error();
  if (auto kept = desk.update(*request, "exception.changed", by, now); !kept) return std::move(kept).error();
  return request;
}

Result<ExceptionRequest> renew(ExceptionDesk& desk, const ExceptionRequestArguments& arguments, Instant now) {
  auto request = desk.find(arguments.id);
  if (!request) return request;
  const auto others = desk.registers().exceptions().list();
  if (!others) return others.error();
  const auto until = parse_until(arguments.until, std::max(now, request->ends()));
  if (!until) return with_context(until.error(), "--until");
  const std::string by = acting_person(arguments.by);
  auto renewal = control::renew(*request, by, *until, trim(arguments.reason), *others, now);
  if (!renewal) return renewal;
  if (auto good = check(desk, *renewal); !good) return std::move(good).error();
  const auto step = control::step_of(*renewal, "exception.requested", by, now);
  if (auto kept = desk.registers().exceptions().insert(*renewal, step); !kept) return std::move(kept).error();
  return renewal;
}

template <typename Do>
int with_desk(const Common& common, Instant now, const Do& work) {
  auto desk = ExceptionDesk::open(common);
  if (!desk) return fail(common, exit_code_of(desk.error()), desk.error().message);
  const Result<ExceptionRequest> request = work(*desk);
  if (!request) return fail(common, workflow_exit_code(request.error()), request.error().message);
  return tell(common, *desk, *request, now);
}

}  // namespace

int exception_request_command(const Common& common, const ExceptionRequestArguments& arguments) {
  const Instant now = system_clock().now();
  auto asked = read_request(arguments, now);
  if (!asked) return fail(common, kWrongUse, asked.error().message);
  return with_desk(common, now, [&](ExceptionDesk& desk) { return ask(desk, *asked, now); });
}

int exception_change_command(const Common& common, const ExceptionRequestArguments& arguments) {
  const Instant now = system_clock().now();
  return with_desk(common, now, [&](ExceptionDesk& desk) { return change(desk, arguments, now); });
}

int exception_renew_command(const Common& common, const ExceptionRequestArguments& arguments) {
  const Instant now = system_clock().now();
  return with_desk(common, now, [&](ExceptionDesk& desk) { return renew(desk, arguments, now); });
}

}  // namespace reeve::app
