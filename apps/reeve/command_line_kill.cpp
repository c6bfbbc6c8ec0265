// The command line of the kill switch and of sessions.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

namespace {

constexpr const char* kScopeText =
    "all, or provider:, model:, person:, group:, agent:, session:, mcp_server: or key: and a name; of models a pattern";
constexpr const char* kByText = "Who does it (default: the user that runs this)";

void add_kill_drill(CLI::App& kill, Line& line) {
  CLI::App& drill = command(kill, line, "drill", "Play the switch on every node, and tell how long it took",
                            [&line] { return kill_drill_command(line.common, line.kill); });
  drill.add_option("--scope", line.kill.scope, kScopeText)->required();
  drill.add_option("--reason", line.kill.reason, "What is told of it");
  drill.add_option("--streams", line.kill.streams, "Practice streams for each node")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  drill.add_flag("--for-real", line.kill.for_real, "Cut off what the scope names, and let it on again");
  drill.add_option("--wait", line.kill.wait, "How long nodes have to answer")->capture_default_str();
  drill.add_option("--by", line.kill.by, kByText);
  drill.footer(
      "Practice streams are calls without a client and a provider. Exits with 1 when a node took more than a "
      "second.");
}

}  // namespace

void add_kill(CLI::App& app, Line& line) {
  CLI::App& kill = family(app, "kill", "The kill switch: cut off, at once and on every node");
  CLI::App& on = command(kill, line, "on", "Refuse new calls and end those under way",
                         [&line] { return kill_on_command(line.common, line.kill); });
  on.add_option("--scope", line.kill.scope, kScopeText)->required();
  on.add_option("--reason", line.kill.reason, "Why; whoever is refused reads it")->required();
  on.add_option("--until", line.kill.until, "A duration from now (2h) or a time (default: until it is ended)");
  on.add_option("--by", line.kill.by, kByText);
  on.add_flag("--here", line.kill.here, "On this node alone, also while the shared database is away");
  CLI::App& off =
      command(kill, line, "off", "Let on again", [&line] { return kill_off_command(line.common, line.kill); });
  off.add_option("--scope", line.kill.scope, "Everything that was cut off under this scope");
  off.add_option("--id", line.kill.id, "One cutoff, by its id");
  off.add_option("--reason", line.kill.reason, "Why; the ledger keeps it")->required();
  off.add_option("--by", line.kill.by, kByText);
  off.add_flag("--here", line.kill.here, "What was cut off with --here, without the shared database");
  CLI::App& list = command(kill, line, "list", "List what is cut off",
                           [&line] { return kill_list_command(line.common, line.kill); });
  list.add_flag("--all", line.kill.all, "What was let on again, too");
  list.add_flag("--here", line.kill.here, "Of this node alone");
  add_kill_drill(kill, line);
}

void add_sessions(CLI::App& app, Line& line) {
  CLI::App& session = family(app, "session", "Sessions: who is at work with which tool, and ending one");
  CLI::App& list = command(session, line, "list", "List the sessions that had a call lately",
                           [&line] { return session_list_command(line.common, line.session); });
  reads_ledger(list, line);
  list.add_option("--since", line.session.since, "A duration (1h) or a time")->capture_default_str();
  list.add_flag("--live", line.session.live, "Only those with a call under way");
  list.add_flag("--watch", line.session.watch, "Print it again every two seconds, until it is interrupted");
  CLI::App& show = command(session, line, "show", "Print a session, its sub-agents, and its calls in the order of time",
                           [&line] { return session_show_command(line.common, line.session); });
  reads_ledger(show, line);
  show.add_option("SESSION", line.session.session, "Its id, as 'list' prints it")->required();
  CLI::App& end = command(session, line, "end", "End a session: its calls under way, and all that follow",
                          [&line] { return session_end_command(line.common, line.session); });
  end.add_option("SESSION", line.session.session, "Its id, as 'list' prints it")->required();
  end.add_option("--reason", line.session.reason, "Why; whoever is refused reads it")->required();
  end.add_option("--by", line.session.by, kByText);
}

}  // namespace reeve::app
