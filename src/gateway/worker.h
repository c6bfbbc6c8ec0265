#pragma once

// Per-loop state of the gateway: what a call may touch without a lock.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/check_snapshot.h"
#include "gateway/gateway.h"
#include "gateway/live_calls.h"
#include "gateway/metrics.h"
#include "gateway/settings_told.h"
#include "gateway/stranger_refusals.h"
#include "gateway/use_claims.h"

namespace reeve::gateway {

struct Worker {
  Worker(net::Loop& own_loop, std::unique_ptr<net::Client> to_providers, std::unique_ptr<net::Client> to_issuers,
         std::unique_ptr<identity::Authenticator> authentication, SettingsStore& store, ledger::Log& record,
         Metrics& counters, const GatewayOptions& options, UseClaims* claims)
      : loop(own_loop),
        client(std::move(to_providers)),
        identity_client(std::move(to_issuers)),
        authenticator(std::move(authentication)),
        agents(options.agents),
        settings_store(store),
        log(record),
        producer(record.producer("worker-" + std::to_string(own_loop.index() + 1))),
        metrics(counters),
        exception_uses(options.exception_uses),
        use_claims(claims),
        sealed_content(options.sealed_content),
        vault(options.vault),
        budgets(options.budgets),
        hold_estimator(options.hold_estimator),
        swaps(options.swaps),
        session_places(options.session_places),
        tell(options.tell),
        tell_settings(options.tell_settings),
        clock(*options.clock),
        live_calls(*options.clock, options.cutoff_tally),
        scanner(options.verdicts),
        kill_switch(options.kill_switch),
        check_snapshot(options.checks, *options.clock) {}

  net::Loop& loop;
  std::unique_ptr<net::Client> client;           // to providers
  std::unique_ptr<net::Client> identity_client;  // to issuers: shorter patience than a model deserves
  std::unique_ptr<identity::Authenticator> authenticator;
  identity::Agents* agents;  // null: none is registered
  SettingsStore& settings_store;
  ledger::Log& log;
  ledger::Producer& producer;  // of what this loop records
  Metrics& metrics;
  policy::UseCounter* exception_uses;
  UseClaims* use_claims;  // null: exception_uses alone counts
  ledger::ContentVault* sealed_content;
  content::Vault* vault;
  spend::Budgets* budgets;
  spend::HoldEstimator* hold_estimator;
  spend::SwapMemory* swaps;
  SessionPlaces* session_places;
  std::function<void(Notice)> tell;
  std::function<void(SettingsSeen)> tell_settings;
  SettingsTold settings_told;
  const Clock& clock;
  LiveCalls live_calls;
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

  /// What is cut off, as of the last change that this process knows of. Valid until the next call.
  const identity::CutoffSet& cutoffs() {
    static const identity::CutoffSet kNone;
    if (kill_switch == nullptr) return kNone;
    const std::uint64_t generation = kill_switch->generation();
    if (!cutoffs_copy || generation != cutoffs_generation) {
      cutoffs_copy = kill_switch->current();
      cutoffs_generation = generation;
    }
    return *cutoffs_copy;
  }
  bool cutoffs_known() const {
    return kill_switch == nullptr || kill_switch->knowledge() == identity::CutoffKnowledge::kKnown;
  }

  /// The named checks that are reported and not too old at `now`, true for green. Valid until the next call.
  const std::map<std::string, bool>& checks(Instant now) { return check_snapshot.at(now); }

  const identity::KillSwitch* kill_switch;
  std::shared_ptr<const identity::CutoffSet> cutoffs_copy;
  std::uint64_t cutoffs_generation = 0;
  /// Header lists keep their memory from call to call: each call makes two.
  net::Headers take_headers() {
    if (spare_headers.empty()) return {};
    net::Headers headers = std::move(spare_headers.back());
    spare_headers.pop_back();
    return headers;
  }
  void give_back_headers(net::Headers headers) {
    constexpr std::size_t kKeptMax = 128;
    if (spare_headers.size() == kKeptMax) return;
    headers.clear();
    spare_headers.push_back(std::move(headers));
  }

  std::vector<net::Headers> spare_headers;
  std::shared_ptr<const Settings> settings_copy;
  std::uint64_t settings_generation = 0;
  CheckSnapshot check_snapshot;
  StrangerRefusals strangers;
};

}  // namespace reeve::gateway
