#pragma once

// The virtual keys as one loop sees them: a snapshot of the store, by hash of the secret, renewed when the store's
// generation has moved. Comparing secrets in constant time has no place here: what is looked up is a SHA-256, of which
// an attacker cannot choose a prefix to any use.

#include <cstring>
#include <unordered_map>

#include "identity/identity.h"

namespace reeve::identity {

struct HashOfSha256 {
  std::size_t operator()(const Sha256& hash) const {
    std::size_t value = 0;
    std::memcpy(&value, hash.data(), sizeof(value));
    return value;
  }
};

class KeyRing {
 public:
  KeyRing(KeyStore& store, const Clock& clock) : store_(&store), clock_(&clock) {}

  /// Who `secret` belongs to, as of the last change that any process has made. When the store cannot be read the answer
  /// is kUnavailable: an older snapshot might accept a key that was revoked since.
  AuthOutcome authenticate(std::string_view secret);

 private:
  struct Entry {
    std::shared_ptr<const Principal> principal;
    std::optional<Instant> revoked;
  };
  bool bring_up_to_date();

  KeyStore* store_;
  const Clock* clock_;
  std::unordered_map<Sha256, Entry, HashOfSha256> entries_;
  std::optional<std::uint64_t> generation_;  // of entries_; none when there is no usable snapshot
  std::optional<Moment> failed_at_;          // of the last failed read
};

}  // namespace reeve::identity
