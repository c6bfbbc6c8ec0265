#pragma once

// Complaints about files, as commands print them.

#include <string>
#include <vector>

#include "core/result.h"
#include "core/yaml.h"
#include "reeve/commands.h"

namespace reeve::app {

/// One a line and the summary, or {"ok", "complaints": [...]} with --json.
void print_complaints(const Common& common, const std::vector<Diagnostic>& complaints, const std::string& summary);
/// A member "complaints" of the object that is open.
void append_complaints(JsonWriter& json, const std::vector<Diagnostic>& complaints);
/// The directory named, else the configuration's. kInvalid when the configuration cannot be read: rules of some other
/// place would answer instead.
Result<std::string> governance_directory(const Common& common, const std::string& directory);

}  // namespace reeve::app
