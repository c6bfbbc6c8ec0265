#pragma once

// The files that hold secrets: those of the data directory, and those that the configuration names.

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "reeve/config.h"

namespace reeve::app {

struct SecretFile {
  std::filesystem::path path;
  std::string place;  // what it is sealed for
};

/// Those of the data directory that are there.
std::vector<SecretFile> secret_files(const std::filesystem::path& data_directory);
/// Those that reeve.yaml and the governance files name, such as a webhook's secret: other programs may read them, too.
std::vector<SecretFile> named_secret_files(const Config& config, const std::vector<control::Destination>& destinations);

/// Whether everything that is sealed in the data directory can be opened.
Result<void> check_sealed_files(const Config& config);

}  // namespace reeve::app
