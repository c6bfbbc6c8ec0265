#include "reeve/export_mappings.h"

#include "core/bytes.h"
#include "reeve/starter.h"

namespace reeve::app {

namespace {

std::vector<YamlValue> shipped_mappings() {
  std::vector<YamlValue> documents;
  std::vector<Diagnostic> complaints;
  for (const StarterFile& file : starter_governance()) {
    if (!file.path.starts_with("governance/exports/") || !file.path.ends_with(".yaml")) continue;
    for (YamlValue& document : parse_yaml(file.content, file.path, complaints))
      documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace

std::shared_ptr<const ledger::ExportMappings> with_shipped_mappings(const std::vector<YamlValue>& documents) {
  std::vector<YamlValue> all = shipped_mappings();
  all.insert(all.end(), documents.begin(), documents.end());
  std::vector<Diagnostic> told_before;
  return ledger::ExportMappings::build(all, told_before);
}

std::shared_ptr<const ledger::ExportMappings> load_export_mappings(const std::filesystem::path& directory,
                                                                   std::vector<Diagnostic>& complaints) {
  std::vector<YamlValue> documents;
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored)) documents = read_yaml_directory(directory, complaints);
  ledger::ExportMappings::build(documents, complaints);
  return with_shipped_mappings(documents);
}

void check_export_formats(const Config& config, const ledger::ExportMappings& mappings, const std::string& file,
                          std::vector<Diagnostic>& complaints) {
  for (const ledger::ExportSettings& settings : config.exports) {
    if (settings.format.empty() || mappings.find(settings.format) != nullptr) continue;
    complaints.push_back({Diagnostic::Severity::kError, file, 0, 0,
                          "the export " + settings.name + " has the format '" + printable(settings.format, 40) +
                              "'; there are " + mappings.names()});
  }
}

std::string log_name(std::string_view verifier_key) {
  return std::string(verifier_key.substr(0, verifier_key.find('+')));
}

}  // namespace reeve::app
