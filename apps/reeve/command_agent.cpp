// reeve agent: the register of agents, and a token for one.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/agent_commands.h"
#include "reeve/agent_service.h"
#include "reeve/budget_desk.h"
#include "reeve/terminal.h"
#include "reeve/web_call.h"

namespace reeve::app {

namespace {

using identity::Agent;
using identity::AgentIdentity;

constexpr std::size_t kFileBytesMax = 64UL << 10U;

/// A command that reads no configuration would write where no server looks.
Result<AgentAccess> open_agents(const Common& common) {
  AgentAccess access;
  auto store = open_store(common, false);
  if (!store) return std::move(store).error();
  access.own = *std::move(store);
  const std::string file = config_file(common);
  if (file.empty()) return access;
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints);
  if (!config.postgres) return access;
  auto shared = store::open_shared_agents(*config.postgres, node_name_of(config));
  if (!shared) return std::move(shared).error();
  access.shared = *std::move(shared);
  return access;
}

int fail_with(const Common& common, const Error& error) {
  const bool is_no =
      error.code == ErrorCode::kConflict || error.code == ErrorCode::kDenied || error.code == ErrorCode::kNotFound;
  return fail(common, is_no ? kAnswerIsNo : exit_code_of(error), error.message);
}

Result<std::string> read_text(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  } else {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return Error{ErrorCode::kInvalid, file + " cannot be read"};
    text.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (text.size() > kFileBytesMax) return Error{ErrorCode::kInvalid, file + " is longer than 64 KB"};
  return std::string(trim(text));
}

Result<std::vector<AgentIdentity>> identities_of(const AgentArguments& arguments, Instant now) {
  std::vector<AgentIdentity> identities;
  identities.reserve(arguments.spiffe.size() + 2);
  for (const std::string& id : arguments.spiffe) identities.push_back({AgentIdentity::Kind::kSpiffe, id, {}, {}});
  if (!arguments.workload.empty()) {
    AgentIdentity workload{AgentIdentity::Kind::kWorkload, arguments.workload, {}, {}};
    for (const std::string& claim : arguments.claims) {
      const std::size_t equals = claim.find('=');
      if (equals == std::string::npos) return Error{ErrorCode::kInvalid, "--claim: write NAME=VALUE"};
      workload.claims.emplace_back(claim.substr(0, equals), claim.substr(equals + 1));
    }
    std::sort(workload.claims.begin(), workload.claims.end());
    identities.push_back(std::move(workload));
  } else if (!arguments.claims.empty()) {
    return Error{ErrorCode::kInvalid, "--claim is of a token whose issuer --workload names"};
  }
  if (!arguments.card.empty()) {
    const auto text = read_text(arguments.card);
    if (!text) return text.error();
    auto card = identity::read_agent_card(*text, arguments.id, now);
    if (!card) return std::move(card).error();
    identities.push_back(*std::move(card));
  }
  return identities;
}

Result<Agent> find(identity::AgentStore& entries, const std::string& id) {
  auto found = entries.find(id);
  if (!found) return std::move(found).error();
  if (*found) return **std::move(found);
  return Error{ErrorCode::kNotFound,
               "there is no agent " + printable(id, 63) + "; 'reeve agent list' shows those there are"};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + printable(part, 100);
  return text.empty() ? "none" : text;
}

std::string state_of(const Agent& agent) {
  const bool expired = agent.expires && *agent.expires <= system_clock().now();
  return std::string(agent_state_name(agent.state)) + (expired ? ", expired" : "");
}

void print_agent(const Agent& agent) {
  const auto line = [](const char* name, const std::string& text) {
    if (!text.empty()) std::printf("  %-12s %s\n", name, printable(text, 500).c_str());
  };
  std::printf("%s, %s\n", bold(agent.id).c_str(), state_of(agent).c_str());
  line("title", agent.title);
  line("owner", agent.owner);
  line("purpose", agent.purpose);
  line("team", agent.team);
  line("risk", agent.risk);
  line("models", joined(agent.permissions.models));
  line("tools", joined(agent.permissions.tools));
  line("data classes", joined(agent.permissions.classes));
  line("repos", joined(agent.permissions.repos));
  line("acts for", agent.owner + (agent.permissions.acts_for.empty() ? "" : ", " + joined(agent.permissions.acts_for)));
  for (const AgentIdentity& identity : agent.identities) {
    std::string text = identity.name;
    for (const auto& [name, value] : identity.claims) text.append(" ").append(name).append("=").append(value);
    const bool card = identity.kind == AgentIdentity::Kind::kCard;
    line(card                                            ? "card"
         : identity.kind == AgentIdentity::Kind::kSpiffe ? "SPIFFE ID"
                                                         : "workload",
         card ? "its keys are registered" : text);
  }
  line("asked for", format_time(agent.requested) + " by " + agent.requested_by);
  if (agent.decided) line("decided", format_time(*agent.decided) + " by " + agent.decided_by);
  line("reason", agent.reason);
  line("expires", agent.expires ? format_time(*agent.expires) : "never");
}

int show(const Common& common, const Agent& agent) {
  if (common.json)
    std::printf("%s\n", identity::agent_to_json(agent).c_str());
  else
    print_agent(agent);
  return kDone;
}

}  // namespace

int agent_register_command(const Common& common, const AgentArguments& arguments) {
  const Instant now = system_clock().now();
  identity::AgentRequest request{
      arguments.id,
      arguments.title,
      arguments.owner,
      arguments.purpose,
      arguments.team,
      arguments.risk,
      arguments.by.empty() ? system_user_name() : arguments.by,
      {arguments.models, arguments.tools, arguments.classes, arguments.repos, arguments.acts_for},
      {},
      {}};
  if (!arguments.expires.empty()) {
    const auto duration = parse_duration(arguments.expires);
    const auto time = duration ? Result<Instant>(now + *duration) : parse_time(arguments.expires);
    if (!time) return fail(common, kWrongUse, "--expires: write a duration from now (90d) or a time");
    request.expires = *time;
  }
  auto identities = identities_of(arguments, now);
  if (!identities) return fail(common, kWrongUse, identities.error().message);
  request.identities = *std::move(identities);
  const auto access = open_agents(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::optional<Agent> before;
  if (arguments.replace) {
    auto found = find(access->entries(), arguments.id);
    if (!found) return fail_with(common, found.error());
    before = *std::move(found);
  }
  const auto agent = identity::request_agent(request, before, now);
  if (!agent) return fail_with(common, agent.error());
  if (auto stored = access->entries().put(*agent); !stored) return fail_with(common, stored.error());
  const int shown = show(common, *agent);
  if (!common.json) {
    std::printf("\nIt waits for approval by somebody else than %s: reeve agent approve %s\n",
                printable(agent->owner, 80).c_str(), agent->id.c_str());
  }
  return shown;
}

int agent_list_command(const Common& common, const AgentArguments& arguments) {
  const auto wanted = identity::agent_state_from_name(arguments.state);
  if (!arguments.state.empty() && !wanted) {
    return fail(common, kWrongUse, "--state: requested, approved, denied, suspended or retired");
  }
  const auto access = open_agents(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto list = access->entries().list();
  if (!list) return fail(common, kFailed, list.error().message);
  JsonWriter json;
  json.begin_array();
  std::vector<std::vector<std::string>> rows{{"ID", "STATE", "OWNER", "TITLE", "EXPIRES"}};
  for (const Agent& agent : *list) {
    if (wanted && agent.state != *wanted) continue;
    json.raw(identity::agent_to_json(agent));
    rows.push_back({agent.id, state_of(agent), printable(agent.owner, 60), printable(agent.title, 60),
                    agent.expires ? format_time(*agent.expires).substr(0, 16) + "Z" : "never"});
  }
  json.end_array();
  if (common.json) {
    std::printf("%s\n", json.text().c_str());
  } else if (rows.size() == 1) {
    std::printf("No agents. Ask for one with: reeve agent register\n");
  } else {
    std::printf("%s", table(rows).c_str());
  }
  return kDone;
}

int agent_show_command(const Common& common, const AgentArguments& arguments) {
  const auto access = open_agents(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto agent = find(access->entries(), arguments.id);
  return agent ? show(common, *agent) : fail_with(common, agent.error());
}

int agent_decide_command(const Common& common, const AgentArguments& arguments, identity::AgentDecision decision) {
  const auto access = open_agents(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto agent = find(access->entries(), arguments.id);
  if (!agent) return fail_with(common, agent.error());
  const auto decided =
      identity::decide_agent(*agent, decision, arguments.by.empty() ? system_user_name() : arguments.by,
                             arguments.reason, system_clock().now());
  if (!decided) return fail_with(common, decided.error());
  if (auto stored = access->entries().put(*decided); !stored) return fail_with(common, stored.error());
  return show(common, *decided);
}

int agent_transfer_command(const Common& common, const AgentArguments& arguments) {
  const auto access = open_agents(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto agent = find(access->entries(), arguments.id);
  if (!agent) return fail_with(common, agent.error());
  const auto next = identity::transfer_agent(
      *agent, arguments.to, arguments.by.empty() ? system_user_name() : arguments.by, system_clock().now());
  if (!next) return fail_with(common, next.error());
  if (auto stored = access->entries().put(*next); !stored) return fail_with(common, stored.error());
  const int shown = show(common, *next);
  if (!common.json) {
    std::printf("\nIt stands still until somebody else than %s approves it: reeve agent approve %s\n",
                printable(next->owner, 80).c_str(), next->id.c_str());
  }
  return shown;
}

int agent_token_command(const Common& common, const AgentArguments& arguments) {
  const auto assertion = read_text(arguments.assertion);
  if (!assertion) return fail(common, kWrongUse, assertion.error().message);
  std::string server = arguments.server;
  while (server.ends_with('/')) server.pop_back();
  const auto reply = call_web(server + "/oauth/token",
                              {{"grant_type", "client_credentials"},
                               {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                               {"client_assertion", *assertion}});
  if (!reply) return fail(common, kFailed, reply.error().message);
  const auto answer = JsonDocument::parse(reply->body, /*depth_max=*/8);
  if (!answer) return fail(common, kFailed, server + " does not answer as Reeve does");
  const std::string token(answer->root()["access_token"].string_or(""));
  if (reply->status != 200 || token.empty()) {
    return fail(common, reply->status == 503 ? kFailed : kAnswerIsNo,
                printable(answer->root()["error_description"].string_or("the agent was refused"), 500));
  }
  std::printf("%s\n", common.json ? reply->body.c_str() : token.c_str());
  return kDone;
}

}  // namespace reeve::app
