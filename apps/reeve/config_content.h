#pragma once

// What `ledger` in reeve.yaml says of the content that is kept: for how long, and where the key to it is.

#include <filesystem>
#include <vector>

#include "core/yaml.h"
#include "reeve/config.h"

namespace reeve::app {

/// Reads the keys retention, or keep and keep_classes in its place, and content_key of the mapping.
void read_kept_content(const YamlValue& ledger, const std::filesystem::path& base, Config& config,
                       std::vector<Diagnostic>& complaints);

/// Where the file says that the root of the keys of kept content is, for commands that need nothing else of it: as
/// read_data_dir().
Result<KeySource> read_content_key_source(const std::filesystem::path& file);

}  // namespace reeve::app
