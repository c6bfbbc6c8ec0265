#include <cstdio>
#include <filesystem>

#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/governance.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

void print_complaints(const Common& common, const std::vector<Diagnostic>& complaints, const std::string& summary) {
  if (!common.json) {
    for (const Diagnostic& complaint : complaints) {
      const bool error = complaint.severity == Diagnostic::Severity::kError;
      std::printf("%s\n", (error ? red(complaint.to_string()) : yellow(complaint.to_string())).c_str());
    }
    std::printf("%s\n", summary.c_str());
    return;
  }
  JsonWriter json;
  json.begin_object().member("ok", !has_errors(complaints)).key("complaints").begin_array();
  for (const Diagnostic& complaint : complaints) {
    json.begin_object().member("severity", complaint.severity == Diagnostic::Severity::kError ? "error" : "warning");
    json.member("file", complaint.file).member("line", static_cast<std::uint64_t>(complaint.line));
    json.member("column", static_cast<std::uint64_t>(complaint.column))
        .member("message", complaint.message)
        .end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", json.text().c_str());
}

std::string governance_directory(const Common& common, const std::string& directory) {
  if (!directory.empty()) return directory;
  const std::string file = config_file(common);
  if (file.empty()) return "governance";
  std::vector<Diagnostic> complaints;
  return read_config(file, complaints).governance_dir.string();
}

}  // namespace

int check_command(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty())
    return fail(common, kWrongUse,
                "there is no reeve.yaml here; name one with --config, or write one with 'reeve init .'");
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints);
  const Governance governance = read_governance(config.governance_dir, complaints);
  if (config.providers.empty())
    complaints.push_back({Diagnostic::Severity::kWarning, file, 0, 0, "no providers: every call will be refused"});
  if (config.models.empty())
    complaints.push_back({Diagnostic::Severity::kWarning, file, 0, 0, "no models: every call will be refused"});
  const bool wrong = has_errors(complaints);
  std::string summary = wrong ? red("not valid") : green("valid");
  if (!wrong) {
    summary += ": " + std::to_string(config.providers.size()) + " providers, " + std::to_string(config.models.size()) +
               " models, " + std::to_string(governance.policy->rule_count()) + " rules, " +
               std::to_string(governance.prices->model_count()) + " prices";
  }
  print_complaints(common, complaints, summary);
  return wrong ? kAnswerIsNo : kDone;
}

int policy_check_command(const Common& common, const std::string& directory) {
  std::vector<Diagnostic> complaints;
  const Governance governance = read_governance(governance_directory(common, directory), complaints);
  const bool wrong = has_errors(complaints);
  print_complaints(
      common, complaints,
      wrong ? red("not valid") : green("valid") + ": " + std::to_string(governance.policy->rule_count()) + " rules");
  return wrong ? kAnswerIsNo : kDone;
}

int policy_test_command(const Common& common, const std::string& directory) {
  std::vector<Diagnostic> complaints;
  const Governance governance = read_governance(governance_directory(common, directory), complaints);
  if (has_errors(complaints) || !governance.policy) {
    print_complaints(common, complaints, red("not valid, so nothing was tested"));
    return kAnswerIsNo;
  }
  const policy::TestReport report = policy::run_rule_tests(*governance.policy, governance.documents);
  const std::string summary =
      std::to_string(report.passed) + " passed, " + std::to_string(report.failures.size()) + " failed";
  print_complaints(common, report.failures, report.failures.empty() ? green(summary) : red(summary));
  return report.failures.empty() ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
