#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/config.h"
#include "reeve/content_setup.h"
#include "reeve/governance.h"
#include "reeve/terminal.h"

namespace reeve::app {

int check_command(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty())
    return fail(common, kWrongUse,
                "there is no reeve.yaml here; name one with --config, or write one with 'reeve init .'");
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints);
  const Governance governance = read_governance(config.governance_dir, complaints);
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
               std::to_string(governance.prices->model_count()) + " prices";
    const std::string idle = not_enforced(*governance.policy);
    if (!idle.empty()) summary += "\n" + dim("note: " + idle);
  }
  print_complaints(common, complaints, summary);
  return wrong ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
