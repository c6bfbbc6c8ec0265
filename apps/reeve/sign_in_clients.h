#pragma once

// The programs that may ask for a sign-in, and where they may be sent an authorization code. This list is all there is:
// nobody registers at run time.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.h"

namespace reeve::app {

struct SignInClient {
  std::string_view id;          // empty: a program that sends none (RFC 8628 leaves it to public clients)
  std::string_view name;        // for people
  bool takes_loopback = false;  // RFC 8252 section 7.3: any port of this machine
  bool is_console = false;      // our own pages: redirect is below the public address; from there nobody is asked twice
  std::string_view surface = {};  // how a program names itself that sends no client_id
  bool shares_tokens = false;     // ClientTraits::shares_tokens
};
inline constexpr std::array kSignInClients = {
    SignInClient{"", "A program"},
    SignInClient{"reeve-cli", "The reeve command", true},
    SignInClient{identity::kClaudeCodeClient, "Claude Code", false, false, "claude_code", true},
    SignInClient{"console", "The Reeve console", false, true},
};

/// Null when there is none of that id.
inline const SignInClient* find_sign_in_client(std::string_view id) {
  const auto* const found = std::find_if(kSignInClients.begin(), kSignInClients.end(),
                                         [&](const SignInClient& client) { return client.id == id; });
  return found == kSignInClients.end() ? nullptr : found;
}

/// Who asks for a device code: by its client_id or, without one, by its surface. Null for an unknown client_id.
inline const SignInClient* find_device_client(std::string_view id, std::string_view surface) {
  const auto* const by_surface =
      std::find_if(kSignInClients.begin(), kSignInClients.end(),
                   [&](const SignInClient& client) { return !surface.empty() && client.surface == surface; });
  return id.empty() && by_surface != kSignInClients.end() ? by_surface : find_sign_in_client(id);
}

/// What of the list the grants have to know.
inline std::vector<identity::ClientTraits> client_traits() {
  std::vector<identity::ClientTraits> traits;
  for (const SignInClient& client : kSignInClients) {
    if (client.surface.empty() && !client.shares_tokens) continue;
    traits.push_back({std::string(client.id), !client.surface.empty(), client.shares_tokens});
  }
  return traits;
}

/// http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback, to the letter.
inline bool is_loopback_redirect(std::string_view address) {
  for (const std::string_view host : {"http://127.0.0.1:", "http://[::1]:"}) {
    if (!address.starts_with(host)) continue;
    const std::string_view rest = address.substr(host.size());
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    return digits >= 1 && digits <= 5 && rest.substr(digits) == "/callback";
  }
  return false;
}

inline bool may_redirect(const SignInClient& client, std::string_view address, const std::string& public_url) {
  if (client.is_console) return address == public_url + "/console/sign-in";
  return client.takes_loopback && is_loopback_redirect(address);
}

}  // namespace reeve::app
