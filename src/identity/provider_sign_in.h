#pragma once

// A person signs in with the company's provider: the code flow of OpenID Connect, with PKCE and a nonce, as a client of
// that provider. Part of identity.h.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::identity {

/// One per loop, used on its thread only.
class ProviderSignIn {
 public:
  /// Issuers without a client_id are left out. `client` outlives it and belongs to the same loop.
  static std::unique_ptr<ProviderSignIn> create(const std::vector<OidcIssuer>& issuers, const Clock& clock,
                                                net::Client& client);
  virtual ~ProviderSignIn() = default;

  /// Where the browser goes. `verifier` and `nonce` are the caller's to remember until it comes back.
  struct Departure {
    std::string redirect_uri, state, nonce, verifier;
  };
  virtual Task<Result<std::string>> departure_address(std::string issuer, Departure departure) = 0;

  /// Who came back with `code`, verified: that the answer is this provider's, where it says that its answers name it
  /// (RFC 9207); the ID token's signature, issuer, audience, times and nonce; groups from the userinfo endpoint where
  /// the issuer is configured so. kDenied with a sentence for the person otherwise, and
  /// kUnavailable when the provider cannot be reached.
  struct Arrival {
    std::string code, redirect_uri, nonce, verifier;
    std::string answered_by;  // `iss` of the answer; empty: it has none
  };
  virtual Task<Result<Principal>> arrive(std::string issuer, Arrival arrival) = 0;
};

}  // namespace reeve::identity
