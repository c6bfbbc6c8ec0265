#pragma once

// What the gateway counts, in Prometheus' terms. Counting is lock-free; text() renders everything for /metrics.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/money.h"
#include "core/time.h"
#include "core/token_usage.h"
#include "ledger/ledger.h"
#include "net/net.h"
#include "wire/wire.h"

namespace reeve::gateway {

class Metrics {
 public:
  Metrics();
  ~Metrics();

  /// One model call came to an end. `status` is the ledger's outcome.status.
  void call_ended(wire::Dialect dialect, std::string_view status, Duration total, Duration first_byte);
  void refused(wire::RefusalReason reason);
  void used(std::string_view provider, const TokenUsage& usage, Money cost, bool estimated, bool price_known);
  void authentication_failed(std::string_view why);
  void call_started();  // with call_left: how many are in flight
  void call_left();

  void watch(const net::ServerStats& stats);
  void watch(const ledger::Log& log);
  void watch(const ledger::CosignatureCollector& cosignatures);

  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::gateway
