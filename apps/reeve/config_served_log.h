#pragma once

// `ledger: {serve: [...]}` of reeve.yaml.

#include <vector>

#include "core/yaml.h"
#include "reeve/config.h"

namespace reeve::app {

/// What is not in the list is not served.
void read_served_log(const YamlValue& value, ServedLog& served, std::vector<Diagnostic>& complaints);

}  // namespace reeve::app
