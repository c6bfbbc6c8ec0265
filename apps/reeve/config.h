#pragma once

// reeve.yaml: reading it, and what it says. reeve.yaml(5) and `reeve init` describe every key.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "core/yaml.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::app {

struct ProviderConfig {
  gateway::Provider provider;
  bool practice = false;  // served by the practice model inside this program
};

struct Config {
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 8484;
  std::filesystem::path data_dir = "data";
  std::filesystem::path governance_dir = "governance";
  std::size_t workers = 0;  // 0: one per core
  std::vector<ProviderConfig> providers;
  std::vector<gateway::Model> models;
  std::vector<identity::OidcIssuer> issuers;
  bool record_request_digest = false;
  bool seal_content = false;
  Duration keep_content = std::chrono::hours(24 * 30);  // sealed content
  std::string ledger_origin;                            // empty: made on first start and kept
  std::string ledger_node;
  std::size_t segment_bytes = 64UL << 20U;
  std::optional<net::ServerTls> tls;
  net::ServerLimits server_limits;
  net::ClientLimits upstream_limits;
  net::ClientTls upstream_tls;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
};

/// Reads the file, or the text when a program made it up. Relative paths in it are meant from `base`. What is wrong
/// goes to `complaints`; the result holds what could be read.
Config read_config(const std::filesystem::path& file, std::vector<Diagnostic>& complaints);
Config parse_config(std::string_view text, const std::string& name, const std::filesystem::path& base,
                    std::vector<Diagnostic>& complaints);

/// The data directory that the file names, for commands that need nothing else of it: what else it holds may be wrong,
/// or want secrets that only the server has in its environment.
Result<std::filesystem::path> read_data_dir(const std::filesystem::path& file);

/// The settings that differ and that a reload cannot change, by their names in the file: "limits", "ledger.origin".
std::vector<std::string_view> settings_for_a_restart(const Config& running, const Config& wanted);

/// "127.0.0.1:8484", "[::1]:8484", ":8484".
Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

}  // namespace reeve::app
