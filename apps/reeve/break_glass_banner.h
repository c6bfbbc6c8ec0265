#pragma once

// That a broken seal's key is good at this moment, where people and their monitors look: /healthz and the log.

#include <atomic>
#include <optional>
#include <string>

#include "identity/identity.h"

namespace reeve::app {

class BreakGlassBanner {
 public:
  /// Looks once.
  explicit BreakGlassBanner(identity::BreakGlassStore& store);

  /// About once a second, on one thread.
  void look(Instant now);
  /// For /healthz; empty while the seal is whole. Who and why is not for everybody who can reach the port.
  std::string line() const;

 private:
  identity::BreakGlassStore& store_;
  std::atomic<std::int64_t> open_until_{0};  // nanoseconds since 1970; 0: closed
};

/// Whether the key of a seal is good at that moment.
bool is_open_at(const identity::BreakGlassSeal& seal, Instant now);

}  // namespace reeve::app
