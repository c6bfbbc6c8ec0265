#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace reeve::bench {

/// What proofs from a log of ten million entries cost, which is made in `directory`: its tiles only, some 320 MB.
std::vector<std::pair<std::string, double>> measure_proofs(const std::filesystem::path& directory);

}  // namespace reeve::bench
