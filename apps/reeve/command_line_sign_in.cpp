// The command line about signing in.

#include "reeve/command_line.h"

namespace reeve::app {

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
}

}  // namespace reeve::app
