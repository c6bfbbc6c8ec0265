#include "reeve/starter.h"

#include <cstdlib>
#include <fstream>
#include "policy/policy.h"

namespace reeve::app {

namespace {

struct Vendor {
  const char* name;
  const char* key;
  const char* provider_lines;                               // with the vendor's own base_url
  std::vector<std::pair<const char*, const char*>> models;  // pattern, tier; first match wins
};

const std::vector<Vendor>& vendors() {
  static const std::vector<Vendor> list{
      {"anthropic",
       "ANTHROPIC_API_KEY",
       "  - {name: anthropic, dialect: anthropic, base_url: https://api.anthropic.com, api_key: "
       "\"${ANTHROPIC_API_KEY}\", region: us}\n",
       {{"claude-opus-*", "frontier"}, {"claude-haiku-*", "small"}, {"claude-*", "standard"}}},
      {"openai",
       "OPENAI_API_KEY",
       "  - {name: openai, dialect: [openai-chat, openai-responses], base_url: https://api.openai.com/v1, api_key: "
       "\"${OPENAI_API_KEY}\", region: us}\n",
       {{"gpt-*-mini*", "small"},
        {"gpt-*-nano*", "small"},
        {"gpt-*-pro*", "frontier"},
        {"gpt-*", "standard"},
        {"text-embedding-*", "small"}}},
      {"gemini",
       "GEMINI_API_KEY",
       "  - {name: gemini, dialect: gemini, base_url: https://generativelanguage.googleapis.com, api_key: "
       "\"${GEMINI_API_KEY}\", region: us}\n",
       {{"gemini-*-flash*", "small"}, {"gemini-*-pro*", "frontier"}, {"gemini-*", "standard"}}}};
  return list;
}

bool has_key(const Vendor& vendor) {
  const char* key = std::getenv(vendor.key);
  return key != nullptr && *key != '\0';
}

Result<void> write_file(const std::filesystem::path& path, const std::string& content) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (error || !file) return Error{ErrorCode::kUnavailable, "cannot write " + path.string()};
  return {};
}

}  // namespace

std::string starter_config() {
  std::string text =
      R"(# Reeve's configuration. 'reeve check' validates it; environment variables expand as ${NAME} or ${NAME:-default}.
# Unknown keys are errors. Send SIGHUP (or 'systemctl reload reeve') to read providers and models again.

# Where developers' tools connect. Use a public address only together with tls.
listen: 127.0.0.1:8484
# tls: {certificate: /etc/reeve/tls/cert.pem, key: /etc/reeve/tls/key.pem}

# Keys, the ledger and everything else that must be kept. Back this directory up.
data_dir: ./data

# Rules and prices as code: every *.yaml below it, read again whenever a file changes.
governance_dir: ./governance

# Who answers. base_url is what the vendor's own SDK takes. The practice model is built in and answers without any
# vendor: it says in every answer that it is simulated.
providers:
)";
  for (const Vendor& vendor : vendors()) {
    std::string lines = vendor.provider_lines;
    if (!has_key(vendor)) lines = "  # " + lines.substr(2);
    text += lines;
  }
  text += R"(  # - {name: local, dialect: openai-chat, base_url: http://127.0.0.1:11434/v1, region: onprem}
  - {name: practice, dialect: practice}

# The names that clients may ask for, first match first; anything else is refused.
models:
)";
  for (const Vendor& vendor : vendors()) {
    const std::string provider = has_key(vendor) ? vendor.name : "practice";
    for (const auto& [pattern, tier] : vendor.models) {
      text += "  - {name: \"" + std::string(pattern) + "\", provider: " + provider + ", tier: " + tier + "}\n";
    }
  }
  text += R"(  - {name: practice-small, provider: practice, tier: small}
  - {name: practice-large, provider: practice, tier: frontier}

# Who may call, besides keys made with 'reeve key create': sign-in tokens of your identity provider.
# identity:
#   oidc: [{issuer: https://idp.example.com, audience: reeve, groups_claim: groups}]
#   # With a client of that provider people sign in with 'reeve login': docs/sign-in.md.
#   # oidc: [{..., client_id: reeve-sign-in, client_secret: "${REEVE_CLIENT_SECRET}"}]
#   # public_url: https://reeve.example.com
#   # Agents, CI jobs and pods, known by SPIFFE, OIDC tokens or cards of their own: docs/agents.md.
#   # agents: {spiffe: [{trust_domain: corp.example.com, audience: reeve, keys: bundle.json}]}

# What the ledger keeps of a call's content: metadata (what was found, by type and count), hash (also a keyed digest of
# the request) or sealed (also request and answer, encrypted for each person; 'content_key' says where the root key
# is). 'retention: {content: 30d, classes: {secret: 2d}, frameworks: [pci-dss]}' says for how long content is kept,
# and by whose duties that is checked; entries are never removed.
# Others can watch from outside that it tells everybody the same: witnesses: [{url: ..., key: ...}], quorum: 2, and
# anchor: FILE on another disk. 'reeve ledger witness serve' is such a witness.
ledger: {content: metadata, sync: always}

# How often the server looks for spend that is out of the usual, of which Notification documents tell.
# spend: {anomalies_every: 1m}

# Where entries of the ledger go besides, at least once and in order: files, HTTP, syslog over TLS, object stores.
# exports:
#   - {name: siem, format: ocsf, sink: {http: {url: https://siem.example.com/in, secret_env: SIEM_SECRET}}}

# log: {level: info, format: text}     # or format: json
# limits: {body_mib: 32, connections: 10000}
# upstream: {connect_timeout: 10s, response_timeout: 10m, read_timeout: 5m}
)";
  return text;
}

Result<StarterReport> write_starter(const std::filesystem::path& directory, bool with_config) {
  StarterReport report;
  std::vector<StarterFile> files = starter_governance();
  if (with_config) files.insert(files.begin(), {"reeve.yaml", starter_config()});
  files.push_back({"governance/schema.json", policy::governance_schema()});
  for (const StarterFile& file : files) {
    const std::filesystem::path path = directory / file.path;
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      report.kept.push_back(path);
      continue;
    }
    if (auto written = write_file(path, file.content); !written) return written.error();
    report.written.push_back(path);
  }
  return report;
}

}  // namespace reeve::app
