#pragma once

// The keys that a provider is called with: how each of them stands with the provider, and which one a call takes. Part
// of gateway.h, which includes it.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/secret_text.h"
#include "core/time.h"

namespace reeve::gateway {

struct Provider;

/// How a key stands.
enum class KeyState : std::uint8_t {
  kServes,
  kRests,     // the provider said 429: until its time is over
  kSetAside,  // the provider said 401 or 403: until it takes a call again
};
std::string_view key_state_name(KeyState state);  // "serves", "rests", "set_aside"

/// Why a call takes a key.
enum class KeyUse : std::uint8_t {
  kOrdinary,
  kProbe,       // it was set aside for some time: this one call tries whether it is taken again
  kLastResort,  // no key of the provider serves, and the answer says so better than we could
};

/// How one key stands with its provider: shared by all loops, and by the settings before and after a reload.
/// Thread-safe; a key that serves is asked without a lock.
class KeyHealth {
 public:
  /// Set aside for so long, twice as long each time that a probe fails, before it is tried again.
  static constexpr Duration kAsideFirst = std::chrono::seconds(30);
  static constexpr Duration kAsideMost = std::chrono::minutes(10);
  /// Rests for as long as the provider says, within these; for kRestUnsaid where it does not say.
  static constexpr Duration kRestLeast = std::chrono::seconds(1);
  static constexpr Duration kRestMost = std::chrono::hours(1);
  static constexpr Duration kRestUnsaid = std::chrono::seconds(10);

  /// As an ordinary call would use it, or as the one call that probes it. Nothing: not now. A probe must end with
  /// answered() or unheard().
  std::optional<KeyUse> take(Moment now);
  /// What came of an attempt. `rest`: what the provider said with 429. True when the key is set aside, or serves again,
  /// from now on and was not before.
  bool answered(KeyUse use, int status, std::optional<Duration> rest, Moment now, Instant wall);
  /// An attempt ended without an answer: that says nothing about the key.
  void unheard(KeyUse use);
  /// It was set aside for what every key was refused for: the call was at fault.
  void take_back();

  struct View {
    KeyState state = KeyState::kServes;
    int status = 0;                 // that the provider gave last when it did not take the key
    Instant since;                  // of the state
    std::optional<Duration> until;  // it is tried again
    std::uint64_t attempts = 0, refused = 0, limited = 0;
  };
  View view(Moment now) const;

 private:
  bool set_aside(int status, Moment now, Instant wall);  // with the lock
  bool serve_again(Instant wall);                        // with the lock

  std::atomic<bool> serves_{true};
  std::atomic<std::uint64_t> attempts_{0}, refused_{0}, limited_{0};
  mutable std::mutex mutex_;  // guards what follows
  KeyState state_ = KeyState::kServes;
  bool probing_ = false;
  int status_ = 0, failures_ = 0;
  Instant since_;
  Moment until_{};
};

/// One of a provider's credentials.
struct ProviderKey {
  std::string name;   // empty for the one key of a provider that has a single one
  SecretText secret;  // never logged
  std::uint32_t weight = 1;
  std::uint32_t priority = 1;         // smaller ones are used first
  std::shared_ptr<KeyHealth> health;  // null: it always serves
};

/// The health of every key in use, by provider, name and secret: with another secret a key begins anew. Thread-safe.
class KeyHealthBook {
 public:
  std::shared_ptr<KeyHealth> of(std::string_view provider, const ProviderKey& key);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<KeyHealth>, std::less<>> by_key_;  // those that no settings have any more go
};

struct ChosenKey {
  const ProviderKey* key = nullptr;
  KeyUse use = KeyUse::kOrdinary;
};
/// The hold of one attempt on its key: an attempt that ends without an answer lets go of it.
class KeyAttempt {
 public:
  KeyAttempt() = default;
  KeyAttempt(const KeyAttempt&) = delete;
  KeyAttempt& operator=(const KeyAttempt&) = delete;
  ~KeyAttempt() { let_go(); }
  void begin(ChosenKey chosen) {
    let_go();
    chosen_ = chosen;
    open_ = true;
  }
  /// As KeyHealth::answered().
  bool answered(int status, std::optional<Duration> rest, Moment now, Instant wall) {
    if (!std::exchange(open_, false) || chosen_.key == nullptr || !chosen_.key->health) return false;
    return chosen_.key->health->answered(chosen_.use, status, rest, now, wall);
  }
  const ProviderKey* key() const { return chosen_.key; }
  bool is_open() const { return open_; }

 private:
  void let_go() {
    if (std::exchange(open_, false) && chosen_.key != nullptr && chosen_.key->health) {
      chosen_.key->health->unheard(chosen_.use);
    }
  }
  ChosenKey chosen_;
  bool open_ = false;
};

/// The key for a session's attempt: the one called `stays_with`, if it serves; else of those that serve the first by
/// priority, shared among sessions by weight so that `session`, a hash, has the same one on each node. `tried` are left
/// out. Null when none serves; where none was tried, the one that is to serve next as a last resort.
ChosenKey choose_key(const Provider& provider, std::uint64_t session, std::optional<std::uint64_t> stays_with,
                     std::span<const ProviderKey* const> tried, Moment now);
/// What `stays_with` and SessionPlaces know a key by.
std::uint64_t place_of_key(const Provider& provider, const ProviderKey& key);

/// Whether a provider has a key that serves, or needs none.
bool has_key_that_serves(const Provider& provider, Moment now);

/// What a provider says in `retry-after-ms` or `retry-after` (RFC 9110 section 10.2.3).
std::optional<Duration> said_rest(std::string_view milliseconds, std::string_view retry_after, Instant now);

/// How all keys stand: for /metrics, in Prometheus' form, and for people and programs as JSON.
std::string key_metrics(const std::vector<Provider>& providers, Moment now);
std::string key_report(const std::vector<Provider>& providers, Instant wall, Moment now);
/// How many keys are set aside.
std::size_t keys_set_aside(const std::vector<Provider>& providers, Moment now);

}  // namespace reeve::gateway
