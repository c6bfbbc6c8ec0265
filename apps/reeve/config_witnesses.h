#pragma once

// `ledger: {witnesses: …, quorum: …, anchor: …}` of reeve.yaml.

#include <functional>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "reeve/config.h"

namespace reeve::app {

/// How a scalar's text is read, with what stands in the environment.
using TextOf = std::function<std::string(const YamlValue&)>;

/// Reads the keys into `config`; what is wrong goes to `complaints`.
void read_witnesses(const YamlValue& ledger, const TextOf& text, Config& config, std::vector<Diagnostic>& complaints);
/// The anchor must survive what restores the data directory.
void check_anchor(const YamlValue& value, const Config& config, std::vector<Diagnostic>& complaints);

}  // namespace reeve::app
