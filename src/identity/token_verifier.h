#pragma once

// The decision about one OIDC token, with what is known on this loop: remembered tokens and the issuers' keys.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "identity/hash_cache.h"
#include "identity/issuer_keys.h"
#include "identity/refusal.h"

namespace reeve::identity {

class TokenVerifier {
 public:
  static constexpr std::size_t kRememberedMax = 10'000;  // good tokens, per loop
  static constexpr std::size_t kRefusedMax = 4096;       // bad ones, apart, so that a flood drives out no good one
  static constexpr Duration kRememberFor = std::chrono::minutes(5);
  static constexpr Duration kRefuseFor = std::chrono::seconds(10);

  TokenVerifier(std::vector<OidcIssuer> issuers, const Clock& clock, net::Client& client);
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;
  ~TokenVerifier();

  struct Step {
    std::optional<AuthOutcome> outcome;
    std::shared_ptr<IssuerKeys> wait_for;  // without an outcome: await its refresh(), then decide again
  };
  Step decide(std::string_view token);

  std::size_t remembered() const { return accepted_.size(); }
  std::size_t refused() const { return refused_.size(); }

 private:
  /// What a decision rested on; it is forgotten when the time is up, the clock stepped back, or the keys are others.
  struct Basis {
    std::shared_ptr<const IssuerKeys> issuer;  // null when no key was involved
    std::uint64_t version = 0;
    Instant since;
    Instant until;
  };
  struct Accepted {
    Basis basis;
    std::shared_ptr<const Principal> principal;
  };
  struct Refused {
    Basis basis;
    Refusal refusal;
  };

  bool holds(const Basis& basis) const;
  std::optional<AuthOutcome> recall(const Sha256& hash);
  Step refuse(const Sha256& hash, Refusal refusal, std::shared_ptr<const IssuerKeys> issuer);
  Step check_signature(const Sha256& hash, const Jwt& jwt, std::shared_ptr<IssuerKeys> issuer,
                       std::shared_ptr<const Principal> principal);

  std::vector<std::shared_ptr<IssuerKeys>> issuers_;
  const Clock* clock_;
  HashCache<Accepted> accepted_{kRememberedMax};
  HashCache<Refused> refused_{kRefusedMax};
};

}  // namespace reeve::identity
