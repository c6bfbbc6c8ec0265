// `reeve console`: a link into the console, for machines where no company's provider is configured.

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/budget_desk.h"
#include "reeve/config.h"
#include "reeve/console_link.h"
#include "reeve/exception_desk.h"
#include "reeve/people_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

Result<Config> configuration(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty()) return Config();
  std::vector<Diagnostic> complaints;
  Config config = read_config(file, complaints);
  if (!has_errors(complaints)) return config;
  return Error{ErrorCode::kInvalid, complaints.front().to_string()};
}

/// Where people reach the server that uses this configuration.
std::string address_of(const Config& config) {
  if (!config.public_url.empty()) return config.public_url;
  const std::string host = config.listen_host == "0.0.0.0" ? "127.0.0.1" : config.listen_host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return std::string(config.tls ? "https://" : "http://") + (is_v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(config.listen_port);
}

Result<std::string> make_link(const Common& common, const Config& config, const identity::Principal& person) {
  const Instant now = system_clock().now();
  if (config.postgres) {
    auto shared = store::open_shared_grants(*config.postgres, node_name_of(config));
    return shared ? identity::make_sign_in_link(**shared, person, now) : Result<std::string>(shared.error());
  }
  auto store = open_store(common, false);
  return store ? identity::make_sign_in_link((*store)->grants(), person, now) : Result<std::string>(store.error());
}

}  // namespace

int console_command(const Common& common, const ConsoleArguments& arguments) {
  const auto config = configuration(common);
  if (!config) return fail(common, exit_code_of(config.error()), config.error().message);
  const std::string person = acting_person(arguments.by);
  const auto secret = make_link(common, *config, console_visitor(person));
  if (!secret) return fail(common, kFailed, secret.error().message);
  const std::string link = console_link(arguments.address.empty() ? address_of(*config) : arguments.address, *secret);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("link", link).member("minutes", 10).member("person", person).end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("%s\n", bold(link).c_str());
  std::printf("%s\n", dim("Opens the console as " + printable(person) +
                          ", once, within ten minutes, in a browser on this machine.")
                          .c_str());
  return kDone;
}

}  // namespace reeve::app
