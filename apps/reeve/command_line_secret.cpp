// The command line of secrets and of providers' keys.

#include <CLI/CLI.hpp>

#include "reeve/command_line_secret.h"

#include "reeve/secret_commands.h"

namespace reeve::app {

void add_secrets(CLI::App& app, Line& line) {
  const auto arguments = std::make_shared<SecretArguments>();
  CLI::App& secret = family(app, "secret", "Secrets at rest: sealing them, and changing what they are sealed with");
  CLI::App& seal = command(secret, line, "seal", "Seal a secret that comes on standard input, and print it",
                           [&line, arguments] { return secret_seal_command(line.common, *arguments); });
  seal.add_option("PLACE", arguments->place,
                  "What it is for: providers.NAME.api_key, providers.NAME.api_keys.KEY, "
                  "identity.oidc.NAME.client_secret, storage.postgres.url, file.NAME or env.NAME")
      ->required();
  seal.footer("It opens at that place only, and with the key that 'sealing' in reeve.yaml names.");
  command(secret, line, "list", "List where secrets are, and how they are kept", [&line] {
    return secret_list_command(line.common);
  }).footer("Exits with 1 when one cannot be opened.");
  CLI::App& rotate = command(secret, line, "rotate", "Seal everything anew, with another key",
                             [&line, arguments] { return secret_rotate_command(line.common, *arguments); });
  rotate.add_flag("--keep-old", arguments->keep_old, "Leave the old key in its file, for other nodes");
  rotate.add_option("--by", arguments->by, "Who does it (default: the user that runs this)");
  rotate.footer(
      "A key in a file is made here; a passphrase, a variable or a command has to give the new one on a line before "
      "the old. Works beside a running server. Exits with 1 when something is left under the old key.");
}

void add_providers(CLI::App& app, Line& line) {
  CLI::App& provider = family(app, "provider", "Model vendors and their keys");
  command(provider, line, "list", "List providers with the health of their keys",
          [&line] { return provider_list_command(line.common); });
}

}  // namespace reeve::app
