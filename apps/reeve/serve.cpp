#include "reeve/serve.h"

#include <csignal>

#include "reeve/running_service.h"

namespace reeve::app {

Result<void> serve(const ServeOptions& options) {
  // A log or a terminal whose reader has gone must not end the calls that are under way.
  std::signal(SIGPIPE, SIG_IGN);
  const auto mailbox = std::make_shared<Mailbox>();
  // Before any other thread exists, so that all of them inherit the mask.
  net::handle_signals({SIGTERM, SIGINT, SIGHUP}, [mailbox](int signal) { mailbox->put(signal); });
  RunningService service(options, mailbox);
  if (auto started = service.start(); !started) return started;
  service.run();
  service.stop();
  return {};
}

}  // namespace reeve::app
