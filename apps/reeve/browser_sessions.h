#pragma once

// People who are signed in to the console: their browser has a cookie and nothing else. Its secret stands for a sign-in
// (identity::BrowserGrants), and what it may do is decided from a token of that sign-in, made here and never sent: so
// whatever ends a token ends the browser's session with the same request.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_thread.h"

namespace reeve::app {

/// The value of a cookie, when it looks as ours do: 32 bytes in base64url. Empty otherwise.
std::string cookie_secret(const net::Headers& headers, std::string_view name);

/// Thread-safe. What is given outlives it.
class BrowserSessions {
 public:
  BrowserSessions(identity::BrowserGrants& grants, const identity::OwnTokens& tokens,
                  const identity::KillSwitch& kill_switch, ApiThread& thread)
      : grants_(grants), tokens_(tokens), kill_switch_(kill_switch), thread_(thread) {}

  /// `__Host-`: of this host alone, over TLS, for every path. Without TLS, which is for this machine itself, browsers
  /// take no such name.
  std::string cookie_name() const { return is_secure() ? "__Host-reeve-session" : "reeve-session"; }
  /// The header `set-cookie`. Strict: no other site's link carries it. An empty secret takes the cookie away.
  std::string cookie(const std::string& secret) const;
  /// The secret that a request brought, or empty.
  std::string secret_of(const net::Headers& headers) const { return cookie_secret(headers, cookie_name()); }

  /// Whether another site's page may have made the request: a cookie alone does not say who wanted it.
  bool is_foreign(const net::RequestHead& head) const;

  /// The token to decide by. kDenied when the sign-in has ended.
  Task<Result<std::string>> token(std::string secret, net::Loop& loop);
  /// After signing out.
  void forget(std::string_view secret);
  /// The kill switch's word on a person, or on one of its groups; empty for none. `all` is not asked: somebody has to
  /// be able to switch it off.
  std::string refusal_of(const identity::Principal& person, Instant now) const;

 private:
  struct Remembered {
    std::string token;
    Instant renew_at;
  };
  static constexpr std::size_t kRememberedMax = 10'000;
  bool is_secure() const { return tokens_.issuer().starts_with("https://"); }

  identity::BrowserGrants& grants_;
  const identity::OwnTokens& tokens_;
  const identity::KillSwitch& kill_switch_;
  ApiThread& thread_;
  std::mutex mutex_;
  std::map<Sha256, Remembered> remembered_;
};

}  // namespace reeve::app
