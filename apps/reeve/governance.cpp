#include "reeve/governance.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/bytes.h"
#include "core/log.h"

namespace reeve::app {

namespace {

bool is_about(const Diagnostic& complaint, const YamlValue& document) { return complaint.file == document.file(); }

bool has_errors_of(const std::vector<Diagnostic>& complaints, const YamlValue& document) {
  return std::any_of(complaints.begin(), complaints.end(), [&](const Diagnostic& complaint) {
    return complaint.severity == Diagnostic::Severity::kError && is_about(complaint, document);
  });
}

/// Adds the exceptions to the documents, but for those that make errors.
std::shared_ptr<const policy::Bundle> build_policy(std::vector<YamlValue>& documents, std::vector<YamlValue> exceptions,
                                                   std::vector<Diagnostic>& complaints) {
  const auto files = static_cast<std::ptrdiff_t>(documents.size());
  for (YamlValue& exception : exceptions) documents.push_back(std::move(exception));
  std::vector<Diagnostic> found;
  auto bundle = policy::Bundle::build(documents, found);
  const auto wrong = std::remove_if(documents.begin() + files, documents.end(),
                                    [&](const YamlValue& document) { return has_errors_of(found, document); });
  if (wrong != documents.end()) {
    documents.erase(wrong, documents.end());
    for (Diagnostic& complaint : found) {
      if (!complaint.file.starts_with(control::kExceptionFilePrefix)) continue;
      complaint.severity = Diagnostic::Severity::kWarning;
      complaint.message = "it has no effect: " + complaint.message;
      complaints.push_back(std::move(complaint));
    }
    found.clear();
    bundle = policy::Bundle::build(documents, found);
  }
  complaints.insert(complaints.end(), found.begin(), found.end());
  return bundle;
}

/// An alert that goes nowhere must show before the day on which somebody counts on it.
void refuse_unknown_destinations(const Governance& governance, std::vector<Diagnostic>& complaints) {
  for (const YamlValue& document : governance.documents) {
    const YamlValue* kind = document.find("kind");
    const YamlValue* notify = document.find("notify");
    if (kind == nullptr || kind->text() != "SpendAlert" || notify == nullptr) continue;
    for (const YamlValue& name : notify->items()) {
      const bool known = std::any_of(governance.destinations.begin(), governance.destinations.end(),
                                     [&](const auto& destination) { return destination.name == name.text(); });
      if (known) continue;
      complaints.push_back(name.complain("there is no Notification '" + printable(name.text(), 63) +
                                         "' to tell; 'notify' has names of Notification documents"));
    }
  }
}

}  // namespace

Governance read_governance(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints,
                           std::vector<YamlValue> exceptions, std::span<const spend::RegisteredBudget> budgets) {
  Governance governance;
  governance.documents = read_yaml_directory(directory, complaints);
  constexpr std::array<std::string_view, 23> kKnown{
      "Policy",        "Exception",        "Ladder",         "PolicyTest",   "Price",
      "UnknownPrice",  "Budget",           "ApprovalPolicy", "Discount",     "Surcharge",
      "Commitment",    "SpendAlert",       "AdviceRule",     "Notification", "Detector",
      "ExportMapping", "ControlFramework", "EvidenceStream", "RoleBinding",  "ClientSettings",
      "Review",        "Checklist",        "IntakeQuestions"};
  for (const YamlValue& document : governance.documents) {
    const YamlValue& kind = *document.find("kind");
    if (std::find(kKnown.begin(), kKnown.end(), kind.text()) == kKnown.end()) {
      complaints.push_back(kind.complain(
          "this version does not enforce documents of kind '" + printable(kind.text(), 40) +
          "'; it knows Policy, Exception, ApprovalPolicy, Ladder, PolicyTest, Price, UnknownPrice, Budget, Discount, "
          "Surcharge, Commitment, SpendAlert, AdviceRule, Notification, Detector, ExportMapping, ControlFramework, "
          "EvidenceStream, RoleBinding, ClientSettings, IntakeQuestions, Review and Checklist. Move the file elsewhere "
          "until then"));
    }
  }
  governance.policy = build_policy(governance.documents, std::move(exceptions), complaints);
  governance.approvals = control::ApprovalPolicies::build(governance.documents, complaints);
  governance.intake = control::IntakeRules::build(governance.documents, complaints);
  governance.roles = identity::RoleBindings::build(governance.documents, complaints);
  governance.client_settings = harness::ClientSettingsSet::build(governance.documents, complaints);
  governance.destinations = control::read_destinations(governance.documents, complaints);
  governance.prices = spend::Catalogue::with_overrides(governance.documents, complaints);
  governance.budgets =
      spend::BudgetSet::build(spend::merged_budget_documents(governance.documents, budgets, complaints), complaints);
  governance.alerts = spend::read_alerts(governance.documents, complaints);
  if (governance.alerts.empty()) governance.alerts = spend::default_alerts();
  refuse_unknown_destinations(governance, complaints);
  // Read again by the commands that use them; here so that what is wrong shows before that.
  spend::read_advice_rules(governance.documents, complaints);
  ledger::ExportMappings::build(governance.documents, complaints);
  return governance;
}

std::shared_ptr<const policy::Bundle> with_exceptions(const policy::Bundle& rules,
                                                      std::span<const control::ExceptionRequest> requests,
                                                      Instant now) {
  std::set<std::string_view> registered;
  for (const control::ExceptionRequest& request : requests) registered.insert(request.id);
  std::vector<YamlValue> documents;
  const auto canonical = JsonDocument::parse(rules.canonical(), 256);
  CHECK(canonical.ok());
  for (const JsonValue& document : canonical->root().items()) {
    const bool of_register =
        document["kind"].string_or("") == "Exception" && registered.contains(document["name"].string_or(""));
    if (!of_register) documents.push_back(yaml_from_json(document, "the rules in force"));
  }
  std::vector<Diagnostic> complaints;
  auto bundle = build_policy(documents, control::exception_documents(requests, now), complaints);
  for (const Diagnostic& complaint : complaints) log_warning("rules", {{"where_and_what", complaint.to_string()}});
  return bundle;
}

bool asks_for_content(const policy::Bundle& rules) {
  using policy::Fact;
  using policy::Point;
  for (const Point point : {Point::kModelCall, Point::kModelResponse}) {
    for (const Fact fact : {Fact::kContentFindings, Fact::kContentClasses, Fact::kContentLabels}) {
      if (rules.needs(point, fact)) return true;
    }
  }
  return false;
}

std::string not_enforced(const policy::Bundle& bundle) {
  std::map<std::string_view, std::size_t> unasked;
  std::size_t rules = 0;
  std::string refusing;
  for (const policy::RuleInfo* rule : bundle.rules()) {
    if (rule->mode != policy::Mode::kEnforce) continue;
    bool asked = false;
    for (const policy::Point point : rule->points) {
      const bool asks = point == policy::Point::kModelCall || point == policy::Point::kModelResponse;
      asked = asked || asks;
      if (!asks) ++unasked[policy::point_name(point)];
    }
    rules += asked ? 0U : 1U;
    const bool undone = rule->effect == policy::Effect::kRewrite;
    if (asked && undone) refusing += (refusing.empty() ? "" : ", ") + rule->name;
  }
  std::string text;
  if (rules > 0) {
    text = std::to_string(rules) + " rules decide where nothing in this version asks yet, so they are not enforced:";
    for (const auto& [point, count] : unasked) text += " " + std::string(point) + " (" + std::to_string(count) + ")";
  }
  if (!refusing.empty()) {
    text += (text.empty() ? "" : "; ");
    text += "the gateway cannot rewrite yet and refuses the calls that these match: " + refusing;
  }
  return text;
}

std::string directory_fingerprint(const std::filesystem::path& directory, int depth_max) {
  std::vector<std::string> lines;
  std::error_code error;
  auto entries = std::filesystem::recursive_directory_iterator(directory, error);
  for (const auto end = std::filesystem::recursive_directory_iterator(); !error && entries != end;
       entries.increment(error)) {
    std::error_code ignored;
    if (entries.depth() == depth_max) entries.disable_recursion_pending();
    if (!entries->is_regular_file(ignored)) continue;
    const auto written = entries->last_write_time(ignored).time_since_epoch().count();
    lines.push_back(entries->path().string() + " " + std::to_string(entries->file_size(ignored)) + " " +
                    std::to_string(written));
  }
  std::sort(lines.begin(), lines.end());
  std::string fingerprint;
  for (const std::string& line : lines) fingerprint += line + "\n";
  return fingerprint;
}

}  // namespace reeve::app
