// The command line of agents.

#include <CLI/CLI.hpp>

#include "reeve/agent_commands.h"

namespace reeve::app {

namespace {

using Arguments = std::shared_ptr<AgentArguments>;
constexpr const char* kByText = "Who does it (default: the user that runs this)";

void add_register(CLI::App& agent, Line& line, const Arguments& given) {
  CLI::App& asks = command(agent, line, "register", "Ask for an agent; somebody other than its owner approves it",
                           [&line, given] { return agent_register_command(line.common, *given); });
  asks.add_option("ID", given->id, "Its name for good: a-z, 0-9 and hyphens")->required();
  asks.add_option("--title", given->title, "What people call it")->required();
  asks.add_option("--owner", given->owner, "The e-mail address of the person who answers for it")->required();
  asks.add_option("--purpose", given->purpose, "What it is for")->required();
  asks.add_option("--team", given->team, "The team that pays for it");
  asks.add_option("--risk", given->risk, "What could go wrong, and what is done about it");
  asks.add_option("--model", given->models, "A model it may use; a pattern, several times");
  asks.add_option("--tool", given->tools, "A tool it may use; a pattern, several times");
  asks.add_option("--class", given->classes, "A class of data it may send; a pattern, several times");
  asks.add_option("--repo", given->repos, "A repository it may work on; a pattern, several times");
  asks.add_option("--acts-for", given->acts_for,
                  "Whom it may act for besides its owner: a person, group:NAME, agent:ID or '*'; several times");
  asks.add_option("--expires", given->expires, "A duration from now (90d) or a time");
  asks.add_option("--spiffe", given->spiffe, "A SPIFFE ID that speaks for it; several times");
  asks.add_option("--workload", given->workload, "The issuer of OIDC tokens that speak for it, when --claim holds");
  asks.add_option("--claim", given->claims, "NAME=VALUE that such a token must have; several times, and all hold");
  asks.add_option("--card", given->card, "A file with its signed card");
  asks.add_option("--by", given->by, kByText);
  asks.add_flag("--replace", given->replace, "Instead of what is registered; it waits for approval anew");
  asks.footer("What is not named is not permitted; '*' permits everything.");
}

void add_decision(CLI::App& agent, Line& line, const Arguments& given, const char* name, const char* text,
                  identity::AgentDecision decision) {
  CLI::App& decides = command(agent, line, name, text,
                              [&line, given, decision] { return agent_decide_command(line.common, *given, decision); });
  decides.add_option("ID", given->id, "Its id, as 'list' prints it")->required();
  auto* const reason = decides.add_option("--reason", given->reason, "Why; whoever is refused reads it");
  if (decision != identity::AgentDecision::kApprove) reason->required();
  decides.add_option("--by", given->by, kByText);
}

}  // namespace

void add_agents(CLI::App& app, Line& line) {
  const auto given = std::make_shared<AgentArguments>();
  CLI::App& agent = family(app, "agent", "Agents: what may act, for whom, and by which credential");
  add_register(agent, line, given);
  CLI::App& list = command(agent, line, "list", "List the agents of the register",
                           [&line, given] { return agent_list_command(line.common, *given); });
  list.add_option("--state", given->state, "Only those: requested, approved, denied, suspended or retired");
  CLI::App& show = command(agent, line, "show", "Show an agent: its permissions, credentials and decisions",
                           [&line, given] { return agent_show_command(line.common, *given); });
  show.add_option("ID", given->id, "Its id, as 'list' prints it")->required();
  using Decision = identity::AgentDecision;
  add_decision(agent, line, given, "approve", "Let an agent act; never one of your own", Decision::kApprove);
  add_decision(agent, line, given, "deny", "Refuse a request for an agent", Decision::kDeny);
  add_decision(agent, line, given, "suspend", "Stop an agent at once, until it is approved again", Decision::kSuspend);
  add_decision(agent, line, given, "retire", "End an agent for good; its id is not used again", Decision::kRetire);
  CLI::App& transfer = command(agent, line, "transfer", "Have somebody else answer for an agent, once it is approved",
                               [&line, given] { return agent_transfer_command(line.common, *given); });
  transfer.add_option("ID", given->id, "Its id, as 'list' prints it")->required();
  transfer.add_option("--to", given->to, "The e-mail address of whoever takes it over")->required();
  transfer.add_option("--by", given->by, kByText);
  transfer.footer("All else stays as it was asked for. Until it is approved anew the agent stands still.");
  CLI::App& token = command(agent, line, "token", "Print a token of Reeve for the credential of an agent",
                            [&line, given] { return agent_token_command(line.common, *given); });
  token.add_option("--server", given->server, "The address of Reeve")->required();
  token.add_option("--assertion-file", given->assertion, "What its platform gave it, in a file; - is standard input")
      ->required();
  token.footer("For CI jobs and pods: a JWT-SVID, an OIDC token of the platform, or an assertion of its own.");
}

}  // namespace reeve::app
