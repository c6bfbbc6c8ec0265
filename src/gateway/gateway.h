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
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "gateway/provider_keys.h"
#include "gateway/session_places.h"
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
  std::vector<ProviderKey> keys;        // none for servers that want none
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

/// What the inventory says of models, providers and clients. Immutable.
class InventoryStatuses {
 public:
  struct Known {
    std::string pattern;     // "model:claude-*", in small letters
    std::string status;      // "denied"
    bool seen_only = false;  // traffic alone made it: whatever else fits counts before it
  };
  /// Of two with the same pattern the first counts.
  explicit InventoryStatuses(std::vector<Known> known);

  /// The status of what is called so, in whatever case of letters; `kind`: "model", "provider", "client". Empty:
  /// nothing fits. Of several patterns the one that says most counts: without `*` before with one, a longer before a
  /// shorter.
  std::string_view status_of(std::string_view kind, std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> exact_, seen_;
  std::vector<Known> patterns_;  // the longest first
};

/// Everything a call is decided by. Immutable once published.
struct Settings {
  std::vector<Provider> providers;
  std::vector<Model> models;  // the first pattern that matches and has a provider for the dialect serves the call
  std::shared_ptr<const policy::Bundle> policy;
  std::shared_ptr<const spend::Catalogue> prices;
  std::shared_ptr<const spend::BudgetSet> budgets;      // what is to be in force in GatewayOptions::budgets
  std::shared_ptr<const content::Detectors> detectors;  // null: content is not looked at
  std::vector<policy::GivenApproval> approvals;         // that are not over yet; each says for whom and until when
  std::shared_ptr<const InventoryStatuses> inventory;   // null: it could not be read, so nothing is known of anything
  bool steps_down = false;  // a rule or a budget may give a call to a cheaper model: steps_down() of these settings
  bool record_request_digest = false;  // ledger content level `hash`
  std::string digest_key;              // 32 secret bytes for it
};

/// Whether any rule or budget of the settings gives calls to cheaper models.
bool steps_down(const Settings& settings);

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

// ---- What people are told of ----

/// That a counter reached a threshold, or that a budget refused; that a provider refuses a key, or takes it again. The
/// same may be told more than once: of a refusal with each refused call, of a threshold again after a restart. `key` is
/// one for each budget, counter, window and threshold; for each change of a provider's key.
struct Notice {
  std::string key;   // letters, digits, colons, dots and hyphens
  std::string kind;  // "budget.threshold", "budget.exhausted", "provider.key_set_aside", "provider.key_restored"
  Instant time;
  std::string detail;  // canonical JSON: what an entry of the ledger tells
};

// ---- What clients say of their settings ----

/// With which managed settings a session runs, as its client says. Told once for each session and value; again after a
/// restart, and of each loop that the session's calls come to.
struct SettingsSeen {
  std::shared_ptr<const identity::Principal> principal;
  std::string session, client_version;
  std::string checksum;  // "sha256:…"; empty when it says none
};

// ---- What cutoffs did ----

/// How many calls under way each cutoff ended, and how long that took: from the moment of the switch, by the clock of
/// whoever switched, to the last byte that the client was given. Thread-safe.
class CutoffTally {
 public:
  struct Times {
    std::size_t cut = 0;    // calls that were under way
    std::size_t ended = 0;  // of those
    /// How many took so many milliseconds: from -60,000, where clocks differ, to 60,000 and more, so that a cutoff that
    /// ends calls for days takes no more memory than one of a moment.
    std::map<std::int64_t, std::size_t> took;
    /// The smallest time that this share of the calls did not exceed; zero without calls.
    Duration quantile(double share) const;
  };
  void call_cut(const identity::Cutoff& cutoff);
  void call_ended(const identity::Cutoff& cutoff, Instant when);
  Times times_of(std::string_view cutoff) const;

 private:
  static constexpr std::size_t kCutoffsMax = 1'000;
  mutable std::mutex mutex_;
  std::map<std::string, Times, std::less<>> by_cutoff_;
  std::deque<std::string> oldest_first_;  // their ids, in the order in which they first ended a call
};

// ---- The gateway ----

struct GatewayOptions {
  std::vector<identity::OidcIssuer> issuers;
  identity::Directory* directory = nullptr;   // null: credentials are worth what they say
  identity::OwnTokens* own_tokens = nullptr;  // null: nobody signs in here
  identity::Agents* agents = nullptr;         // null: no register of agents is in force
  net::ClientLimits upstream_limits;
  net::ClientTls upstream_tls;
  policy::UseCounter* exception_uses = nullptr;       // null: exceptions with a limit are never used up
  policy::SharedUses* shared_uses = nullptr;          // null: exception_uses alone counts
  policy::CheckRegister* checks = nullptr;            // null: no named check is ever reported
  content::VerdictCache* verdicts = nullptr;          // null: every text is scanned every time
  ledger::ContentVault* sealed_content = nullptr;     // null: what calls say is not kept
  content::Vault* vault = nullptr;                    // null: rules that redact with tokens refuse
  spend::Budgets* budgets = nullptr;                  // null: nothing is limited
  spend::SwapMemory* swaps = nullptr;                 // null: no call is given to a cheaper model
  SessionPlaces* session_places = nullptr;            // null: sessions are not kept with their key
  spend::HoldEstimator* hold_estimator = nullptr;     // null: each call holds the most that it can cost
  const identity::KillSwitch* kill_switch = nullptr;  // null: nothing is ever cut off
  CutoffTally* cutoff_tally = nullptr;                // null: nobody counts
  /// Called on the loops, so it must not wait for anything. Null: nobody is told.
  std::function<void(Notice)> tell;
  /// Likewise of what sessions say of their settings.
  std::function<void(SettingsSeen)> tell_settings;
  /// Further lines of /metrics, in Prometheus' form; thread-safe. Null: none.
  std::function<std::string()> more_metrics;
  const Clock* clock = &system_clock();
};

/// A model call that has not ended, as whoever looks after calls is shown it.
struct CallUnderWay {
  std::string request_id, person, key_id, client, session, agent, parent_agent, provider, model;
  Instant started;
  std::uint64_t answer_bytes = 0;  // that the provider gave so far
  bool answers = false;            // the answer has begun
  bool cut = false;                // it was ended, and says its last words
};

class Gateway {
 public:
  /// All references must outlive the gateway; the runtime's loops must not have started yet.
  static Result<std::unique_ptr<Gateway>> create(net::Runtime& runtime, SettingsStore& settings, ledger::Log& log,
                                                 identity::KeyTable& keys, GatewayOptions options);
  virtual ~Gateway() = default;

  /// Answers any request: model paths, /healthz, /readyz, /metrics; anything else is 404. One call per exchange, on its
  /// loop.
  virtual Task<void> handle(net::Exchange& exchange) = 0;
  /// Ends the calls under way that these cover, on every loop, within a second: in the form in which their clients show
  /// the reason, with the connection to the provider closed. Whoever renews GatewayOptions::kill_switch calls this
  /// afterwards. Thread-safe; returns before it is done.
  virtual void end_calls(std::shared_ptr<const identity::CutoffSet> cutoffs) = 0;
  /// For a drill: calls without a client and without a provider, which the drill's scope covers and only practice
  /// cutoffs end. Spread over the loops; they end by themselves after kDrillLasts. Thread-safe.
  virtual void start_practice_streams(const identity::Drill& drill) = 0;
  /// What is under way on all loops, practice streams aside; blocks until each loop has answered, for some seconds at
  /// most. Thread-safe, but not from a loop.
  virtual std::vector<CallUnderWay> calls_under_way() = 0;
  /// From now on /readyz says no, so that a load balancer turns away before the drain. Thread-safe.
  virtual void announce_drain() = 0;
  /// Gives the metrics a server's own counters. Before the loops start.
  virtual void watch(const net::ServerStats& stats) = 0;
  /// The same of how it stands with witnesses, which /readyz does not depend on.
  virtual void watch(const ledger::CosignatureCollector& cosignatures) = 0;
};

/// Who numbers what the service itself records; each of the gateway's loops is a producer "worker-N" of its own.
inline constexpr std::string_view kServiceProducer = "service";

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
