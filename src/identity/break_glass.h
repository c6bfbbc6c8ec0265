#pragma once

// Break-glass: one sealed code, made in quiet times, that opens an administrator's key for an hour when nobody who may
// can. Part of the identity room's face; docs/roles.md says how to keep it. Opening is loud: the ledger, every
// notification and every status tell of it.

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace reeve::identity {

class KeyStore;

inline constexpr int kBreakGlassFailuresMax = 5;

/// What is kept of a seal. The code itself is nowhere.
struct BreakGlassSeal {
  std::int64_t number = 0;
  std::string salt, code_hash;
  std::string sealed_by;
  Instant sealed_at;
  int failures = 0;  // codes that were wrong
  std::optional<Instant> opened_at;
  std::string opened_by, reason, key_id;
  std::optional<Instant> expires;  // of the key
};

/// What the ledger and notifications tell of a step.
struct BreakGlassEvent {
  std::string kind;    // "break_glass.sealed", ".opened", ".refused"
  std::string detail;  // canonical JSON
};

/// Port: implemented by the store; thread-safe. Each call is one transaction with what it tells.
class BreakGlassStore {
 public:
  virtual ~BreakGlassStore() = default;
  /// A new seal; those of before open nothing any more.
  virtual Result<void> seal(const BreakGlassSeal& seal, const BreakGlassEvent& event) = 0;
  /// The newest; nothing when there never was one.
  virtual Result<std::optional<BreakGlassSeal>> newest() = 0;
  /// Marks it as opened: opened_at, opened_by, reason and expires. kConflict when somebody did meanwhile, when there is
  /// a newer one, or when it has kBreakGlassFailuresMax failures.
  virtual Result<void> open(const BreakGlassSeal& seal, const BreakGlassEvent& event) = 0;
  virtual Result<void> count_failure(std::int64_t number, const BreakGlassEvent& event) = 0;
};

inline constexpr Duration kBreakGlassLongest = std::chrono::hours(1);
/// The owner of such keys. Nobody else's name.
inline constexpr std::string_view kBreakGlassOwner = "break-glass";

/// Makes a code and keeps its slow hash. The code is returned once and never kept.
Result<std::string> seal_break_glass(BreakGlassStore& store, std::string_view by, Instant now);

struct OpenedGlass {
  std::string secret;  // of the key: shown once
  std::string key_id;
  Instant expires;
};
/// Breaks the seal: a key with the scopes of an administrator, for `time_to_live` at most kBreakGlassLongest. kDenied
/// for a wrong code (after kBreakGlassFailuresMax of them the seal is void), a seal that was broken, or none.
Result<OpenedGlass> open_break_glass(BreakGlassStore& store, KeyStore& keys, std::string_view code, std::string_view by,
                                     std::string_view reason, Duration time_to_live, Instant now);

}  // namespace reeve::identity
