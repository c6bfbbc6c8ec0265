#include <csignal>
#include <cstdio>

#include "core/json.h"
#include "core/log.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/mailbox.h"

namespace reeve::app {

namespace {

/// Its own and nobody else's: never the server's data directory by default.
Result<std::filesystem::path> witness_directory(const Common& common) {
  if (common.data_dir) return std::filesystem::path(*common.data_dir);
  return Error{ErrorCode::kInvalid, "a witness needs a directory of its own: --data DIR"};
}

Result<void> serve_witness(const Common& common, const WitnessArguments& arguments) {
  const auto directory = witness_directory(common);
  if (!directory) return directory.error();
  auto listen = parse_listen(arguments.listen);
  if (!listen) return with_context(listen.error(), "--listen");
  if (arguments.certificate.empty() != arguments.key_file.empty()) {
    return Error{ErrorCode::kInvalid, "--certificate and --private-key go together"};
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto mailbox = std::make_shared<Mailbox>();
  // Before any other thread exists, so that all of them inherit the mask.
  net::handle_signals({SIGTERM, SIGINT}, [mailbox](int signal) { mailbox->put(signal); });
  auto witness = ledger::Witness::open({*directory, arguments.name, arguments.logs});
  if (!witness) return std::move(witness).error();
  // Two: one may wait for the disk.
  auto runtime = net::Runtime::create(2);
  if (!runtime) return std::move(runtime).error();
  net::ServerOptions options;
  std::tie(options.host, options.port) = *listen;
  options.limits = ledger::witness_server_limits();
  if (!arguments.certificate.empty()) options.tls = net::ServerTls{arguments.certificate, arguments.key_file};
  ledger::Witness& answering = **witness;
  auto server = net::Server::listen(**runtime, options, [&answering](net::Exchange& exchange) {
    return ledger::answer_witness_request(answering, exchange);
  });
  if (!server) return with_context(server.error(), "listening on " + arguments.listen);
  (*runtime)->start();
  log_info("witness serving", {{"host", options.host},
                               {"port", (*server)->port()},
                               {"key", answering.verifier_key()},
                               {"logs", arguments.logs.size()},
                               {"data", directory->string()}});
  while (!mailbox->take(std::chrono::hours(24))) {
  }
  (*server)->close();
  (*runtime)->stop();
  log_info("witness stopped");
  return {};
}

}  // namespace

int witness_serve_command(const Common& common, const WitnessArguments& arguments) {
  const auto served = serve_witness(common, arguments);
  return served ? kDone : fail(common, exit_code_of(served.error()), served.error().message);
}

int witness_key_command(const Common& common, const WitnessArguments& arguments) {
  const auto directory = witness_directory(common);
  const auto key = directory ? ledger::witness_key(*directory, arguments.name) : directory.error();
  if (!key) return fail(common, exit_code_of(key.error()), key.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("verifier_key", *key).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n", key->c_str());
  }
  return kDone;
}

}  // namespace reeve::app
