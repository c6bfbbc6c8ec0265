#pragma once

// Per-loop state of the gateway: what a call may touch without a lock.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "gateway/check_snapshot.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/stranger_refusals.h"

namespace reeve::gateway {

struct Worker {
  Worker(net::Loop& own_loop, std::unique_ptr<net::Client> to_providers, std::unique_ptr<net::Client> to_issuers,
         std::unique_ptr<identity::Authenticator> authentication, SettingsStore& store, ledger::Log& record,
         Metrics& counters, const GatewayOptions& options)
      : loop(own_loop),
        client(std::move(to_providers)),
        identity_client(std::move(to_issuers)),
        authenticator(std::move(authentication)),
        settings_store(store),
        log(record),
        metrics(counters),
        exception_uses(options.exception_uses),
        sealed_content(options.sealed_content),
        vault(options.vault),
        clock(*options.clock),
        scanner(options.verdicts),
        check_snapshot(options.checks, *options.clock) {}

  net::Loop& loop;
  std::unique_ptr<net::Client> client;           // to providers
  std::unique_ptr<net::Client> identity_client;  // to issuers: shorter patience than a model deserves
  std::unique_ptr<identity::Authenticator> authenticator;
  SettingsStore& settings_store;
  ledger::Log& log;
  Metrics& metrics;
  policy::UseCounter* exception_uses;
  ledger::ContentVault* sealed_content;
  content::Vault* vault;
  const Clock& clock;
  policy::Scratch scratch;  // for decisions
  content::Scanner scanner;

  /// The settings in force: looked up anew only when they changed, so that a call costs no shared reference count.
  const std::shared_ptr<const Settings>& settings() {
    const std::uint64_t generation = settings_store.generation();
    if (!settings_copy || generation != settings_generation) {
      settings_copy = settings_store.current();
      settings_generation = generation;
    }
    return settings_copy;
  }

  /// The named checks that are reported and not too old at `now`, true for green. Valid until the next call.
  const std::map<std::string, bool>& checks(Instant now) { return check_snapshot.at(now); }

  std::shared_ptr<const Settings> settings_copy;
  std::uint64_t settings_generation = 0;
  CheckSnapshot check_snapshot;
  StrangerRefusals strangers;
};

}  // namespace reeve::gateway
