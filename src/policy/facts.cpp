#include "policy/facts.h"

#include <map>
#include <vector>

#include "core/check.h"

namespace reeve::policy {

namespace {

constexpr PointSet of(std::initializer_list<Point> points) {
  PointSet set = 0;
  for (const Point point : points) set |= point_bit(point);
  return set;
}

constexpr PointSet kEverywhere = (1U << kPoints) - 1;
constexpr PointSet kModel = of({Point::kModelCall, Point::kModelResponse});
constexpr PointSet kTool = of({Point::kToolCall, Point::kToolResult, Point::kMcpCall});
constexpr PointSet kChange = of({Point::kChangeCommit, Point::kChangeMerge});
constexpr PointSet kContent = kModel | kTool | kChange | of({Point::kPromptSubmit, Point::kContextQuery});

constexpr std::array<PointDescriptor, kPoints> kPointTable{{
    {Point::kModelCall, "model.call", "A call to a model is about to leave.", false},
    {Point::kModelResponse, "model.response", "A model's answer is about to reach the client.", true},
    {Point::kSessionStart, "session.start", "A coding agent's session begins.", true},
    {Point::kPromptSubmit, "prompt.submit", "A person hands a prompt to their agent.", true},
    {Point::kToolCall, "tool.call", "An agent is about to use one of its tools.", true},
    {Point::kToolResult, "tool.result", "A tool's result is about to reach the agent.", true},
    {Point::kSecretLease, "secret.lease", "A session asks for a credential.", false},
    {Point::kContextQuery, "context.query", "A question to the governed index of repositories.", false},
    {Point::kMcpCall, "mcp.call", "A call to an MCP server's tool through Reeve.", false},
    {Point::kChangeCommit, "change.commit", "A commit is about to be made.", true},
    {Point::kChangeMerge, "change.merge", "A change is about to be merged.", true},
    {Point::kRegister, "register", "A model, agent, tool or server is about to be registered.", false},
}};

constexpr std::array<FactDescriptor, kFacts> kFactTable{{
    {Fact::kNow, "now", "timestamp", kEverywhere, "", "When the decision is made.", "\"2026-11-20T09:30:00Z\"",
     "decision.time"},
    {Fact::kPrincipalId, "principal.id", "string", kEverywhere, "people", "Who acts, as the key or token says it.",
     "\"dev@example.com\"", "principal.id"},
    {Fact::kPrincipalType, "principal.type", "string", kEverywhere, "types", "person, agent or service.", "\"person\"",
     "principal.type"},
    {Fact::kPrincipalGroups, "principal.groups", "list(string)", kEverywhere, "groups",
     "The groups of whoever acts, from the directory or the key.", "[\"employees\"]", "principal.groups"},
    {Fact::kPrincipalTeam, "principal.team", "string", kEverywhere, "teams", "The team that pays.", "\"payments\"",
     "principal.team"},
    {Fact::kAgentId, "agent.id", "string", kEverywhere, "agents",
     "The agent that acts: a registered one whose credential this is, else as the client says it.", "\"reviewer\"",
     "agent.id"},
    {Fact::kAgentParent, "agent.parent", "string", kEverywhere, "", "The agent that started this one.", "\"main\"",
     "agent.parent"},
    {Fact::kAgentChain, "agent.chain", "list(string)", kEverywhere, "",
     "The registered agents that act, proven by the credential, the one that holds it first. Empty: nobody acts for "
     "the "
     "principal, and agent.id is a claim.",
     "[\"reviewer\"]", "agent.chain"},
    {Fact::kClient, "client", "string", kEverywhere, "clients",
     "The coding agent's kind, as it says itself: claude-code, codex, gemini-cli, opencode, copilot-cli, cursor, "
     "other.",
     "\"claude-code\"", "client"},
    {Fact::kClientVersion, "client_version", "string", kEverywhere, "", "Its version, as it says itself.",
     "\"2.1.270\"", "client_version"},
    {Fact::kSessionId, "session.id", "string", kEverywhere, "", "The client's session.", "\"5f0c…\"", "session_id"},
    {Fact::kSessionWork, "session.work", "string", kEverywhere, "work",
     "The kind of work the session was classified as.", "\"dependency-update\"", ""},
    {Fact::kSessionCounters, "session.counters", "map(string, int)", kEverywhere, "",
     "What happened in the session so far, counted by name.", "{\"security-review\": 1}", ""},
    {Fact::kRepo, "repo", "string", kEverywhere, "repos", "The repository worked on, as the client says it.",
     "\"acme/payments\"", "repo"},
    {Fact::kFeature, "feature", "string", kEverywhere, "features",
     "The feature the work is for, as the caller says it.", "\"checkout\"", "feature"},
    {Fact::kWorkItem, "work_item", "string", kEverywhere, "work_items",
     "The ticket the work is for, as the caller says it.", "\"PAY-142\"", "work_item"},
    {Fact::kChecks, "checks", "map(string, bool)", kEverywhere, "",
     "Named checks that somebody reports on: true is green. One that nobody reported, or whose report is too old, is "
     "absent.",
     "{\"sessions-audited\": true}", "decision.checks"},
    {Fact::kApprovals, "approvals", "list(Approval)", kEverywhere, "", "Approvals given for what is being decided.",
     "[{\"rule\": \"frontier-needs-approval\", \"by\": \"lead@example.com\", \"groups\": [\"leads\"], \"time\": "
     "\"2026-11-20T08:00:00Z\"}]",
     "decision.approvals"},
    {Fact::kModelName, "model.name", "string", kModel, "models", "The model that would run.", "\"claude-opus-4-6\"",
     "model.asked"},
    {Fact::kModelTier, "model.tier", "string", kModel, "tiers", "Its tier in reeve.yaml.", "\"frontier\"",
     "model.tier"},
    {Fact::kModelProvider, "model.provider", "string", kModel, "providers", "The provider it would run at.",
     "\"anthropic\"", "model.provider"},
    {Fact::kModelRegion, "model.region", "string", kModel, "regions", "Where that provider runs it.", "\"eu\"",
     "model.region"},
    {Fact::kModelRetention, "model.retention", "string", kModel, "retentions",
     "What that provider keeps, as reeve.yaml says it.", "\"zero\"", "model.retention"},
    {Fact::kModelDialect, "model.dialect", "string", kModel, "dialects",
     "The dialect spoken: anthropic, openai-chat, openai-responses, openai-embeddings, gemini.", "\"anthropic\"",
     "model.dialect"},
    {Fact::kModelOperation, "model.operation", "string", kModel, "operations",
     "What is asked for: chat, count_tokens, embeddings, list_models.", "\"chat\"", "model.operation"},
    {Fact::kInventoryModel, "inventory.model", "string", of({Point::kModelCall}), "",
     "The status of the model in the inventory: seen_not_registered, proposed, in_review, approved, "
     "approved_with_conditions, in_use, denied, suspended, decommissioned. Empty: no item is seen as it.",
     "\"in_use\"", "decision.inventory.model"},
    {Fact::kInventoryProvider, "inventory.provider", "string", of({Point::kModelCall}), "", "That of the provider.",
     "\"approved\"", "decision.inventory.provider"},
    {Fact::kInventoryClient, "inventory.client", "string", of({Point::kModelCall}), "",
     "That of the coding agent, whose kind is what it says itself.", "\"denied\"", "decision.inventory.client"},
    {Fact::kRequestBytes, "request.bytes", "int", kModel, "", "The size of the request's body.", "18204",
     "content.bytes"},
    {Fact::kRequestTokens, "request.tokens", "int", kModel, "", "Its input tokens, estimated before the call.", "4551",
     "request.tokens"},
    {Fact::kRequestStream, "request.stream", "bool", kModel, "", "Whether the answer is streamed.", "true",
     "request.stream"},
    {Fact::kContentFindings, "content.findings", "list(Finding)", kContent, "",
     "What scanning found in the text: type, class, confidence, count and origin of each kind, and whether it stands "
     "on "
     "lines with an allow marker.",
     "[{\"type\": \"email\", \"class\": \"pii\", \"confidence\": 0.98, \"count\": 2, \"origin\": \"user\", \"marked\": "
     "false}]",
     "content.findings"},
    {Fact::kContentClasses, "content.classes", "list(string)", kContent, "classes",
     "The classes of all findings, each once.", "[\"pii\"]", "content.classes"},
    {Fact::kContentLabels, "content.labels", "list(string)", kContent, "labels",
     "Labels of the content: sensitivity, registered code, repository class.", "[\"confidential\"]", "content.labels"},
    {Fact::kPromptText, "prompt.text", "string", of({Point::kPromptSubmit}), "", "The prompt.",
     "\"Add a test for the login endpoint\"", ""},
    {Fact::kToolName, "tool.name", "string", kTool, "tools", "The tool, in its normal form.", "\"shell\"", ""},
    {Fact::kToolServer, "tool.server", "string", kTool, "servers", "The MCP server it comes from; empty for built-in.",
     "\"github\"", ""},
    {Fact::kToolArguments, "tool.arguments", "map(string, dyn)", kTool, "", "Its arguments, as the client sends them.",
     "{\"command\": \"npm test\"}", ""},
    {Fact::kToolPaths, "tool.paths", "list(string)", kTool, "paths", "Files it reads or writes.", "[\"src/auth.ts\"]",
     ""},
    {Fact::kToolHosts, "tool.hosts", "list(string)", kTool, "hosts", "Hosts it reaches.", "[\"packages.example.com\"]",
     ""},
    {Fact::kToolCommands, "tool.commands", "list(Command)", kTool, "",
     "The commands of a shell line, also those inside pipes and substitutions.",
     "[{\"name\": \"git\", \"arguments\": [\"push\", \"--force\"], \"text\": \"git push --force\"}]", ""},
    {Fact::kToolCommandNames, "tool.command_names", "list(string)", kTool, "commands", "The names of those commands.",
     "[\"git\"]", ""},
    {Fact::kSecretName, "secret.name", "string", of({Point::kSecretLease}), "secrets", "The credential asked for.",
     "\"npm-publish\"", ""},
    {Fact::kSecretEnvironment, "secret.environment", "string", of({Point::kSecretLease}), "environments",
     "What it opens: production, staging, development.", "\"staging\"", ""},
    {Fact::kSecretDuration, "secret.duration", "duration", of({Point::kSecretLease}), "", "For how long it is asked.",
     "\"3600s\"", ""},
    {Fact::kContextRepos, "context.repos", "list(string)", of({Point::kContextQuery}), "context_repos",
     "Repositories the answer would draw on.", "[\"acme/payments\"]", ""},
    {Fact::kContextRawSource, "context.raw_source", "bool", of({Point::kContextQuery}), "",
     "Whether raw source, not only its description, is asked for.", "false", ""},
    {Fact::kChangePaths, "change.paths", "list(string)", kChange, "changed_paths", "Files the change touches.",
     "[\"src/auth/login.ts\"]", ""},
    {Fact::kChangeAdded, "change.added", "int", kChange, "", "Lines added.", "120", ""},
    {Fact::kChangeRemoved, "change.removed", "int", kChange, "", "Lines removed.", "14", ""},
    {Fact::kChangeAiLines, "change.ai_lines", "int", kChange, "", "Lines added that an agent wrote.", "96", ""},
    {Fact::kChangeBranch, "change.branch", "string", kChange, "branches", "The branch it goes to.", "\"main\"", ""},
    {Fact::kChangeReviewers, "change.reviewers", "list(string)", kChange, "", "People who approved it.",
     "[\"lead@example.com\"]", ""},
    {Fact::kRegisterKind, "register.kind", "string", of({Point::kRegister}), "kinds",
     "What is registered: model, agent, tool, mcp-server, provider.", "\"mcp-server\"", ""},
    {Fact::kRegisterName, "register.name", "string", of({Point::kRegister}), "names", "Its name.", "\"github\"", ""},
    {Fact::kRegisterRiskTier, "register.risk_tier", "int", of({Point::kRegister}), "", "Its risk tier, 1 to 3.", "2",
     ""},
    {Fact::kRegisterDataClasses, "register.data_classes", "list(string)", of({Point::kRegister}), "data_classes",
     "Classes of data it will handle.", "[\"pii\"]", ""},
}};

std::shared_ptr<const cel::Structure> structure(std::string name,
                                                std::vector<std::pair<std::string, std::string_view>> fields) {
  auto made = std::make_shared<cel::Structure>();
  made->name = std::move(name);
  for (auto& [field, type] : fields) {
    const auto known = cel::parse_type(type);
    CHECK(known.has_value());
    made->fields.push_back({std::move(field), *known});
  }
  return made;
}

}  // namespace

std::span<const FactDescriptor> all_facts() { return kFactTable; }
std::span<const PointDescriptor> all_points() { return kPointTable; }

std::vector<std::string_view> point_names() {
  std::vector<std::string_view> names;
  for (const PointDescriptor& known : all_points()) names.push_back(known.name);
  return names;
}

const FactDescriptor& descriptor_of(Fact fact) { return kFactTable[static_cast<std::size_t>(fact)]; }
const PointDescriptor& descriptor_of(Point point) { return kPointTable[static_cast<std::size_t>(point)]; }

const FactDescriptor* find_fact(std::string_view name) {
  for (const FactDescriptor& fact : kFactTable) {
    if (fact.name == name) return &fact;
  }
  return nullptr;
}

const FactDescriptor* find_match_key(std::string_view key) {
  for (const FactDescriptor& fact : kFactTable) {
    if (!fact.match_key.empty() && fact.match_key == key) return &fact;
  }
  return nullptr;
}

std::span<const std::shared_ptr<const cel::Structure>> all_structures() {
  static const std::vector<std::shared_ptr<const cel::Structure>> structures{
      structure("Finding", {{"type", "string"},
                            {"class", "string"},
                            {"confidence", "double"},
                            {"count", "int"},
                            {"origin", "string"},
                            {"marked", "bool"}}),
      structure("Command", {{"name", "string"}, {"arguments", "list(string)"}, {"text", "string"}}),
      structure("Approval", {{"rule", "string"}, {"by", "string"}, {"groups", "list(string)"}, {"time", "timestamp"}})};
  return structures;
}

cel::Type type_of(Fact fact) {
  const std::string_view text = descriptor_of(fact).type;
  for (const auto& known : all_structures()) {
    if (text == "list(" + known->name + ")") return cel::Type::list(cel::Type::of_structure(known));
  }
  const auto type = cel::parse_type(text);
  CHECK(type.has_value());
  return *type;
}

const cel::Declarations& declarations_of(Point point) {
  static const auto tables = [] {
    std::array<cel::Declarations, kPoints> made;
    for (const FactDescriptor& fact : kFactTable) {
      for (std::size_t i = 0; i < kPoints; ++i) {
        if ((fact.points & (1U << i)) == 0) continue;
        made[i].add(std::string(fact.name), type_of(fact.fact), static_cast<std::uint32_t>(fact.fact));
      }
    }
    return made;
  }();
  return tables[static_cast<std::size_t>(point)];
}

std::string_view point_name(Point point) { return descriptor_of(point).name; }

std::optional<Point> point_from_name(std::string_view name) {
  for (const PointDescriptor& known : kPointTable) {
    if (known.name == name) return known.point;
  }
  return std::nullopt;
}

std::string_view fact_name(Fact fact) { return descriptor_of(fact).name; }

}  // namespace reeve::policy
