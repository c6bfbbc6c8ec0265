// The command line about signing in.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

namespace {

void add_sign_ins_of_others(CLI::App& app, Line& line) {
  CLI::App& sign_in = family(app, "sign-in", "Who is signed in to this server, and ending others' sign-ins");
  CLI::App& list = command(sign_in, line, "list", "List the sign-ins that are open, the last begun first",
                           [&line] { return sign_in_list_command(line.common, line.sign_in_list); });
  list.add_option("--person", line.sign_in_list.person, "Only this person's, in whatever case of letters");
  list.add_flag("--all", line.sign_in_list.all, "Also those that are over");
  CLI::App& end = command(sign_in, line, "end", "End a sign-in, or all of a person: their tokens are refused at once",
                          [&line] { return sign_in_end_command(line.common, line.sign_in_end); });
  end.add_option("ID", line.sign_in_end.id, "The sign-in, sgn_..., as 'list' prints it");
  end.add_option("--person", line.sign_in_end.person, "All of this person's instead");
  end.add_option("--reason", line.sign_in_end.reason, "Why; the ledger keeps it")->required();
  end.add_option("--by", line.sign_in_end.by, "Who does it (default: the user that runs this)");
  end.footer("Exits with 1 when there is none that has not ended.");
}

}  // namespace

void add_sign_in(CLI::App& app, Line& line) {
  const auto add = [&](const char* name, const char* text, int (*run)(const Common&, const LoginArguments&)) {
    CLI::App& added = command(app, line, name, text, [&line, run] { return run(line.common, line.login); });
    added.add_option("--server", line.login.server,
                     "Reeve's address (default: REEVE_URL, the one signed in to, else the configuration's)");
    return &added;
  };
  add("login", "Sign in with your company's account, in a browser", login_command)
      ->add_flag("--no-browser", line.login.no_browser, "Only print the page's address");
  add("logout", "End the sign-in, here and on the server", logout_command);
  add("whoami", "Say who is signed in, and until when", whoami_command)->footer("Exits with 1 when nobody is.");
  add("token", "Print a short-lived token, renewed when needed: for apiKeyHelper and the like", token_command)
      ->footer("Exits with 1 when nobody is signed in.");
  add_sign_ins_of_others(app, line);
}

}  // namespace reeve::app
