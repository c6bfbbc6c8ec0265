// The command line about people.

#include <CLI/CLI.hpp>

#include "reeve/people_commands.h"
#include "reeve/register_access.h"

namespace reeve::app {

void add_people(CLI::App& app, Line& line) {
  CLI::App& role = family(app, "role", "What people may do in the control plane");
  command(role, line, "list", "List the roles, what each may do, and who has it",
          [&line] { return role_list_command(line.common); });
  CLI::App& who = command(role, line, "who", "Show the roles of a person or a group, or who has a role",
                          [&line] { return role_who_command(line.common, line.id); });
  who.add_option("NAME", line.id, "A person, a group, or a role")->required();

  const auto wanted = std::make_shared<SettingsArguments>();
  CLI::App& settings = family(app, "settings", "The settings that developers' tools get from here");
  CLI::App& show = command(settings, line, "show", "Show which settings a person gets, and from which documents",
                           [&line, wanted] { return settings_show_command(line.common, *wanted); });
  show.add_option("--person", wanted->person, "Who: an e-mail address")->required();
  show.add_option("-g,--group", wanted->groups, "A group, besides those of the directory; repeat for more");
  show.add_option("--client", wanted->client, "The program that takes them")->capture_default_str();
  show.footer("Exits with 1 when no document matches.");

  const auto arguments = std::make_shared<BreakGlassArguments>();
  CLI::App& glass = family(app, "break-glass", "A sealed code for when nobody who may can");
  CLI::App& seal = command(glass, line, "seal", "Make a code and print it, once; those of before open nothing more",
                           [&line, arguments] { return break_glass_seal_command(line.common, *arguments); });
  seal.add_option("--by", arguments->by, "Who seals it (default: the user that runs this)");
  CLI::App& open = command(glass, line, "open", "Break the seal: an administrator's key for an hour. Everybody is told",
                           [&line, arguments] { return break_glass_open_command(line.common, *arguments); });
  open.add_option("--reason", arguments->reason, "Why; everybody who is told reads it")->required();
  open.add_option("--by", arguments->by, "Who opens it (default: the user that runs this)");
  open.add_option("--ttl", arguments->time_to_live, "How long the key is good, at most 1h")->capture_default_str();
  open.footer("The code is read from standard input, so that no list of processes shows it.");
  CLI::App& status = command(glass, line, "status", "Whether there is a sealed code, and whether it was opened",
                             [&line] { return break_glass_status_command(line.common); });
  status.footer("Exits with 1 while it is open.");

  const auto visitor = std::make_shared<ConsoleArguments>();
  CLI::App& console = command(app, line, "console", "Print a link that opens the console, once, on this machine",
                              [&line, visitor] { return console_command(line.common, *visitor); });
  console.add_option("--by", visitor->by, "Who is signed in with it (default: the user that runs this)");
  console.add_option("--address", visitor->address, "Of the server, instead of the configuration's");
  console.footer("Where people sign in with the company's provider, open /console/ instead.");

  CLI::App& storage = family(app, "storage", "Where the control plane keeps what it has");
  CLI::App& move = command(storage, line, "move", "Copy what this node had for itself to the database that nodes share",
                           [&line] { return storage_move_command(line.common); });
  move.footer(
      "Keys, exceptions and the sealed code that are not there yet; what was revoked here ends there, too. A server "
      "does "
      "so by itself, once, when it first starts with a shared database. Repeating it does no harm.");
}

}  // namespace reeve::app
