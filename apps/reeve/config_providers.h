#pragma once

// What one item of `providers` in reeve.yaml says.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "reeve/config.h"

namespace reeve::app {

/// `expand`: a scalar with variables of the environment put in. Nothing when it cannot be a provider.
std::optional<ProviderConfig> read_provider(const YamlValue& value, const SecretReader::Expand& expand,
                                            SecretReader secrets, std::vector<Diagnostic>& complaints);

}  // namespace reeve::app
