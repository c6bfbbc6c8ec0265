#pragma once

// For how long records have to be kept, by the frameworks that reeve.yaml names, and whether its settings keep them.
// The duties are data: `retention` of `kind: ControlFramework`.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "evidence/evidence.h"
#include "reeve/config.h"

namespace reeve::app {

/// The frameworks and streams of the governance directory, and those that ship where it has none of the name. What is
/// wrong with its other documents is not told here.
evidence::Catalogue read_evidence_catalogue(const std::filesystem::path& governance,
                                            std::vector<Diagnostic>& complaints);

/// An error for each setting that would remove what a chosen framework wants kept, with the clause and the way out, and
/// for a framework that nobody knows. Entries are never removed, so settings can only be wrong about content.
void check_retention(const Config& config, std::vector<Diagnostic>& complaints);
/// The same for a catalogue.
void check_retention(const Config& config, const evidence::Catalogue& catalogue, std::vector<Diagnostic>& complaints);

/// What a year of the ledger takes on disk at the pace of the last 30 days, in words; or what 10,000 calls a day would
/// take where there is none yet.
std::string room_of_a_year(const std::filesystem::path& data_directory, Instant now);

}  // namespace reeve::app
