#pragma once

// What `identity` in reeve.yaml says: the company's identity providers, the tokens that Reeve makes for people who sign
// in with them, and the address under which people reach this server.

#include <functional>
#include <vector>

#include "core/yaml.h"
#include "reeve/config.h"

namespace reeve::app {

/// A scalar with variables of the environment put in.
using Expand = std::function<std::string(const YamlValue& scalar)>;

/// Once everything else is read: files of trust domains are meant from `base`, and certificates of clients need TLS.
void settle_agents(const YamlValue& identity, const std::filesystem::path& base, Config& config,
                   std::vector<Diagnostic>& complaints);

void read_identity(const YamlValue& value, const Expand& expand, SecretReader secrets, Config& config,
                   std::vector<Diagnostic>& complaints);
/// What `trusted_proxies` says: who may say on whose behalf a request comes.
void read_trusted_proxies(const YamlValue& value, const Expand& expand, Config& config,
                          std::vector<Diagnostic>& complaints);

}  // namespace reeve::app
