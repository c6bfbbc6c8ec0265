// `reeve detectors`: what is looked for, and whether each detector does what it says at a price that can be paid.

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/content_setup.h"
#include "reeve/terminal.h"

namespace reeve::app {

int detectors_list_command(const Common& common, const DetectorsArguments& arguments) {
  const auto detectors = open_detectors(common, arguments.directory);
  if (!detectors) return fail(common, exit_code_of(detectors.error()), detectors.error().message);
  JsonWriter json;
  json.begin_object().member("digest", (*detectors)->digest()).key("detectors").begin_array();
  std::vector<std::vector<std::string>> rows{{"DETECTOR", "CLASS", "SEVERITY", "FINDS"}};
  std::map<std::string, std::size_t> classes;
  for (const content::DetectorInfo& info : (*detectors)->list()) {
    ++classes[info.class_name];
    if (!arguments.class_name.empty() && info.class_name != arguments.class_name) continue;
    rows.push_back({info.id, info.class_name, info.severity, info.title});
    json.begin_object().member("id", info.id).member("title", info.title).member("class", info.class_name);
    json.member("severity", info.severity).member("file", info.file);
    json.member("line", static_cast<std::uint64_t>(info.line)).key("controls").begin_array();
    for (const std::string& control : info.controls) json.value(control);
    json.end_array().end_object();
  }
  if (common.json) {
    std::printf("%s\n", json.end_array().end_object().text().c_str());
    return kDone;
  }
  std::string sums;
  for (const auto& [name, count] : classes) {
    sums += (sums.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  std::printf("%s\n%s\n", table(rows).c_str(), dim(sums).c_str());
  return kDone;
}

int detectors_test_command(const Common& common, const DetectorsArguments& arguments) {
  std::vector<Diagnostic> complaints;
  const auto documents = detector_documents(common, arguments.directory, complaints);
  if (!documents) return fail(common, exit_code_of(documents.error()), documents.error().message);
  content::LintOptions options;
  options.measure = arguments.cost;
  std::vector<content::DetectorCost> costs;
  if (!has_errors(complaints)) costs = content::lint_detectors(*documents, options, complaints);
  const bool wrong = has_errors(complaints);
  std::sort(costs.begin(), costs.end(),
            [](const auto& a, const auto& b) { return a.clean_ns_per_kib > b.clean_ns_per_kib; });
  if (arguments.cost && !common.json) {
    std::vector<std::vector<std::string>> rows{{"DETECTOR", "CLEAN ns/KiB", "HOSTILE ns/KiB", "MATCHES/MiB"}};
    const auto number = [](double value) {
      char text[32];
      std::snprintf(text, sizeof text, "%.0f", value);
      return std::string(text);
    };
    for (const content::DetectorCost& cost : costs) {
      if (rows.size() > arguments.rows) break;
      rows.push_back(
          {cost.id, number(cost.clean_ns_per_kib), number(cost.hostile_ns_per_kib), number(cost.matches_per_mib)});
    }
    std::printf("%s\n", table(rows).c_str());
  }
  const std::string summary = std::to_string(documents->size()) + " detectors" +
                              (wrong ? ", " + red("not all right") : ", " + green("all right"));
  print_complaints(common, complaints, summary);
  return wrong ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
