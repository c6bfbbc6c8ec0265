#pragma once

// What this house seals its secrets with: `sealing` in reeve.yaml, and the way from there to core/sealing.h.

#include <filesystem>
#include <vector>

#include "core/sealing.h"
#include "core/yaml.h"
#include "reeve/commands.h"
#include "reeve/key_source.h"

namespace reeve::app {

struct SealingSettings {
  KeySource source;         // gives keys or passphrases, one a line: the first one seals, all of them open
  bool passphrase = false;  // what it gives
  friend bool operator==(const SealingSettings&, const SealingSettings&) = default;
};

void read_sealing(const YamlValue& value, const std::filesystem::path& base, SealingSettings& settings,
                  std::vector<Diagnostic>& complaints);
/// What a file says of it, whatever else is in there. Nothing stated where it says nothing, or there is no file.
Result<SealingSettings> read_sealing_settings(const std::filesystem::path& config_file);

/// What the source gives now. Makes the data directory's salt, for passphrases.
Result<SealingSecrets> sealing_secrets(const SealingSettings& settings, const std::filesystem::path& data_directory);

/// For its owner's eyes, where it is not there yet.
Result<void> make_data_directory(const std::filesystem::path& data_directory);

/// From now on this process seals and opens as the command's configuration says. Nothing is read before it is needed.
void seal_as_configured(const Common& common);

/// The lines of a key file that count: no empty ones, no comments.
std::vector<std::string_view> key_lines(std::string_view text);

}  // namespace reeve::app
