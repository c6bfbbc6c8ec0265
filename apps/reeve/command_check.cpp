#include "reeve/budget_desk.h"
#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/config.h"
#include "reeve/content_setup.h"
#include "reeve/export_mappings.h"
#include "reeve/governance.h"
#include "reeve/retention.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// Those that were written while servers ran, of the node alone or of all nodes. A warning where they cannot be read:
/// the files may be checked on a machine that has no way to the database.
std::vector<spend::RegisteredBudget> read_registered(const Common& common, const std::string& file,
                                                     std::vector<Diagnostic>& complaints) {
  auto registered = registered_budgets(common);
  if (registered) return *std::move(registered);
  complaints.push_back({Diagnostic::Severity::kWarning, file, 0, 0,
                        "budgets that were written by the API are not checked: " + registered.error().message});
  return {};
}

/// Where each of them comes from, for those that no file declares.
std::string budgets_of_register(const spend::BudgetSet& budgets) {
  std::string lines;
  for (const spend::Budget& budget : budgets.list()) {
    if (spend::is_registered(budget)) lines += "\n" + dim("budget " + budget.name + ": " + spend::origin_of(budget));
  }
  return lines;
}

}  // namespace

int check_command(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty())
    return fail(common, kWrongUse,
                "there is no reeve.yaml here; name one with --config, or write one with 'reeve init .'");
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints, OpenSecrets::kYes);
  const auto registered = read_registered(common, file, complaints);
  const Governance governance = read_governance(config.governance_dir, complaints, {}, registered);
  check_export_formats(config, *with_shipped_mappings(governance.documents), file, complaints);
  check_retention(config, complaints);
  if (governance.policy) policy::lint(*governance.policy, system_clock().now(), complaints);
  std::shared_ptr<const content::Detectors> detectors;
  if (governance.policy) {
    detectors = ContentSetup(config.data_dir).build(governance.documents, *governance.policy, complaints);
  }
  if (config.providers.empty())
    complaints.push_back({Diagnostic::Severity::kWarning, file, 0, 0, "no providers: every call will be refused"});
  if (config.models.empty())
    complaints.push_back({Diagnostic::Severity::kWarning, file, 0, 0, "no models: every call will be refused"});
  const bool wrong = has_errors(complaints);
  std::string summary = wrong ? red("not valid") : green("valid");
  if (!wrong) {
    summary += ": " + std::to_string(config.providers.size()) + " providers, " + std::to_string(config.models.size()) +
               " models, " + std::to_string(governance.policy->rules().size()) + " rules, " +
               std::to_string(detectors ? detectors->list().size() : 0) + " detectors, " +
               std::to_string(governance.budgets->list().size()) + " budgets, " +
               std::to_string(governance.prices->model_count()) + " prices" + budgets_of_register(*governance.budgets);
    const std::string idle = not_enforced(*governance.policy);
    if (!idle.empty()) summary += "\n" + dim("note: " + idle);
    const std::filesystem::path data = common.data_dir ? std::filesystem::path(*common.data_dir) : config.data_dir;
    summary += "\n" + dim("note: " + room_of_a_year(data, system_clock().now()));
  }
  print_complaints(common, complaints, summary);
  return wrong ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
