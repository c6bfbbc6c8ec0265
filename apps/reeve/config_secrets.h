#pragma once

// Secrets in reeve.yaml: sealed, from the environment, or in clear, which is warned of.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace reeve::app {

/// A secret that the file holds or names; never the secret itself.
struct ConfigSecret {
  enum class Form : std::uint8_t { kSealed, kSealedElsewhere, kEnvironment, kClear };
  std::string place;  // what it is sealed for: "providers.anthropic.api_key"
  Form form = Form::kClear;
  std::string sealed;  // its text, where it is sealed
  std::size_t line = 0;
};

/// Whether secrets are wanted, or only the rest of the file: opening them may take half a second, and needs the key.
enum class OpenSecrets : std::uint8_t { kNo, kYes };

class SecretReader {
 public:
  using Expand = std::function<std::string(const YamlValue& scalar)>;
  SecretReader(Expand expand, OpenSecrets opens, std::vector<ConfigSecret>& found, std::vector<Diagnostic>& complaints)
      : expand_(std::move(expand)), opens_(opens), found_(found), complaints_(complaints) {}

  /// The secret, or a complaint and nothing.
  std::string read(const YamlValue& value, const std::string& place);
  /// The same of a text that holds a secret only sometimes, and that commands need: an address with a password.
  std::string read_address(const YamlValue& value, const std::string& place);

 private:
  void note_sealed(const YamlValue& value, const std::string& place, std::string_view text);
  std::string open(const YamlValue& value, const std::string& place, const std::string& text);

  const Expand expand_;
  const OpenSecrets opens_;
  std::vector<ConfigSecret>& found_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace reeve::app
