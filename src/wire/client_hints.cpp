#include <algorithm>

#include "core/bytes.h"
#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kHintBytesMax = 256;

// A self-declared text on its way into logs and records: bounded, and plain.
std::string hint(std::string_view value) { return printable(trim(value), kHintBytesMax); }

// "2.1.329" of "claude-cli/2.1.329 (external, sdk-cli)" for the product "claude-cli/".
std::string version_after(std::string_view user_agent, std::string_view product) {
  const std::string_view rest = user_agent.substr(product.size());
  return hint(rest.substr(0, rest.find_first_of(" /(;")));
}

struct UserAgent {
  std::string_view product;
  ClientKind kind;
};

// Beginnings of user agents, as recorded from the clients' own traffic (tests/clients/recorded).
constexpr UserAgent kUserAgents[] = {
    {"claude-cli/", ClientKind::kClaudeCode}, {"codex_exec/", ClientKind::kCodex},
    {"codex_cli_rs/", ClientKind::kCodex},    {"codex-tui/", ClientKind::kCodex},
    {"codex_vscode/", ClientKind::kCodex},    {"GeminiCLI/", ClientKind::kGeminiCli},
    {"opencode/", ClientKind::kOpenCode},     {"copilot/", ClientKind::kCopilotCli},
    {"Cursor/", ClientKind::kCursor},
};

void read_kind(const HeaderLookup& header, ClientHints& hints) {
  const std::string_view user_agent = header("user-agent");
  for (const UserAgent& known : kUserAgents) {
    if (!user_agent.starts_with(known.product)) continue;
    hints.kind = known.kind;
    hints.version = version_after(user_agent, known.product);
    return;
  }
  // "GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview": the part after the dash names the surface.
  if (user_agent.starts_with("GeminiCLI-")) {
    hints.kind = ClientKind::kGeminiCli;
    hints.version =
        version_after(user_agent, user_agent.substr(0, std::min(user_agent.find('/'), user_agent.size() - 1) + 1));
    return;
  }
  // With a provider of one's own Copilot CLI speaks through the vendors' SDKs and keeps only its own headers.
  if (!header("x-initiator").empty() && user_agent.find("/JS ") != std::string_view::npos) {
    hints.kind = ClientKind::kCopilotCli;
  }
}

// user:password@ of an https remote is a credential; it must go no further.
std::string without_user_info(std::string_view remote) {
  const std::size_t scheme = remote.find("://");
  if (scheme == std::string_view::npos) return std::string(remote);
  const std::size_t host = scheme + 3;
  const std::size_t path = std::min(remote.find('/', host), remote.size());
  const std::size_t at = remote.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(remote);
  return std::string(remote.substr(0, host)) + std::string(remote.substr(at + 1));
}

// Codex sends {"workspaces":{"/path":{"associated_remote_urls":{"origin":"https://…"}}}}; with several workspaces or
// remotes the first counts, origin before others.
std::string repo_of_turn_metadata(std::string_view metadata) {
  constexpr std::size_t kMetadataBytesMax = 16UL << 10U;
  if (metadata.empty() || metadata.size() > kMetadataBytesMax) return "";
  JsonScan scan;
  const Result<JsonNode> root = scan.read(metadata);
  if (!root) return "";
  for (const JsonMember workspace : root->find("workspaces").members()) {
    const JsonNode remotes = workspace.value.find("associated_remote_urls");
    if (const auto origin = remotes.find("origin").as_string()) return without_user_info(*origin);
    for (const JsonMember remote : remotes.members()) return without_user_info(remote.value.as_string().value_or(""));
  }
  return "";
}

void read_claude(const HeaderLookup& header, ClientHints& hints) {
  hints.session_id = hint(header("x-claude-code-session-id"));
  hints.agent_id = hint(header("x-claude-code-agent-id"));
  hints.parent_agent_id = hint(header("x-claude-code-parent-agent-id"));
  hints.settings_checksum = hint(header("x-claude-code-managed-settings-checksum"));
}

// A sub-agent is a thread of its own in the session of its parent.
void read_codex(const HeaderLookup& header, ClientHints& hints) {
  hints.session_id = hint(header("session-id"));
  if (hints.session_id.empty()) hints.session_id = hint(header("session_id"));  // older releases
  hints.parent_agent_id = hint(header("x-codex-parent-thread-id"));
  const std::string thread = hint(header("thread-id"));
  if (!hints.parent_agent_id.empty() || thread != hints.session_id) hints.agent_id = thread;
  hints.repo = hint(repo_of_turn_metadata(header("x-codex-turn-metadata")));
}

}  // namespace

std::string_view client_name(ClientKind kind) {
  switch (kind) {
    case ClientKind::kClaudeCode: return "claude-code";
    case ClientKind::kCodex: return "codex";
    case ClientKind::kGeminiCli: return "gemini-cli";
    case ClientKind::kOpenCode: return "opencode";
    case ClientKind::kCopilotCli: return "copilot-cli";
    case ClientKind::kCursor: return "cursor";
    case ClientKind::kOther: return "other";
  }
  return "other";
}

ClientHints read_client_hints(const HeaderLookup& header) {
  ClientHints hints;
  read_kind(header, hints);
  switch (hints.kind) {
    case ClientKind::kClaudeCode: read_claude(header, hints); break;
    case ClientKind::kCodex: read_codex(header, hints); break;
    case ClientKind::kOpenCode: hints.session_id = hint(header("x-session-id")); break;
    case ClientKind::kGeminiCli:
    case ClientKind::kCopilotCli:
    case ClientKind::kCursor:
    case ClientKind::kOther: break;
  }
  if (hints.session_id.empty()) hints.session_id = hint(header("x-reeve-session"));
  hints.work_item = hint(header("x-reeve-work-item"));
  if (const std::string_view repo = header("x-reeve-repo"); !repo.empty()) hints.repo = hint(without_user_info(repo));
  return hints;
}

}  // namespace reeve::wire
