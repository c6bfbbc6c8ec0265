#include "harness/client_catalogue.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/nearest.h"
#include "core/yaml_scalar.h"

namespace reeve::harness {

namespace {

// Names of the client's own schema of settings, as far as an organisation has a use for them.
constexpr std::string_view kClaudeCodeKeys[] = {"additionalDirectoryConfigRoots",
                                                "additionalMarketplaces",
                                                "advisorModel",
                                                "agent",
                                                "agentPushNotifEnabled",
                                                "allowAllClaudeAiMcps",
                                                "allowClaudeInChromeWithManagedMcp",
                                                "allowManagedHooksOnly",
                                                "allowManagedMcpServersOnly",
                                                "allowManagedPermissionRulesOnly",
                                                "allowNestedModelAccessUnderForceLogin",
                                                "allowedChannelPlugins",
                                                "allowedHttpHookUrls",
                                                "allowedMarketplaces",
                                                "allowedMcpServers",
                                                "allowedProviders",
                                                "alwaysThinkingEnabled",
                                                "apiKeyHelper",
                                                "askUserQuestionTimeout",
                                                "attribution",
                                                "attributionProject",
                                                "attributionProjectPolicy",
                                                "autoCompactEnabled",
                                                "autoCompactWindow",
                                                "autoMemoryDirectory",
                                                "autoMemoryEnabled",
                                                "autoUpdatesChannel",
                                                "availableModels",
                                                "availableModelsMatch",
                                                "awsAuthRefresh",
                                                "awsCredentialExport",
                                                "blockedMarketplaces",
                                                "channelsEnabled",
                                                "claudeMd",
                                                "claudeMdExcludes",
                                                "cleanupPeriodDays",
                                                "companyAnnouncements",
                                                "defaultShell",
                                                "deniedMcpServers",
                                                "deniedModels",
                                                "disableAgentView",
                                                "disableAllHooks",
                                                "disableArtifact",
                                                "disableAutoMode",
                                                "disableBundledSkills",
                                                "disableClaudeAiConnectors",
                                                "disableCommandPluginSources",
                                                "disableRemoteControl",
                                                "disableSideloadFlags",
                                                "disableSkillShellExecution",
                                                "disableWorkflows",
                                                "disabledMcpjsonServers",
                                                "editorMode",
                                                "effortLevel",
                                                "enableAllProjectMcpServers",
                                                "enableArtifact",
                                                "enableWorkflows",
                                                "enabledMcpjsonServers",
                                                "enabledPlugins",
                                                "enforceAvailableModels",
                                                "env",
                                                "extraKnownMarketplaces",
                                                "fallbackModel",
                                                "fastMode",
                                                "fastModePerSessionOptIn",
                                                "feedbackSurveyRate",
                                                "fileCheckpointingEnabled",
                                                "forceLoginGatewayUrl",
                                                "forceLoginMethod",
                                                "forceLoginOrgUUID",
                                                "forceRemoteSettingsRefresh",
                                                "gatewayInternalNetworks",
                                                "gcpAuthRefresh",
                                                "hooks",
                                                "httpHookAllowedEnvVars",
                                                "includeCoAuthoredBy",
                                                "includeGitInstructions",
                                                "language",
                                                "managedMcpServers",
                                                "managedSourcesBehavior",
                                                "maxEffortLevel",
                                                "minimumVersion",
                                                "model",
                                                "modelOverrides",
                                                "modelPicker",
                                                "modelPricing",
                                                "modelSettings",
                                                "otelHeadersHelper",
                                                "outputStyle",
                                                "parentSettingsBehavior",
                                                "permissions",
                                                "plansDirectory",
                                                "pluginConfigs",
                                                "pluginSuggestionMarketplaces",
                                                "pluginTrustMessage",
                                                "policyHelper",
                                                "prUrlTemplate",
                                                "promptCacheTtl",
                                                "promptSuggestionEnabled",
                                                "proxyAuthHelper",
                                                "remote",
                                                "remoteControl",
                                                "requiredMaximumVersion",
                                                "requiredMinimumVersion",
                                                "sandbox",
                                                "showThinkingSummaries",
                                                "skillOverrides",
                                                "skipDangerousModePermissionPrompt",
                                                "skipWebFetchPreflight",
                                                "spinnerTipsEnabled",
                                                "spinnerTipsOverride",
                                                "sshConfigs",
                                                "sshHostCommands",
                                                "statusLine",
                                                "strictKnownMarketplaces",
                                                "strictPluginOnlyCustomization",
                                                "subagentPromptCacheTtl",
                                                "subagentStatusLine",
                                                "syncClaudeAiPlugins",
                                                "syncClaudeAiSkills",
                                                "theme",
                                                "timeFormat",
                                                "timeZone",
                                                "verbose",
                                                "voice",
                                                "worktree",
                                                "wslInheritsWindowsSettings"};
// The lists that Claude Code itself takes whole from the highest source of managed settings: of what is allowed, the
// union would allow more than either.
constexpr std::string_view kClaudeCodeWhole[] = {"allowedChannelPlugins",  "allowedMcpServers", "allowedProviders",
                                                 "availableModels",        "fallbackModel",     "forceLoginOrgUUID",
                                                 "strictKnownMarketplaces"};
constexpr std::string_view kClaudeCodeTexts[] = {"minimumVersion", "model", "requiredMaximumVersion",
                                                 "requiredMinimumVersion"};

constexpr std::array kClients = {
    SettingsClient{"claude-code", "2.1.329", kClaudeCodeKeys, kClaudeCodeWhole, kClaudeCodeTexts},
};

void check_text(const YamlValue& value, std::string_view name, std::vector<Diagnostic>& complaints) {
  const bool is_flag_or_number =
      is_plain_scalar(value) &&
      (value.as_bool() || value.text().find_first_not_of("-.0123456789") == std::string::npos);
  if (value.is_scalar() && !is_flag_or_number) return;
  complaints.push_back(value.complain("'" + std::string(name) + "' is a text; write it in quotes"));
}

void check_environment(const YamlValue& environment, std::vector<Diagnostic>& complaints) {
  if (!environment.is_mapping()) {
    complaints.push_back(environment.complain("'env' is a mapping of names to texts"));
    return;
  }
  for (const auto& [name, value] : environment.members()) {
    check_text(value, printable(name.text(), 60), complaints);
    if (name.text() != "ANTHROPIC_AUTH_TOKEN" && name.text() != "ANTHROPIC_API_KEY") continue;
    complaints.push_back(
        name.complain("settings go to every machine of everybody they match, in clear: no place for a "
                      "credential; people get theirs by signing in"));
  }
}

void check_permissions(const YamlValue& permissions, std::vector<Diagnostic>& complaints) {
  if (!permissions.is_mapping()) {
    complaints.push_back(permissions.complain("'permissions' is a mapping, such as deny: [\"Bash(curl *)\"]"));
    return;
  }
  for (const std::string_view name : {"allow", "ask", "deny", "additionalDirectories"}) {
    const YamlValue* rules = permissions.find(name);
    if (rules == nullptr) continue;
    const bool are_texts = rules->is_sequence() && std::all_of(rules->items().begin(), rules->items().end(),
                                                               [](const YamlValue& item) { return item.is_scalar(); });
    if (are_texts) continue;
    complaints.push_back(rules->complain("'" + std::string(name) + "' is a list of texts"));
  }
}

}  // namespace

const SettingsClient* find_settings_client(std::string_view name) {
  const auto* const found =
      std::find_if(kClients.begin(), kClients.end(), [&](const SettingsClient& client) { return client.name == name; });
  return found == kClients.end() ? nullptr : found;
}

std::string settings_client_names() {
  std::string names;
  for (const SettingsClient& client : kClients) names.append(names.empty() ? "" : ", ").append(client.name);
  return names;
}

void check_settings(const SettingsClient& client, const YamlValue& settings, std::vector<Diagnostic>& complaints) {
  for (const auto& [key, value] : settings.members()) {
    if (std::find(client.keys.begin(), client.keys.end(), key.text()) == client.keys.end()) {
      std::string message = std::string(client.name) + " " + std::string(client.release) + " is not known to take '" +
                            printable(key.text(), 60) + "'";
      const std::string_view nearest = nearest_name(key.text(), client.keys);
      if (!nearest.empty()) message += "; did you mean '" + std::string(nearest) + "'?";
      complaints.push_back(key.complain(std::move(message), Diagnostic::Severity::kWarning));
    }
    if (std::find(client.texts.begin(), client.texts.end(), key.text()) != client.texts.end()) {
      check_text(value, key.text(), complaints);
    }
  }
  if (const YamlValue* environment = settings.find("env")) check_environment(*environment, complaints);
  if (const YamlValue* permissions = settings.find("permissions")) check_permissions(*permissions, complaints);
  if (const YamlValue* hooks = settings.find("hooks"); hooks != nullptr && !hooks->is_mapping()) {
    complaints.push_back(hooks->complain("'hooks' is a mapping of events to lists"));
  }
}

}  // namespace reeve::harness
