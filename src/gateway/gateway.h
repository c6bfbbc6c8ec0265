#pragma once

// The gateway: the path of a model call. It composes the other rooms in one readable pipeline (model_call.cpp):
//
//   route -> authenticate -> read -> choose the upstream -> decide -> record intent -> forward -> relay and meter ->
//   record outcome
//
// Nothing leaves before its intent is durable. What is relayed is what the provider sent, byte for byte.
//
// Threads: a Gateway has one worker per loop with its own upstream pool, authenticator and copies of the current
// settings; nothing on the request path is locked. Settings are immutable and swapped whole.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "net/net.h"
#include "policy/policy.h"
#include "spend/spend.h"
#include "wire/wire.h"

namespace reeve::gateway {

// ---- Settings ----

/// A model vendor, or a server of one's own.
struct Provider {
  std::string name;
  std::vector<wire::Dialect> dialects;  // embeddings come with either OpenAI dialect
  net::Url base_url;                    // as the vendor's SDK takes it
  std::string api_key;                  // empty for servers that want none; never logged
  std::string region;
  std::string retention;
  std::string price_provider;  // the price catalogue's id of the vendor
  bool simulated = false;      // the practice model: lists say so
  bool speaks(wire::Dialect dialect) const;
};

/// A name, or a pattern of names, that clients may ask for.
struct Model {
  std::string pattern;                 // glob
  std::vector<std::size_t> providers;  // indexes into Settings::providers, in order of preference
  std::string tier;
};

/// Everything a call is decided by. Immutable once published.
struct Settings {
  std::vector<Provider> providers;
  std::vector<Model> models;  // the first pattern that matches and has a provider for the dialect serves the call
  std::shared_ptr<const policy::Bundle> policy;
  std::shared_ptr<const spend::Catalogue> prices;
  std::shared_ptr<const content::Detectors> detectors;  // null: content is not looked at
  bool record_request_digest = false;                   // ledger content level `hash`
  std::string digest_key;                               // 32 secret bytes for it
};

/// The settings in force, swapped whole. Thread-safe. A loop keeps its copy and asks for the next one only when the
/// generation moved, so the lock is taken as often as rules change.
class SettingsStore {
 public:
  explicit SettingsStore(std::shared_ptr<const Settings> first) : current_(std::move(first)) {}
  std::shared_ptr<const Settings> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void replace(std::shared_ptr<const Settings> next) {
    {
      const std::lock_guard lock(mutex_);
      current_.swap(next);
    }
    generation_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Settings> current_;
  std::atomic<std::uint64_t> generation_{0};
};

// ---- The gateway ----

struct GatewayOptions {
  std::vector<identity::OidcIssuer> issuers;
  net::ClientLimits upstream_limits;
  net::ClientTls upstream_tls;
  policy::UseCounter* exception_uses = nullptr;    // null: exceptions with a limit are never used up
  policy::CheckRegister* checks = nullptr;         // null: no named check is ever reported
  content::VerdictCache* verdicts = nullptr;       // null: every text is scanned every time
  ledger::ContentVault* sealed_content = nullptr;  // null: what calls say is not kept
  content::Vault* vault = nullptr;                 // null: rules that redact with tokens refuse
  const Clock* clock = &system_clock();
};

class Gateway {
 public:
  /// All references must outlive the gateway; the runtime's loops must not have started yet.
  static Result<std::unique_ptr<Gateway>> create(net::Runtime& runtime, SettingsStore& settings, ledger::Log& log,
                                                 identity::KeyStore& keys, GatewayOptions options);
  virtual ~Gateway() = default;

  /// Answers any request: model paths, /healthz, /readyz, /metrics; anything else is 404. One call per exchange, on its
  /// loop.
  virtual Task<void> handle(net::Exchange& exchange) = 0;
  /// From now on /readyz says no, so that a load balancer turns away before the drain. Thread-safe.
  virtual void announce_drain() = 0;
  /// Gives the metrics a server's own counters. Before the loops start.
  virtual void watch(const net::ServerStats& stats) = 0;
};

/// Gives every intent that a crash left without an outcome one with status "unrecorded_end" and an estimated cost.
/// Once, after the log was opened.
void record_interrupted_calls(ledger::Log& log, const Settings& settings, Instant now);

/// The body of an answer that net's server gives by itself, in the dialect of the path.
std::pair<std::string, std::string> refusal_body(int status, std::string_view reason, std::string_view path);

// ---- The practice model ----

/// A provider without a model: speaks all dialects with streaming and tool calls, is deterministic, and says in every
/// answer that it is simulated. For trying Reeve out without a key, for the tour and for tests. See practice/README.md
/// for what it answers to what.
Task<void> answer_practice_call(net::Exchange& exchange);
/// The names it lists on /v1/models.
std::vector<wire::ModelEntry> practice_models();

}  // namespace reeve::gateway
