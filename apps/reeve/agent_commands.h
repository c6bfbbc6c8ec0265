#pragma once

// The commands of `reeve agent`.

#include <string>
#include <vector>

#include "reeve/command_line.h"

namespace reeve::app {

struct AgentArguments {
  std::string id, title, owner, purpose, team, risk, by, expires, reason, state, to;
  std::vector<std::string> models, tools, classes, repos, acts_for, spiffe;
  std::string workload;             // an issuer
  std::vector<std::string> claims;  // NAME=VALUE, of its tokens
  std::string card;                 // a file
  bool replace = false;
  std::string server, assertion;  // token: of the file that holds it, - for standard input
};
/// Asks for an agent, beside a running server or without one. 1 when it is there already.
int agent_register_command(const Common& common, const AgentArguments& arguments);
int agent_list_command(const Common& common, const AgentArguments& arguments);
int agent_show_command(const Common& common, const AgentArguments& arguments);
/// 1 when it is not in a state for that, or whoever asks may not.
int agent_decide_command(const Common& common, const AgentArguments& arguments, identity::AgentDecision decision);
/// Asks that somebody else answers for an agent. 1 as agent_decide_command.
int agent_transfer_command(const Common& common, const AgentArguments& arguments);
/// Exchanges what an agent's platform gave it for a token of ours, and prints that.
int agent_token_command(const Common& common, const AgentArguments& arguments);

/// `reeve agent`.
void add_agents(CLI::App& app, Line& line);

}  // namespace reeve::app
