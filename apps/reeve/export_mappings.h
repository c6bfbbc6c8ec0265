#pragma once

// The mappings that exports choose from: those that ship, and those of the governance directory.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "reeve/config.h"

namespace reeve::app {

/// A mapping among the documents replaces a shipped one of its name. What is wrong with them has been told before.
std::shared_ptr<const ledger::ExportMappings> with_shipped_mappings(const std::vector<YamlValue>& documents);
/// The same, read from a governance directory; one that is not there has none.
std::shared_ptr<const ledger::ExportMappings> load_export_mappings(const std::filesystem::path& directory,
                                                                   std::vector<Diagnostic>& complaints);
/// Complains about exports in a form that there is no mapping for. `file` is where they stand.
void check_export_formats(const Config& config, const ledger::ExportMappings& mappings, const std::string& file,
                          std::vector<Diagnostic>& complaints);

/// The name of the log in its verifier key.
std::string log_name(std::string_view verifier_key);

}  // namespace reeve::app
