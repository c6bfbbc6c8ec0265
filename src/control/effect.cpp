// What approved requests do: allowances for budgets, documents for the rules, approvals as a fact.

#include "control/control.h"

namespace reeve::control {

namespace {

bool is_live(const ExceptionRequest& request, ExceptionKind kind, Instant now) {
  return request.asked.kind == kind && request.granted() && now < request.ends();
}

std::string people_of(const ExceptionRequest& request) {
  std::string text;
  for (const Review& review : request.reviews) text += (text.empty() ? "" : " and ") + review.by;
  return text.empty() ? "nobody yet" : text;
}

/// Its beginning is a condition, as the fact `now` is the time of the decision.
std::string condition_of(const ExceptionRequest& request) {
  const Asked& asked = request.asked;
  if (asked.from <= request.made) return asked.when;
  const std::string begun = "now >= timestamp(\"" + format_time(asked.from) + "\")";
  return asked.when.empty() ? begun : "(" + asked.when + ") && " + begun;
}

std::string document_of(const ExceptionRequest& request) {
  const Asked& asked = request.asked;
  JsonWriter json;
  json.begin_object().member("kind", "Exception").member("name", request.id).key("rules").begin_array();
  for (const std::string& rule : asked.rules) json.value(rule);
  json.end_array().key("match").begin_object();
  for (const auto& [key, patterns] : asked.scope) {
    json.key(key).begin_array();
    for (const std::string& pattern : patterns) json.value(pattern);
    json.end_array();
  }
  json.end_object().member_if("when", condition_of(request)).member("reason", asked.reason);
  json.member("requested_by", asked.requested_by).member("approved_by", people_of(request));
  json.member("ends", format_time(request.ends()));
  if (asked.uses) json.member("uses", *asked.uses);
  json.member_if("compensating_check", asked.compensating_check).member_if("work_item", asked.work_item);
  return json.end_object().take();
}

}  // namespace

std::vector<spend::Allowance> allowances(std::span<const ExceptionRequest> requests, Instant now) {
  std::vector<spend::Allowance> allowances;
  for (const ExceptionRequest& request : requests) {
    if (!is_live(request, ExceptionKind::kBudget, now)) continue;
    spend::Allowance allowance;
    allowance.exception = request.id;
    allowance.budget = request.asked.budget;
    allowance.extra = request.asked.extra;
    allowance.from = request.asked.from;
    allowance.until = request.ends();
    bool understood = true;
    for (const auto& [key, values] : request.asked.scope) {
      const auto dimension = spend::dimension_from_name(key);
      // One that is not understood would make it hold for more than was approved.
      understood = understood && dimension && values.size() == 1;
      if (dimension && values.size() == 1) allowance.scope[*dimension] = values.front();
    }
    if (understood) allowances.push_back(std::move(allowance));
  }
  return allowances;
}

YamlValue exception_document(const ExceptionRequest& request) {
  const auto json = JsonDocument::parse(document_of(request));
  CHECK(json.ok());
  return yaml_from_json(json->root(), std::string(kExceptionFilePrefix) + request.id);
}

std::vector<YamlValue> exception_documents(std::span<const ExceptionRequest> requests, Instant now) {
  std::vector<YamlValue> documents;
  for (const ExceptionRequest& request : requests) {
    if (!is_live(request, ExceptionKind::kRule, now)) continue;
    documents.push_back(exception_document(request));
  }
  return documents;
}

std::vector<policy::GivenApproval> given_approvals(std::span<const ExceptionRequest> requests, Instant now) {
  std::vector<policy::GivenApproval> approvals;
  for (const ExceptionRequest& request : requests) {
    if (!is_live(request, ExceptionKind::kApproval, now)) continue;
    const auto patterns = [&](const char* key) {
      const auto found = request.asked.scope.find(key);
      return found == request.asked.scope.end() ? std::vector<std::string>() : found->second;
    };
    // Each reviewer's: the rule asks for somebody of its groups, and any of them may be that.
    for (const Review& review : request.reviews) {
      approvals.push_back({request.asked.rules.front(), review.by, review.groups, review.at, request.asked.from,
                           request.ends(), request.asked.requested_for, patterns("repos"), patterns("work_items")});
    }
  }
  return approvals;
}

}  // namespace reeve::control
