#pragma once

// What one loop remembers of the keys that it was shown: the same secret gets the same Principal until its key changes.

#include "identity/hash_cache.h"
#include "identity/identity.h"

namespace reeve::identity {

class KeyRing {
 public:
  explicit KeyRing(KeyTable& table) : table_(&table) {}

  /// Who `secret` belongs to, as the table has it. kUnavailable when that may not be believed: it might accept a key
  /// that was revoked since.
  AuthOutcome authenticate(std::string_view secret);

 private:
  struct Remembered {
    std::shared_ptr<const Principal> principal;
    std::uint64_t version = 0;  // of the table, when this was right
    std::uint64_t stamp = 0;
    std::optional<Instant> revoked;
  };
  const Remembered* look_up(const Sha256& hash);

  static constexpr std::size_t kRememberedMax = 20'000;
  KeyTable* table_;
  HashCache<Remembered> remembered_{kRememberedMax};
};

}  // namespace reeve::identity
