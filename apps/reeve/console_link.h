#pragma once

// The link that signs somebody in to the console where no company's provider is configured: `reeve console` and
// `reeve run` print it.

#include <string>

#include "identity/identity.h"

namespace reeve::app {

/// Whoever may write Reeve's storage may do anything with it, so the person has all of the API where there are no
/// roles. Where there are, the person's decide.
inline identity::Principal console_visitor(const std::string& person) {
  identity::Principal principal;
  principal.id = person;
  principal.scopes = {"control:*"};
  return principal;
}

/// `address`: of the server, "http://127.0.0.1:8484".
inline std::string console_link(const std::string& address, const std::string& secret) {
  return address + "/console/enter?link=" + secret;
}

}  // namespace reeve::app
