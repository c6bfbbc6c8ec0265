#pragma once

// reeve.yaml: reading it, and what it says. reeve.yaml(5) and `reeve init` describe every key.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "core/yaml.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "net/net.h"
#include "reeve/api_limits.h"
#include "reeve/config_secrets.h"
#include "reeve/key_source.h"
#include "reeve/sealing_settings.h"
#include "store/store.h"

namespace reeve::app {

struct Common;

struct ProviderConfig {
  gateway::Provider provider;
  bool practice = false;  // served by the practice model inside this program
};

/// What of the ledger is served below /log.
struct ServedLog {
  bool checkpoint = true;  // and the verifier key
  bool tiles = true;
  bool entries = true;  // to keys with the scope ledger:read
  bool operator==(const ServedLog&) const = default;
};

struct Config {
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 8484;
  std::filesystem::path data_dir = "data";
  std::filesystem::path governance_dir = "governance";
  std::optional<store::PostgresOptions> postgres;  // what several nodes share; none: this node is alone
  // Without the database nobody knows what other nodes switched off: so long new calls are still let through, and so
  // long those under way go on.
  Duration refuse_after = std::chrono::seconds(15), end_after = std::chrono::seconds(60);
  std::size_t workers = 0;            // 0: one per core
  SealingSettings sealing;            // what secrets are sealed with
  std::vector<ConfigSecret> secrets;  // where they are
  std::vector<ProviderConfig> providers;
  std::vector<gateway::Model> models;
  std::vector<identity::OidcIssuer> issuers;
  std::optional<identity::DirectoryMode> directory;  // none: no directory is in force
  identity::TokenSettings tokens;                    // of our own, for people who sign in
  std::optional<identity::AgentTrust> agents;        // none: no register of agents is in force
  std::string public_url;                            // how people reach this server; empty: where it listens
  identity::TrustedProxies trusted_proxies;          // who says where a request comes from
  bool record_request_digest = false;
  bool seal_content = false;
  Duration keep_content = std::chrono::hours(24 * 30);  // sealed content
  std::map<std::string, Duration> keep_classes;         // that of calls in which such classes were found
  std::vector<std::string> retention_frameworks;        // whose duties to keep records are checked
  Diagnostic retention_place;                           // where the file speaks of them; no message
  KeySource content_key;                                // the root of its keys
  Duration anomalies_every = std::chrono::minutes(1);   // how often the server looks for them
  std::string ledger_origin;                            // empty: made on first start and kept
  std::string ledger_node;
  std::size_t segment_bytes = 64UL << 20U;
  Duration heartbeat = std::chrono::seconds(60);  // between two entries that say that all is well
  std::filesystem::path ledger_anchor;            // empty: none
  std::vector<ledger::WitnessEndpoint> witnesses;
  std::size_t witness_quorum = 1;  // of them
  ServedLog served_log;
  std::optional<net::ServerTls> tls;
  net::ServerLimits server_limits;
  ApiLimits api_limits;
  net::ClientLimits upstream_limits;
  net::ClientTls upstream_tls;
  std::vector<ledger::ExportSettings> exports;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
};

/// Reads the file, or the text when a program made it up. Relative paths in it are meant from `base`. What is wrong
/// goes to `complaints`; the result holds what could be read. Sealed secrets are empty unless they are opened.
Config read_config(const std::filesystem::path& file, std::vector<Diagnostic>& complaints,
                   OpenSecrets opens = OpenSecrets::kNo);
Config parse_config(std::string_view text, const std::string& name, const std::filesystem::path& base,
                    std::vector<Diagnostic>& complaints, OpenSecrets opens = OpenSecrets::kNo);

/// The data directory that the file names, for commands that need nothing else of it: what else it holds may be wrong,
/// or want secrets that only the server has in its environment.
Result<std::filesystem::path> read_data_dir(const std::filesystem::path& file);

/// The configuration where it names a database that nodes share, else nothing. An error, where there is one that cannot
/// be read: a command that went on without it would change what no server looks at.
Result<std::optional<Config>> shared_config(const Common& common);

/// The settings that differ and that a reload cannot change, by their names in the file: "limits", "ledger.origin".
std::vector<std::string_view> settings_for_a_restart(const Config& running, const Config& wanted);

/// "127.0.0.1:8484", "[::1]:8484", ":8484".
Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

}  // namespace reeve::app
