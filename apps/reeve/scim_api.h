#pragma once

// /scim/v2: identity::Scim behind the server. Whoever asks needs a key with the scope scim:read, and scim:write for
// what changes something; tokens of people open nothing here. docs/directory.md describes it.

#include <memory>
#include <string_view>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_callers.h"

namespace reeve::app {

class ScimApi {
 public:
  /// `entries`: null when no directory is in force; every request is told so. Both outlive the API.
  ScimApi(identity::DirectoryStore* entries, ApiCallers& callers);

  static bool serves(std::string_view path) { return path == "/scim/v2" || path.starts_with("/scim/v2/"); }
  Task<void> handle(net::Exchange& exchange);
  /// Ends its thread. Once no exchange is under way.
  void stop() { thread_.stop(); }

 private:
  Task<ApiAnswer> decide(net::Exchange& exchange, std::shared_ptr<const identity::Principal>& who);

  ApiCallers& callers_;
  std::optional<identity::Scim> scim_;
  ApiThread thread_;
};

}  // namespace reeve::app
