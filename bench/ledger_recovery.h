#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace reeve::bench {

/// What opening a log of `entries` costs whose writer was killed at full speed: as it usually is, and where a call was
/// open since the first entry. The log is made in `directory`, some 650 bytes an entry.
std::vector<std::pair<std::string, double>> measure_recovery(const std::filesystem::path& directory,
                                                             std::uint64_t entries);

}  // namespace reeve::bench
