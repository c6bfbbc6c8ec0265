#pragma once

// A sign-in as a browser holds it. Part of identity.h.
//
// The console's pages hold no token, only a cookie. Its secret stands for the sign-in and never changes, so that pages
// that ask at the same time do not end each other; what it may do is asked of the sign-in each time. And links that
// sign somebody in, for machines where no company's provider is configured.

#include <string>
#include <string_view>

#include "identity/identity.h"
#include "identity/sign_in.h"

namespace reeve::identity {

/// Thread-safe; every function blocks. What is given outlives it.
class BrowserGrants {
 public:
  BrowserGrants(GrantStore& store, const OwnTokens& tokens, Grants& grants, const Clock& clock)
      : store_(store), tokens_(tokens), grants_(grants), clock_(clock) {}

  /// The secret for a cookie, good as long as the sign-in, which has just begun.
  Result<std::string> begin(const SignInSession& session);
  /// An access token for what a browser asks now. kDenied when its sign-in has ended, or there was none.
  Result<OwnTokens::Made> token(std::string_view secret);
  /// The sign-in that a browser holds ends. False when it had ended before.
  Result<bool> end(std::string_view secret, std::string_view why);

  static constexpr Duration kLinkLives = std::chrono::minutes(10);
  /// Whom a link signs in. kNotFound when it was used, has expired or was never made.
  Result<Principal> find_link(std::string_view secret);
  /// Gives an authorization code for it, once: kNotFound as above. `purpose` has the code's client, address and
  /// challenge.
  Result<std::string> take_link(std::string_view secret, const Purpose& purpose);

 private:
  GrantStore& store_;
  const OwnTokens& tokens_;
  Grants& grants_;
  const Clock& clock_;
};

/// Makes the secret of a link that signs `person` in, once and within BrowserGrants::kLinkLives. For a command beside
/// the server: whoever may write its storage could be anybody anyway.
Result<std::string> make_sign_in_link(GrantStore& store, const Principal& person, Instant now);

}  // namespace reeve::identity
