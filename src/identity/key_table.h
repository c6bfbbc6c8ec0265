#pragma once

// The virtual keys in memory, once for all loops: by the hash of the secret, kept up to date by what changed. Part of
// the identity room's face. A million keys take some 130 MB: names, groups and scopes are kept once, however many keys
// have them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/result.h"
#include "core/time.h"

namespace reeve::identity {

class KeyStore;
struct Principal;

/// Lists of names as stores keep them, with the key that has them: a JSON array. None for what is not one.
std::string names_to_json(const std::vector<std::string>& names);
std::optional<std::vector<std::string>> names_from_json(std::string_view text);

/// A key as stores read it in large numbers. Views are valid during the call.
struct KeyRow {
  std::string_view id, owner, team, type;
  Sha256 secret_hash{};
  std::string_view groups, scopes;  // as names_to_json() has them
  Instant created;
  std::optional<Instant> expires, revoked;
};

/// Takes what KeyStore::read_changes() finds: the present state of each key, so taking one twice does no harm.
class KeyReader {
 public:
  virtual ~KeyReader() = default;
  /// Comes first when everything follows, instead of what changed.
  virtual void forget_all() = 0;
  /// kCorrupt for a row that is damaged: reading ends with that.
  virtual Result<void> key(const KeyRow& row) = 0;
};

/// Thread-safe.
class KeyTable {
 public:
  struct Options {
    const Clock* clock = &system_clock();
    /// Whoever asks for a key reads first what changed. False where reading may wait for a network: whoever follows the
    /// store calls look(), and what is in memory serves until then.
    bool reads_on_demand = true;
    /// How long what is in memory serves while a shared database is away.
    Duration serves_unconfirmed = std::chrono::seconds(15);
  };
  /// The store outlives it. Nothing is read yet.
  KeyTable(KeyStore& store, Options options);
  ~KeyTable();
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  /// Reads what changed. When the store cannot be read: with reads_on_demand no key serves until it can, because one
  /// might be revoked; else what is in memory serves for serves_unconfirmed.
  Result<void> look();
  /// Told of each key that ends, or is gone, after the first look. On whatever thread saw it, also a loop's: must not
  /// block. Before the first look.
  using EndListener = std::function<void(std::string_view key_id, std::optional<Instant> revoked)>;
  void on_end(EndListener listener) { listener_ = std::move(listener); }

  /// Whether find() may be believed now; reads what changed where that is done on demand.
  bool serves_now();
  /// Moves when find() may answer otherwise; without a system call.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  struct Found {
    std::uint64_t stamp = 0;  // of this state of the key; 0: there is no such key
    /// Null when the stamp is the one that is known already.
    std::shared_ptr<const Principal> principal;
    std::optional<Instant> revoked;
  };
  /// The key whose secret has that hash. Comparing in constant time has no place here: what is looked up is a SHA-256,
  /// of which an attacker cannot choose a prefix to any use.
  Found find(const Sha256& hash, std::uint64_t known_stamp = 0) const;
  std::size_t size() const;

  const Clock& clock() const { return *options_.clock; }

 private:
  class State;
  class Intake;
  bool is_current() const;
  Result<void> read();

  KeyStore& store_;
  const Options options_;
  EndListener listener_;

  std::mutex reading_;  // one reads the store at a time
  std::uint64_t read_until_ = 0;
  std::atomic<std::int64_t> failed_at_{0};  // of the steady clock; 0: the last read went well
  std::atomic<std::int64_t> failing_since_{0};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> usable_{false};
  std::atomic<std::uint64_t> version_{1};

  mutable std::shared_mutex mutex_;  // guards state_
  std::unique_ptr<State> state_;
};

}  // namespace reeve::identity
