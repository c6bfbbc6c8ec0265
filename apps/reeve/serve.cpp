#include "reeve/serve.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>

#include "core/log.h"
#include "reeve/running_service.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define REEVE_SANITIZED 1
#endif
#endif
#ifndef REEVE_SANITIZED
#define REEVE_SANITIZED 0
#endif

namespace reeve::app {

namespace {

/// Keys of providers and what people say to models are in this process's memory: none of it goes to a core file, and no
/// other process of the same user may look. Sanitizers look themselves.
void keep_memory_private() {
#if !REEVE_SANITIZED
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0) {
    log_warning("core files of this process cannot be ruled out; they would hold secrets");
  }
#endif
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
  keep_memory_private();
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
